/** Sets of field paths, as managedFields keep them (FieldsV1). Knows the encoding and the algebra; knows no object. */
import { isObject, type JsonObject } from '../json.js';

/**
 * A set of paths as a tree. Steps are in FieldsV1's own form: `f:name` a field, `k:{"name":"a"}` a list item by its keys,
 * `v:"a"` a value of a set. Immutable.
 */
export class FieldSet {
  static readonly EMPTY = new FieldSet(false, new Map());

  private constructor(
    /** Is the path to this node itself in the set? */
    readonly member: boolean,
    readonly children: ReadonlyMap<string, FieldSet>,
  ) {}

  /** Reads FieldsV1; what is none is read as empty. */
  static fromJson(json: unknown): FieldSet {
    if (!isObject(json)) return FieldSet.EMPTY;
    const children = new Map<string, FieldSet>();
    for (const [step, child] of Object.entries(json)) if (step !== '.') children.set(step, FieldSet.leafOr(child));
    return FieldSet.of(Object.hasOwn(json, '.'), children);
  }

  private static leafOr(json: unknown): FieldSet {
    return isObject(json) && Object.keys(json).length > 0 ? FieldSet.fromJson(json) : FieldSet.of(true, new Map());
  }

  /** Children that are empty are left out. */
  static of(member: boolean, children: ReadonlyMap<string, FieldSet>): FieldSet {
    const kept = [...children.values()].every(child => !child.isEmpty)
      ? children
      : new Map([...children].filter(([, child]) => !child.isEmpty));
    return member || kept.size > 0 ? new FieldSet(member, kept) : FieldSet.EMPTY;
  }

  get isEmpty(): boolean {
    return !this.member && this.children.size === 0;
  }

  child(step: string): FieldSet {
    return this.children.get(step) ?? FieldSet.EMPTY;
  }

  union(other: FieldSet): FieldSet {
    return combine(this, other, (a, b) => a || b);
  }

  intersection(other: FieldSet): FieldSet {
    return combine(this, other, (a, b) => a && b);
  }

  difference(other: FieldSet): FieldSet {
    return combine(this, other, (a, b) => a && !b);
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).isEmpty && other.difference(this).isEmpty;
  }

  /** FieldsV1, with sorted steps. */
  toJson(): JsonObject {
    const own: [string, JsonObject][] = this.member && this.children.size > 0 ? [['.', {}]] : [];
    const steps = [...this.children.keys()].sort();
    return Object.fromEntries([...own, ...steps.map(step => [step, this.children.get(step)!.toJson()] as const)]);
  }

  /** Every path in the set as conflicts name it: `.spec.containers[name="a"].image`. */
  paths(prefix = ''): string[] {
    const below = [...this.children].flatMap(([step, child]) => child.paths(prefix + stepText(step)));
    return this.member ? [prefix, ...below] : below;
  }
}

function combine(a: FieldSet, b: FieldSet, keep: (a: boolean, b: boolean) => boolean): FieldSet {
  if (a.isEmpty && b.isEmpty) return FieldSet.EMPTY;
  const steps = new Set([...a.children.keys(), ...b.children.keys()]);
  const children = new Map([...steps].map(step => [step, combine(a.child(step), b.child(step), keep)]));
  return FieldSet.of(keep(a.member, b.member), children);
}

function stepText(step: string): string {
  const rest = step.slice(2);
  if (step.startsWith('f:')) return `.${rest}`;
  if (step.startsWith('v:')) return `[=${rest}]`;
  if (step.startsWith('i:')) return `[${rest}]`;
  try {
    const keys = Object.entries(JSON.parse(rest) as JsonObject);
    return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
  } catch {
    return `[${rest}]`;
  }
}
