/** JSON values: comparison and safe handling. Keys such as `__proto__` are ordinary keys everywhere. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The own value of a key, whatever the key is called. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A copy with the key set; `undefined` removes it. The same object when nothing changes. */
export function withKey<T extends JsonObject>(object: T, key: string, value: unknown): T {
  if (own(object, key) === value && (value !== undefined || !Object.hasOwn(object, key))) return object;
  const entries = Object.entries(object);
  if (value === undefined) return Object.fromEntries(entries.filter(([k]) => k !== key)) as unknown as T;
  // A computed key defines an own property also for `__proto__`.
  return { ...object, [key]: value };
}

/** Are two JSON values the same? The order of keys does not matter; a key with the value undefined is absent. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (Array.isArray(b)) return false;
  const [x, y] = [present(a as JsonObject), present(b as JsonObject)];
  return x.length === y.length && x.every(key => equal((a as JsonObject)[key], own(b as JsonObject, key)));
}

function present(object: JsonObject): string[] {
  return Object.keys(object).filter(key => object[key] !== undefined);
}

/** Text that is equal for equal values: keys sorted. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const keys = present(value).sort();
  return `{${keys.map(key => `${JSON.stringify(key)}:${canonicalText(value[key])}`).join(',')}}`;
}

/** The paths of keys that stand twice in one object of a valid JSON text, as `spec.ports[0].port`. */
export function duplicateKeys(text: string): string[] {
  const found = new Set<string>();
  // One frame per open bracket: the keys seen in an object, or the index in an array.
  const stack: { path: string; keys?: Set<string>; index: number; key?: string }[] = [];
  const here = () => {
    const top = stack.at(-1);
    if (!top) return '';
    if (!top.keys) return `${top.path}[${top.index}]`;
    return top.path ? `${top.path}.${top.key}` : (top.key ?? '');
  };
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const top = stack.at(-1);
    if (token === '{') stack.push({ path: here(), keys: new Set(), index: 0 });
    else if (token === '[') stack.push({ path: here(), index: 0 });
    else if (token === '}' || token === ']') stack.pop();
    else if (token === ',' && top) {
      top.index++;
      top.key = undefined;
    } else if (top?.keys && top.key === undefined && token.startsWith('"')) {
      top.key = JSON.parse(token) as string;
      if (top.keys.has(top.key)) found.add(here());
      top.keys.add(top.key);
    }
  }
  return [...found];
}
