/** The way of a packet through one base chain and those it leads to. Knows verdicts, not what makes a rule match. */

import type { NftChain } from '../kernel/nft-objects.js';
import { CannotTell } from './cannot-tell.js';
import type { Passage } from './fields.js';
import { type Journey, type Over, over } from './journey.js';
import { evaluate, type Said } from './statements.js';

/** NFT_JUMP_STACK_SIZE of net/netfilter/nf_tables.h. */
const DEEPEST = 16;

/** Undefined: the packet goes on to what else is at the hook. */
export function runBaseChain(journey: Journey, passage: Passage, chain: NftChain): Over | undefined {
  const { verdict, as, by, cause } = run(journey, passage, chain, 0);
  if (verdict === 'accept') return undefined;
  if (verdict === 'reject') return over('refused', `with ${as} by ${by}`, cause);
  if (verdict === 'drop') return over('dropped', `by ${by}`, cause);
  if (chain.base!.policy !== 'drop') return undefined;
  journey.say(passage.place, 'rule', `chain ${chain.name}`, 'policy drop');
  return over('dropped', `by the policy of chain ${chain.name}`);
}

interface Result extends Pick<Said, 'as' | 'cause'> {
  /** 'none': the chain's end was reached. Who jumped here goes on then, who went here by `goto` does not. */
  readonly verdict: 'accept' | 'drop' | 'reject' | 'none';
  /** The rules that led to it. */
  readonly by: string;
}

function run(journey: Journey, passage: Passage, chain: NftChain, depth: number): Result {
  for (const [i, rule] of chain.rules.entries()) {
    const by = `${chain.name} rule ${i + 1}${rule.cause === undefined ? '' : ` (${rule.cause})`}`;
    const said = understand(by, () => evaluate(journey, passage, chain, rule));
    if (!said) continue;
    const { verdict, as, cause } = said;
    if (verdict === 'return') break;
    if (verdict !== 'jump' && verdict !== 'goto') return { verdict, as, by, cause: cause ?? rule.cause };
    const next = passage.place.kernel.chain(chain, said.chain!);
    if (!next || depth === DEEPEST) throw new CannotTell(`${by}: no way to chain ${said.chain}`);
    const result = run(journey, passage, next, depth + 1);
    // The element of a map names an object, which the rules that many of them share cannot.
    if (result.verdict !== 'none') return { ...result, by: `${by} → ${result.by}`, cause: cause ?? result.cause };
    if (verdict === 'goto') break;
  }
  return { verdict: 'none', by: '' };
}

/** What is not understood is told with the chain and the rule where it was met. */
function understand<T>(by: string, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    throw error instanceof CannotTell ? new CannotTell(`${by}: ${error.message}`) : error;
  }
}
