/** Reading of untrusted JSON without ever failing: what has the wrong type is as if it were left out. */

/**
 * The value at that path of one to three keys, or undefined when any step is no object. None of the keys asked for here
 * is one of Object.prototype's. Their number is fixed because every object that the agent hears of passes here.
 */
export function at(value: unknown, key: string, then?: string, last?: string): unknown {
  const found = step(value, key);
  if (then === undefined) return found;
  return last === undefined ? step(found, then) : step(step(found, then), last);
}

function step(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

export function text(value: unknown, key: string, then?: string, last?: string): string | undefined {
  const found = at(value, key, then, last);
  return typeof found === 'string' ? found : undefined;
}

export function flag(value: unknown, key: string, then?: string, last?: string): boolean | undefined {
  const found = at(value, key, then, last);
  return typeof found === 'boolean' ? found : undefined;
}

export function list(value: unknown, key: string, then?: string, last?: string): readonly unknown[] {
  const found = at(value, key, then, last);
  return Array.isArray(found) ? found : NONE;
}

/** One for all that have none: most of what is asked for is left out. */
const NONE: readonly never[] = [];

export function texts(value: unknown, key: string, then?: string, last?: string): readonly string[] {
  const found = list(value, key, then, last);
  return found.every(isText) ? found : found.filter(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** A string-to-string map such as labels; a Map, so that `__proto__` is a key like any other. */
export function stringMap(value: unknown, key: string, then?: string, last?: string): ReadonlyMap<string, string> {
  const found = at(value, key, then, last);
  if (typeof found !== 'object' || found === null) return new Map();
  return new Map(Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** A port as a number, 1..65535; undefined for anything else. */
export function portNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535 ? value : undefined;
}

/** metadata.creationTimestamp in milliseconds since the epoch; 0 when it has none. */
export function created(object: unknown): number {
  return Date.parse(text(object, 'metadata', 'creationTimestamp') ?? '') || 0;
}
