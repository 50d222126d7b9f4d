/** Validates a custom resource against the OpenAPI v3 schema of its CRD, in the API server's words. CEL rules (x-kubernetes-validations) are ignored for now. */
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import { duplicate, type FieldError, invalid, missing, notSupported, tooLong, tooMany } from './field-errors.js';
import { canonicalText, equal, isObject, own } from './json.js';
import { compile, type JsonSchema } from './structural-schema.js';
import { canonicalTime } from './time.js';

/** For an object that was pruned and defaulted. `metadata`, `apiVersion` and `kind` are checked elsewhere. */
export function structuralErrors(schema: JsonSchema, object: Readonly<Record<string, unknown>>): FieldError[] {
  const { apiVersion: _, kind: __, metadata: ___, ...properties } = schema.properties ?? {};
  const required = schema.required?.filter(key => !['apiVersion', 'kind', 'metadata'].includes(key));
  return check({ ...schema, properties, required }, object, '');
}

const child = (path: string, key: string) => (path ? `${path}.${key}` : key);

function check(schema: JsonSchema, value: unknown, path: string): FieldError[] {
  if (value === null && schema.nullable) return [];
  const wrong = typeError(schema, value, path);
  if (wrong) return [wrong];
  const errors = [...enumErrors(schema, value, path), ...combinationErrors(schema, value, path)];
  if (typeof value === 'string') errors.push(...stringErrors(schema, value, path));
  if (typeof value === 'number') errors.push(...numberErrors(schema, value, path));
  if (Array.isArray(value)) errors.push(...arrayErrors(schema, value, path));
  if (isObject(value)) errors.push(...objectErrors(schema, value, path));
  return errors;
}

function typeError(schema: JsonSchema, value: unknown, path: string): FieldError | undefined {
  const found = typeOf(value);
  if (schema['x-kubernetes-int-or-string']) {
    return found === 'string' || found === 'integer'
      ? undefined
      : body(path, found, `must be of type integer,string: ${JSON.stringify(found)}`);
  }
  const fits = schema.type === undefined || schema.type === found || (schema.type === 'number' && found === 'integer');
  return fits ? undefined : body(path, found, `must be of type ${schema.type}: ${JSON.stringify(found)}`);
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const body = (path: string, value: unknown, detail: string) =>
  invalid(path || '<nil>', value, `${path ? `${path} in body ` : ''}${detail}`);

function enumErrors({ enum: values }: JsonSchema, value: unknown, path: string): FieldError[] {
  if (!values || values.some(allowed => equal(allowed, value))) return [];
  return [notSupported(path, value, values as readonly string[])];
}

function stringErrors(schema: JsonSchema, value: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength)
    errors.push(body(path, value, `should be at least ${schema.minLength} chars long`));
  if (schema.maxLength !== undefined && length > schema.maxLength) errors.push(tooLong(path, schema.maxLength));
  if (schema.pattern !== undefined && compile(schema.pattern)?.test(value) === false)
    errors.push(body(path, value, `should match '${schema.pattern}'`));
  const format =
    schema.format !== undefined && Object.hasOwn(FORMATS, schema.format) ? FORMATS[schema.format] : undefined;
  if (format?.(value) === false)
    errors.push(body(path, value, `must be of type ${schema.format}: ${JSON.stringify(value)}`));
  return errors;
}

/** Formats that are checked; any other is a note to the reader. */
const FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  'date-time': value => canonicalTime(value) !== undefined,
  date: value => /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)),
  ipv4: value => Ip.parse(value)?.family === 4 && !value.includes(':'),
  ipv6: value => Ip.parse(value) !== undefined && value.includes(':'),
  cidr: value => Cidr.parse(value, { mask: true }) !== undefined,
  byte: value => /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0,
  uuid: value => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value),
};

function numberErrors(schema: JsonSchema, value: number, path: string): FieldError[] {
  const { minimum: min, maximum: max, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  const errors: FieldError[] = [];
  if (min !== undefined && (exclusiveMinimum ? value <= min : value < min)) {
    errors.push(body(path, value, `should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${min}`));
  }
  if (max !== undefined && (exclusiveMaximum ? value >= max : value > max)) {
    errors.push(body(path, value, `should be less than ${exclusiveMaximum ? '' : 'or equal to '}${max}`));
  }
  if (multipleOf && value % multipleOf !== 0) errors.push(body(path, value, `should be a multiple of ${multipleOf}`));
  if (format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31))
    errors.push(body(path, value, 'must be of type int32'));
  return errors;
}

function arrayErrors(schema: JsonSchema, value: readonly unknown[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.minItems !== undefined && value.length < schema.minItems)
    errors.push(body(path, value.length, `should have at least ${schema.minItems} items`));
  if (schema.maxItems !== undefined && value.length > schema.maxItems)
    return [tooMany(path, value.length, schema.maxItems)];
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set' || type === 'map') {
    const seen = new Set<string>();
    value.forEach((item, i) => {
      const key = type === 'set' ? item : keysOf(item, schema['x-kubernetes-list-map-keys'] ?? []);
      const text = canonicalText(key);
      if (seen.has(text)) errors.push(duplicate(`${path}[${i}]`, key));
      seen.add(text);
    });
  }
  const { items } = schema;
  return items ? [...errors, ...value.flatMap((item, i) => check(items, item, `${path}[${i}]`))] : errors;
}

function keysOf(item: unknown, keys: readonly string[]): unknown {
  return isObject(item) ? Object.fromEntries(keys.map(key => [key, own(item, key)])) : item;
}

function objectErrors(schema: JsonSchema, value: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const errors = (schema.required ?? [])
    .filter(key => own(value, key) === undefined)
    .map(key => missing(child(path, key)));
  const size = Object.keys(value).length;
  if (schema.minProperties !== undefined && size < schema.minProperties)
    errors.push(body(path, size, `should have at least ${schema.minProperties} properties`));
  if (schema.maxProperties !== undefined && size > schema.maxProperties)
    errors.push(tooMany(path, size, schema.maxProperties));
  const { properties = {}, additionalProperties } = schema;
  for (const [key, item] of Object.entries(value)) {
    if (Object.hasOwn(properties, key)) errors.push(...check(properties[key]!, item, child(path, key)));
    else if (isObject(additionalProperties))
      errors.push(...check(additionalProperties as JsonSchema, item, child(path, key)));
  }
  return errors;
}

function combinationErrors(schema: JsonSchema, value: unknown, path: string): FieldError[] {
  const fits = (part: JsonSchema) => check(part, value, path).length === 0;
  const errors = (schema.allOf ?? []).flatMap(part => check(part, value, path));
  const says = (detail: string) =>
    errors.push(invalid(path || '<nil>', typeOf(value), `${JSON.stringify(path)} ${detail}`));
  if (schema.anyOf && !schema.anyOf.some(fits)) says('must validate at least one schema (anyOf)');
  const count = schema.oneOf?.filter(fits).length ?? 1;
  if (count !== 1) says(`must validate one and only one schema (oneOf). Found ${count === 0 ? 'none' : count} valid`);
  if (schema.not && fits(schema.not)) says('must not validate the schema (not)');
  return errors;
}
