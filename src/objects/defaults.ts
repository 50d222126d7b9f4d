/** Fills in what a manifest leaves out: the schema's defaults, then those that depend on other fields. */
import { isObject, own } from './json.js';
import { defaultsOfKind } from './kind-defaults.js';
import type { KubeObject } from './meta.js';
import { apiVersionOf, type Resource } from './resources.js';
import type { Schema } from './schema.js';

/** The object with every default in place; the same object when nothing was missing. */
export function applyDefaults<T extends KubeObject>(resource: Resource<T>, object: T): T {
  const filled = fill(resource.schema, object) as T;
  const ofKind = resource.structural ? undefined : defaultsOfKind(`${apiVersionOf(resource)} ${resource.kind}`);
  // Again by schema: a kind's own defaults may have made objects whose fields have defaults.
  return ofKind ? (fill(resource.schema, ofKind(filled as never)) as T) : filled;
}

/** Defaults by schema alone. Absent required objects become `{}`, so that their fields' defaults apply and validation names their fields. */
export function fill(schema: Schema, value: unknown): unknown {
  switch (schema.type) {
    case 'object':
      return isObject(value) ? fillObject(schema, value) : value;
    case 'list':
      return Array.isArray(value) ? mapChanged(value, item => fill(schema.item, item)) : value;
    case 'dict': {
      if (!isObject(value)) return value;
      const values = Object.values(value);
      const filled = mapChanged(values, item => fill(schema.value, item));
      return filled === values ? value : Object.fromEntries(Object.keys(value).map((key, i) => [key, filled[i]]));
    }
    default:
      return value;
  }
}

function fillObject(schema: Schema & { type: 'object' }, value: Readonly<Record<string, unknown>>): unknown {
  const changed: [string, unknown][] = [];
  for (const [key, field] of Object.entries(schema.fields)) {
    const present = own(value, key);
    const start = isZero(field, present) ? absent(field, present) : present;
    const filled = start === undefined ? undefined : fill(field, start);
    if (filled !== present) changed.push([key, filled]);
  }
  return changed.length > 0 ? { ...value, ...Object.fromEntries(changed) } : value;
}

/** To Go, an empty string is a field that was left out. */
function isZero(field: Schema, value: unknown): value is null | undefined | '' {
  return (
    value === undefined || value === null || (value === '' && field.type === 'string' && field.default !== undefined)
  );
}

function absent(field: Schema, present: unknown): unknown {
  if (present === null && field.nullable) return null;
  if (field.default !== undefined) return field.default;
  return field.required && field.type === 'object' ? {} : present;
}

function mapChanged<T>(items: readonly T[], map: (item: T) => unknown): readonly unknown[] {
  let changed = false;
  const mapped = items.map(item => {
    const next = map(item);
    changed ||= next !== item;
    return next;
  });
  return changed ? mapped : items;
}
