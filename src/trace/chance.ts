/** Every outcome of a walk that chance decides, by walking anew for each choice: what asks for a choice knows of only one. */

/** Given to one walk. */
export interface Chance {
  /** An index into `weights`, chosen with the share that its weight has of all. */
  choose(weights: readonly number[]): number;
}

interface Choice {
  readonly weights: readonly number[];
  taken: number;
}

/** Calls `walk` once for each combination of choices; the probabilities of all results add up to 1. */
export function outcomes<T>(walk: (chance: Chance) => T): { readonly probability: number; readonly result: T }[] {
  const found: { probability: number; result: T }[] = [];
  const choices: Choice[] = [];
  do {
    let next = 0;
    const result = walk({
      choose: weights => {
        const choice = (choices[next++] ??= { weights, taken: 0 });
        return choice.taken;
      },
    });
    found.push({ probability: choices.reduce((product, choice) => product * share(choice), 1), result });
  } while (advance(choices));
  return found;
}

function share({ weights, taken }: Choice): number {
  return weights[taken]! / weights.reduce((sum, weight) => sum + weight, 0);
}

/** To the next combination: the last choice that has another goes on, those after it are made anew. */
function advance(choices: Choice[]): boolean {
  while (choices.length && choices.at(-1)!.taken + 1 === choices.at(-1)!.weights.length) choices.pop();
  const last = choices.at(-1);
  if (last) last.taken++;
  return last !== undefined;
}
