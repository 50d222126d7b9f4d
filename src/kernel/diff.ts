/** The ordered operations that turn observed into desired state. Knows kinds only by what they declare. */

import { equal, key as keyOf, kindOf, needs, ours, RANK } from './kinds.js';
import type { KernelObject, KernelState, Operation } from './port.js';

export interface DiffOptions {
  /** False: what is there and not desired stays. Otherwise it goes, when it is ours. */
  readonly remove?: boolean;
}

/** The operations that make `desired` of `observed`; what is not ours is never removed. */
export function diff(desired: KernelState, observed: KernelState, { remove = true }: DiffOptions = {}): Operation[] {
  const pairs: Pair[] = [];
  for (const [key, wanted] of desired) pairs.push({ key, wanted, present: observed.get(key) });
  for (const [key, present] of observed) if (!desired.has(key)) pairs.push({ key, wanted: undefined, present });
  const changed = remove ? pairs : pairs.filter(({ wanted }) => wanted);
  return steps(changed, pairs).map(({ verb, object, present }) => ({ verb, object, present }));
}

/** What is wanted and what is there under one key. */
export interface Pair {
  readonly key: string;
  readonly wanted: KernelObject | undefined;
  readonly present: KernelObject | undefined;
}

export interface Step<P extends Pair = Pair> extends Operation {
  readonly pair: P;
}

/**
 * In three parts: first what must go before anything can come (elements, whose successors may overlap them, and what
 * cannot be changed in place, with all that needs it); then additions and replacements, each after what it needs;
 * at last the other removals, each before what it needed. The cost follows the number of `changed`;
 * only when something must be made anew, `all` pairs are looked at for what needs it.
 */
export function steps<P extends Pair>(changed: Iterable<P>, all: Iterable<P>): Step<P>[] {
  const before = new Ranked<P>();
  const puts = new Ranked<P>();
  const after = new Ranked<P>();
  const renewed: P[] = [];
  for (const pair of changed) {
    const { wanted, present } = pair;
    if (wanted === present) continue;
    if (!wanted) {
      if (ours(present!)) (kindOf(present!).removeFirst ? before : after).add('delete', present!, pair);
    } else if (!present) puts.add('add', wanted, pair);
    else if (!equal(wanted, present)) {
      if (kindOf(wanted).replaceable?.(wanted, present) === false) renewed.push(pair);
      else puts.add('replace', wanted, pair);
    }
  }
  if (renewed.length) renew(renewed, all, before, puts, after);
  return before.removals().concat(puts.additions(), after.removals());
}

/** Rare (an upgrade that changed a set's type, say), so it may look at the whole state. */
function renew<P extends Pair>(
  renewed: readonly P[],
  all: Iterable<P>,
  before: Ranked<P>,
  puts: Ranked<P>,
  after: Ranked<P>,
) {
  const gone = dependents(renewed, all);
  for (const steps of [before, puts, after]) steps.drop(gone);
  for (const pair of gone) {
    const { wanted, present } = pair;
    // What is neither ours nor wanted (the kernel's own route on a link) goes by itself.
    if (wanted || ours(present!)) before.add('delete', present!, pair);
    if (wanted) puts.add('add', wanted, pair);
  }
}

/** The given pairs and all whose present object needs theirs, directly or not. */
function dependents<P extends Pair>(pairs: readonly P[], all: Iterable<P>): ReadonlySet<P> {
  const needers = new Map<string, P[]>();
  for (const pair of all) {
    for (const need of pair.present ? needs(pair.present) : []) {
      const known = needers.get(need);
      if (known) known.push(pair);
      else needers.set(need, [pair]);
    }
  }
  const found = new Set(pairs);
  // A set grows while it is walked: what was found last is looked at, too.
  for (const { key } of found) for (const needer of needers.get(key) ?? []) found.add(needer);
  return found;
}

/** Steps by the rank of their kind, and within a kind each after those that it needs; otherwise as they came. */
class Ranked<P extends Pair> {
  readonly #ranks: Step<P>[][] = Array.from({ length: RANK.size }, () => []);

  add(verb: Operation['verb'], object: KernelObject, pair: P): void {
    this.#ranks[RANK.get(object.kind)!]!.push({ verb, object, present: pair.present, pair });
  }

  drop(pairs: ReadonlySet<P>): void {
    for (const [i, steps] of this.#ranks.entries()) this.#ranks[i] = steps.filter(({ pair }) => !pairs.has(pair));
  }

  additions(): Step<P>[] {
    return this.#ranks.flatMap(group => {
      const first = group[0];
      if (!first) return group;
      const { kind, after } = kindOf(first.object);
      return after.includes(kind) ? byNeed(group) : group;
    });
  }

  removals(): Step<P>[] {
    return this.additions().reverse();
  }
}

/** Depth first; in a circle of needs the first met comes last. */
function byNeed<P extends Pair>(group: readonly Step<P>[]): Step<P>[] {
  const byKey = new Map(group.map(step => [keyOf(step.object), step]));
  const out = new Set<Step<P>>();
  const visited = new Set<string>();
  const visit = (key: string): void => {
    const step = byKey.get(key);
    if (!step || visited.has(key)) return;
    visited.add(key);
    for (const need of needs(step.object)) visit(need);
    out.add(step);
  };
  for (const key of byKey.keys()) visit(key);
  return [...out];
}
