/** JSON as received → the object as Kubernetes keeps it: unknown fields dropped and named, wrong types refused, quantities and times canonical. */
import { type FieldError, wrongType } from './field-errors.js';
import { duplicateKeys, isObject } from './json.js';
import type { KubeObject } from './meta.js';
import { canonicalQuantity } from './quantity.js';
import type { Resource } from './resources.js';
import type { IntegerShape, Schema } from './schema.js';
import { canonicalTime } from './time.js';

export interface Decoded<T> {
  readonly object: T;
  /** `unknown field "spec.foo"`: errors under fieldValidation=Strict, warnings under Warn. */
  readonly unknown: readonly string[];
  /** Values of a wrong type: always refused, with 400 for built-in kinds. A custom resource's are found by `validate`. */
  readonly errors: readonly FieldError[];
}

/** Never throws, whatever JSON comes. */
export function decode<T extends KubeObject>(resource: Resource<T>, json: unknown): Decoded<T> {
  const walk = new Walk(resource.structural !== undefined);
  const object = walk.value(resource.schema, json, '');
  return { object: object as T, unknown: walk.unknown, errors: walk.errors };
}

/** Prunes what a schema does not know. */
export function prune<T>(schema: Schema<T>, json: unknown): T {
  return new Walk(true).value(schema, json, '') as T;
}

/** `duplicate field "spec.x"` for every key that stands twice in one object of a JSON text. */
export function duplicateFields(text: string): string[] {
  return duplicateKeys(text).map(path => `duplicate field "${path}"`);
}

class Walk {
  readonly unknown: string[] = [];
  readonly errors: FieldError[] = [];

  /** `lenient`: types are left to the validation that follows; null stays null. */
  constructor(private readonly lenient: boolean) {}

  value(schema: Schema, json: unknown, path: string): unknown {
    if (json === undefined || (json === null && schema.nullable)) return json;
    switch (schema.type) {
      case 'object':
        return isObject(json) ? this.#object(schema, json, path) : this.#wrong(json, path, 'object');
      case 'dict':
        return isObject(json)
          ? this.#entries(json, (key, item) => this.#item(schema.value, item, `${path}.${key}`))
          : this.#wrong(json, path, 'map');
      case 'list':
        return Array.isArray(json)
          ? json.map((item, i) => this.#item(schema.item, item, `${path}[${i}]`))
          : this.#wrong(json, path, 'list');
      case 'any':
        return json;
      case 'string':
        if (schema.format === 'byte' && typeof json === 'string') return this.#bytes(json, path);
        return typeof json === 'string' ? json : this.#wrong(json, path, 'string');
      case 'boolean':
        return typeof json === 'boolean' ? json : this.#wrong(json, path, 'bool');
      case 'number':
        return typeof json === 'number' ? json : this.#wrong(json, path, 'float64');
      case 'integer':
        return isInteger(json, schema) ? json : this.#wrong(json, path, `int${schema.bits}`);
      case 'intOrString':
        return typeof json === 'string' || isInteger(json, { bits: 32 })
          ? json
          : this.#wrong(json, path, 'int32 or string');
      case 'quantity':
        return this.#quantity(json, path);
      case 'time':
        return this.#time(json, path);
    }
  }

  #object(schema: Schema & { type: 'object' }, json: Readonly<Record<string, unknown>>, path: string): unknown {
    return this.#entries(json, (key, value) => {
      const at = path ? `${path}.${key}` : key;
      if (Object.hasOwn(schema.fields, key)) {
        const field = schema.fields[key]!;
        // To Go, null is the zero value, which is absence.
        return value === null && !this.lenient && field.type !== 'any' ? undefined : this.value(field, value, at);
      }
      if (schema.preserveUnknown) return value;
      this.unknown.push(`unknown field "${at}"`);
      return undefined;
    });
  }

  #entries(json: Readonly<Record<string, unknown>>, map: (key: string, value: unknown) => unknown): unknown {
    const kept: [string, unknown][] = [];
    for (const [key, value] of Object.entries(json)) {
      const mapped = map(key, value);
      if (mapped !== undefined) kept.push([key, mapped]);
    }
    return Object.fromEntries(kept);
  }

  /** Null in a list or map is the zero value of its items. */
  #item(schema: Schema, json: unknown, path: string): unknown {
    if (json !== null || this.lenient || schema.type === 'any') return this.value(schema, json, path);
    return ZERO[schema.type];
  }

  #quantity(json: unknown, path: string): unknown {
    if (typeof json !== 'string' && typeof json !== 'number') return this.#wrong(json, path, 'quantity');
    const text = canonicalQuantity(json);
    if (text !== undefined) return text;
    return this.#refuse(
      path,
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      json,
    );
  }

  #time(json: unknown, path: string): unknown {
    if (typeof json !== 'string') return this.#wrong(json, path, 'Time');
    const text = canonicalTime(json);
    return (
      text ??
      this.#refuse(path, `parsing time ${JSON.stringify(json)} as "2006-01-02T15:04:05Z07:00": cannot parse it`, json)
    );
  }

  #bytes(json: string, path: string): unknown {
    const text = json.replace(/[\r\n]/g, '');
    const wrong =
      /[^A-Za-z0-9+/=]/.exec(text)?.index ?? (/^[^=]*={0,2}$/.test(text) && text.length % 4 === 0 ? -1 : text.length);
    return wrong < 0 ? text : this.#refuse(path, `illegal base64 data at input byte ${wrong}`, json);
  }

  #wrong(json: unknown, path: string, type: string): unknown {
    const found = Array.isArray(json)
      ? 'array'
      : json === null
        ? 'null'
        : typeof json === 'number'
          ? `number ${json}`
          : typeof json;
    return this.#refuse(
      path,
      `json: cannot unmarshal ${found === 'boolean' ? 'bool' : found} into a value of type ${type}`,
      json,
    );
  }

  #refuse(path: string, detail: string, json: unknown): unknown {
    if (!this.lenient) this.errors.push(wrongType(path, detail));
    return json;
  }
}

const ZERO: Readonly<Record<string, unknown>> = {
  object: {},
  dict: {},
  list: [],
  string: '',
  boolean: false,
  number: 0,
  integer: 0,
  intOrString: 0,
  quantity: '0',
};

function isInteger(json: unknown, { bits }: Pick<IntegerShape, 'bits'>): boolean {
  const limit = 2 ** (bits - 1);
  return Number.isInteger(json) && (json as number) >= -limit && (json as number) < limit;
}
