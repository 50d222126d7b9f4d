/** Reading of untrusted JSON without ever failing: what has the wrong type is as if it were left out. */

/** The value at that path of keys, or undefined when any step is no object. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

export function text(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function flag(value: unknown, ...path: readonly string[]): boolean | undefined {
  const found = at(value, ...path);
  return typeof found === 'boolean' ? found : undefined;
}

export function list(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function texts(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = list(value, ...path);
  return found.every(isText) ? found : found.filter(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** A string-to-string map such as labels; a Map, so that `__proto__` is a key like any other. */
export function stringMap(value: unknown, ...path: readonly string[]): ReadonlyMap<string, string> {
  const found = at(value, ...path);
  if (typeof found !== 'object' || found === null) return new Map();
  return new Map(Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** metadata.creationTimestamp in milliseconds since the epoch; 0 when it has none. */
export function created(object: unknown): number {
  return Date.parse(text(object, 'metadata', 'creationTimestamp') ?? '') || 0;
}
