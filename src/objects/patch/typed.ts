/** Objects as trees of owned parts: what the schema makes a leaf and what it takes apart, and comparing, merging and pruning on that ground (structured merge). */
import { canonicalText, equal, isObject, type JsonObject, own } from '../json.js';
import { any, type Schema } from '../schema.js';
import { FieldSet } from './field-set.js';

interface Part {
  readonly schema: Schema;
  readonly value: unknown;
}

const ANY = any();
const NO_PARTS: ReadonlyMap<string, Part> = new Map();

/** The separately owned parts of a value by their step; undefined when it is owned as a whole. */
function partsOf(schema: Schema, value: unknown): ReadonlyMap<string, Part> | undefined {
  if (isObject(value)) {
    if ((schema.type === 'object' || schema.type === 'dict') && schema.atomic) return undefined;
    if (schema.type !== 'object' && schema.type !== 'dict' && schema.type !== 'any') return undefined;
    return new Map(
      Object.entries(value).map(([key, item]) => [`f:${key}`, { schema: fieldOf(schema, key), value: item }]),
    );
  }
  if (!Array.isArray(value) || schema.type !== 'list' || schema.list === 'atomic') return undefined;
  const parts = new Map<string, Part>();
  for (const item of value) {
    const step = stepOf(schema, item);
    const seen = parts.get(step);
    // Items that share their keys can only be owned together.
    parts.set(step, seen ? { schema: ANY, value: [seen.value, item] } : { schema: schema.item, value: item });
  }
  return parts;
}

function fieldOf(schema: Schema, key: string): Schema {
  if (schema.type === 'dict') return schema.value;
  return schema.type === 'object' && Object.hasOwn(schema.fields, key) ? schema.fields[key]! : ANY;
}

/** How a list's item is found: by its value, or by its keys with their defaults. */
function stepOf(schema: Schema & { type: 'list' }, item: unknown): string {
  if (schema.list === 'set' || !isObject(item)) return `v:${canonicalText(item)}`;
  const keys = schema.keys.map(key => [key, own(item, key) ?? fieldOf(schema.item, key).default ?? null] as const);
  return `k:${canonicalText(Object.fromEntries(keys))}`;
}

/** Is this a part with a name, declared by its type? Such parts are not members themselves, only what is below them. */
const isDeclared = (schema: Schema, step: string): boolean =>
  schema.type === 'object' && Object.hasOwn(schema.fields, step.slice(2));

/** The fields that an applied object speaks of. */
export function fieldSetOf(schema: Schema, value: unknown): FieldSet {
  const parts = partsOf(schema, value);
  if (!parts) return FieldSet.of(true, new Map());
  const children = new Map<string, FieldSet>();
  for (const [step, part] of parts) {
    const below = fieldSetOf(part.schema, part.value);
    // What was set to be empty is owned, or applying it again would set it again.
    const empty = partsOf(part.schema, part.value)?.size === 0;
    children.set(step, FieldSet.of(below.member || empty || !isDeclared(schema, step), below.children));
  }
  return FieldSet.of(false, children);
}

export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

const LEAF = FieldSet.of(true, new Map());
const NONE = FieldSet.EMPTY;
const SAME: Comparison = { added: NONE, removed: NONE, modified: NONE };

/** Which fields one object has and the other has not, and which differ. */
export function compare(schema: Schema, before: unknown, after: unknown): Comparison {
  if (before === after) return SAME;
  const [old, next] = [partsOf(schema, before), partsOf(schema, after)];
  const gone = before === undefined;
  const came = after === undefined;
  const leaf = (!old && !next) || (!gone && !came && (!old || !next)) || (!old?.size && !next?.size);
  if (leaf) {
    if (gone) return { ...SAME, added: LEAF };
    if (came) return { ...SAME, removed: LEAF };
    return equal(before, after) ? SAME : { ...SAME, modified: LEAF };
  }
  const [a, b] = [old ?? NO_PARTS, next ?? NO_PARTS];
  const children = [...new Set([...a.keys(), ...b.keys()])].map(step => {
    const [x, y] = [a.get(step), b.get(step)];
    return [step, compare((y ?? x)!.schema, x?.value, y?.value)] as const;
  });
  const collect = (member: boolean, pick: keyof Comparison) =>
    FieldSet.of(member, new Map(children.map(([step, child]) => [step, child[pick]])));
  return { added: collect(gone, 'added'), removed: collect(came, 'removed'), modified: collect(false, 'modified') };
}

/** `applied` laid over `live`: parts that only `live` has stay. */
export function merge(schema: Schema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  const [old, next] = [partsOf(schema, live), partsOf(schema, applied)];
  if (!old || !next || Array.isArray(live) !== Array.isArray(applied)) return applied;
  const joined = (step: string) =>
    merge((next.get(step) ?? old.get(step))!.schema, old.get(step)?.value, next.get(step)?.value);
  if (!Array.isArray(live)) {
    const keys = new Set([...Object.keys(live as JsonObject), ...Object.keys(applied as JsonObject)]);
    return Object.fromEntries([...keys].map(key => [key, joined(`f:${key}`)]));
  }
  const duplicated = (step: string) =>
    !next.has(step) && live.filter(item => stepOf(schema as Schema & { type: 'list' }, item) === step).length > 1;
  return mergeOrder([...old.keys()], [...next.keys()]).flatMap(step =>
    duplicated(step) ? (old.get(step)!.value as unknown[]).flat() : [joined(step)],
  );
}

/** The applied order, with the items that only the live list has where they stood between their neighbours. */
function mergeOrder(live: readonly string[], applied: readonly string[]): string[] {
  const wanted = new Set(applied);
  const shared = applied.filter(step => live.includes(step));
  const order: string[] = [];
  let [l, r] = [0, 0];
  while (l < live.length || r < applied.length) {
    const left = live[l];
    if (left !== undefined && !wanted.has(left)) {
      order.push(left);
      l++;
    } else if (left !== undefined && left !== shared[0]) l++;
    else {
      const right = applied[r]!;
      order.push(right);
      r++;
      if (right === shared[0]) shared.shift();
      if (right === left) l++;
    }
  }
  return order;
}

/**
 * Takes away what its last applier owned and nobody owns any more. `last` is what that applier owned, `owned` what anybody
 * owns now. A part that nobody ever owned stays, unless it falls with the part it is in.
 */
export function prune(schema: Schema, value: unknown, last: FieldSet, owned: FieldSet): unknown {
  const parts = partsOf(schema, value);
  if (!parts || last.isEmpty) return value;
  const kept: [string, unknown][] = [];
  for (const [step, part] of parts) {
    const [before, now] = [last.child(step), owned.child(step)];
    // A named field counts as owned with anything below it, a list's item only by itself.
    const wasOwned = before.member || (step.startsWith('f:') && !before.isEmpty);
    if (wasOwned && now.isEmpty) continue;
    kept.push([step, before.isEmpty ? part.value : prune(part.schema, part.value, before, now)]);
  }
  if (Array.isArray(value)) {
    const list = schema as Schema & { type: 'list' };
    const items = new Map(kept);
    return value
      .filter(item => items.has(stepOf(list, item)))
      .map(item => (value.length === parts.size ? items.get(stepOf(list, item)) : item));
  }
  return Object.fromEntries(kept.map(([step, item]) => [step.slice(2), item]));
}
