/** The ordered operations that turn observed into desired state. Knows kinds only by what they declare. */

import { equal, key as keyOf, kindOf, needs, ours, RANK } from './kinds.js';
import type { KernelObject, KernelState, Operation } from './port.js';

export interface DiffOptions {
  /** False: what is there and not desired stays. Otherwise it goes, when it is ours. */
  readonly remove?: boolean;
  /** Only these keys have changed; left out: all keys of both. The cost follows their number. */
  readonly keys?: Iterable<string>;
}

/**
 * In three parts: first what must go before anything can come (elements, whose successors may overlap them, and what
 * cannot be changed in place, with all that needs it); then additions and replacements, each after what it needs;
 * at last the other removals, each before what it needed.
 */
export function diff(desired: KernelState, observed: KernelState, options: DiffOptions = {}): Operation[] {
  const { remove = true, keys = union(desired, observed) } = options;
  const puts: Operation[] = [];
  const renewed: string[] = [];
  const before: KernelObject[] = [];
  const after: KernelObject[] = [];
  for (const key of keys) {
    const wanted = desired.get(key);
    const present = observed.get(key);
    if (!wanted) {
      if (present && remove && ours(present)) (kindOf(present).removeFirst ? before : after).push(present);
    } else if (!present) puts.push({ verb: 'add', object: wanted });
    else if (!equal(wanted, present)) {
      if (kindOf(wanted).replaceable?.(wanted, present) === false) renewed.push(key);
      else puts.push({ verb: 'replace', object: wanted });
    }
  }
  if (renewed.length === 0) return [...deletes(before), ...additions(puts), ...deletes(after)];
  return renew({ desired, observed, renewed, puts, removals: [...before, ...after] });
}

interface Renewal {
  readonly desired: KernelState;
  readonly observed: KernelState;
  readonly renewed: readonly string[];
  readonly puts: readonly Operation[];
  readonly removals: readonly KernelObject[];
}

/** Rare (an upgrade that changed a set's type, say), so it may look at the whole state. */
function renew({ desired, observed, renewed, puts, removals }: Renewal): Operation[] {
  const gone = dependents(observed, renewed);
  const again = [...gone].flatMap(key => desired.get(key) ?? []);
  // What is neither ours nor wanted (the kernel's own route on a link) goes by itself.
  const first = [...gone].filter(key => desired.has(key) || ours(observed.get(key)!)).map(key => observed.get(key)!);
  const others = removals.filter(object => !gone.has(keyOf(object)));
  const early = (object: KernelObject) => kindOf(object).removeFirst === true;
  return [
    ...deletes([...first, ...others.filter(early)]),
    ...additions([
      ...puts.filter(({ object }) => !gone.has(keyOf(object))),
      ...again.map((object): Operation => ({ verb: 'add', object })),
    ]),
    ...deletes(others.filter(object => !early(object))),
  ];
}

/** The given keys and all that needs them, directly or not. */
function dependents(state: KernelState, keys: readonly string[]): Set<string> {
  const needers = new Map<string, string[]>();
  for (const [key, object] of state) {
    for (const need of needs(object)) {
      const known = needers.get(need);
      if (known) known.push(key);
      else needers.set(need, [key]);
    }
  }
  const found = new Set(keys);
  // A set grows while it is walked: what was found last is looked at, too.
  for (const key of found) for (const needer of needers.get(key) ?? []) found.add(needer);
  return found;
}

function additions(operations: readonly Operation[]): Operation[] {
  return inOrder(operations, operation => operation.object);
}

function deletes(objects: readonly KernelObject[]): Operation[] {
  const operations = objects.map((object): Operation => ({ verb: 'delete', object }));
  return inOrder(operations, operation => operation.object).reverse();
}

/** By rank of kind, and within a kind each after those that it needs; otherwise as they came. */
function inOrder<T>(items: readonly T[], object: (item: T) => KernelObject): T[] {
  const ranks: T[][] = Array.from({ length: RANK.size }, () => []);
  for (const item of items) ranks[RANK.get(object(item).kind)!]!.push(item);
  return ranks.flatMap(group => {
    const first = group[0];
    if (!first) return [];
    const { kind, after } = kindOf(object(first));
    return after.includes(kind) ? byNeed(group, object) : group;
  });
}

/** Depth first; in a circle of needs the first met comes last. */
function byNeed<T>(group: readonly T[], object: (item: T) => KernelObject): T[] {
  const byKey = new Map(group.map(item => [keyOf(object(item)), item]));
  const out = new Set<T>();
  const visited = new Set<string>();
  const visit = (key: string): void => {
    const item = byKey.get(key);
    if (!item || visited.has(key)) return;
    visited.add(key);
    for (const need of needs(object(item))) visit(need);
    out.add(item);
  };
  for (const key of byKey.keys()) visit(key);
  return [...out];
}

function* union(desired: KernelState, observed: KernelState): Iterable<string> {
  yield* desired.keys();
  for (const key of observed.keys()) if (!desired.has(key)) yield key;
}
