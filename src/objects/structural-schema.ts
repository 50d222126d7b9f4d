/** The OpenAPI v3 schema of a custom resource: its shape, whether it is structural, and the kind's Schema made from it. CEL rules (x-kubernetes-validations) are kept and not evaluated. */
import { type FieldError, forbidden, invalid, missing } from './field-errors.js';
import { isObject } from './json.js';
import { TemplateMeta } from './meta.js';
import {
  any,
  boolean,
  dict,
  double,
  type Fields,
  int64,
  intOrString,
  list,
  object,
  type Schema,
  string,
} from './schema.js';

/** What of JSONSchemaProps is understood; the rest is kept as it came. */
export interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly description?: string;
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
}

/** The schema by which objects are pruned, defaulted and merged. Value checks are structural.ts's. */
export function schemaOf(json: JsonSchema): Schema {
  const facets = {
    ...(json.default !== undefined && { default: json.default }),
    ...(json.nullable && { nullable: true }),
    ...(json.description && { description: json.description }),
  };
  return { ...shapeOf(json), ...facets } as Schema;
}

function shapeOf(json: JsonSchema): Schema {
  if (json['x-kubernetes-int-or-string']) return intOrString();
  switch (json.type) {
    case 'object':
      return objectOf(json);
    case 'array': {
      const type = json['x-kubernetes-list-type'] ?? 'atomic';
      return list(json.items ? schemaOf(json.items) : any(), { type, keys: json['x-kubernetes-list-map-keys'] ?? [] });
    }
    case 'string':
      return string();
    case 'integer':
      return int64();
    case 'number':
      return double();
    case 'boolean':
      return boolean();
    default:
      return any();
  }
}

function objectOf(json: JsonSchema): Schema {
  const atomic = json['x-kubernetes-map-type'] === 'atomic';
  const { properties, additionalProperties } = json;
  if (additionalProperties && !properties) {
    return dict(additionalProperties === true ? any() : schemaOf(additionalProperties), { atomic });
  }
  const embedded: Fields = json['x-kubernetes-embedded-resource']
    ? { apiVersion: string(), kind: string(), metadata: TemplateMeta }
    : {};
  const preserveUnknown = json['x-kubernetes-preserve-unknown-fields'] === true;
  return object({ ...fieldsOf(json), ...embedded }, { atomic, preserveUnknown });
}

/** The schemas of an object's properties. */
export function fieldsOf({ properties = {} }: JsonSchema): Fields {
  return Object.fromEntries(Object.entries(properties).map(([key, json]) => [key, schemaOf(json)]));
}

const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'];

/** Why a schema is not structural, or cannot be used (apiextensions-apiserver's structural schema rules). */
export function structuralSchemaErrors(json: unknown, path: string): FieldError[] {
  if (!isObject(json)) return [invalid(path, json ?? null, 'must be an object')];
  const schema = json as JsonSchema;
  const untyped = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  const errors: FieldError[] = [];
  if (!schema.type && !untyped) errors.push(missing(`${path}.type`, 'must not be empty for specified object fields'));
  if (schema.type && !TYPES.includes(schema.type))
    errors.push(invalid(`${path}.type`, schema.type, `must be one of ${TYPES.join(', ')}`));
  if (schema.type === 'array' && !schema.items) errors.push(missing(`${path}.items`, 'must be specified'));
  if (schema.uniqueItems)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (schema.properties && schema.additionalProperties)
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used together with properties'));
  if (schema['x-kubernetes-list-type'] === 'map' && !schema['x-kubernetes-list-map-keys']?.length) {
    errors.push(missing(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
  }
  if (schema.pattern !== undefined && !compile(schema.pattern))
    errors.push(invalid(`${path}.pattern`, schema.pattern, 'must be a valid regular expression'));
  const children: [string, unknown][] = Object.entries(schema.properties ?? {}).map(([key, child]) => [
    `properties[${key}]`,
    child,
  ]);
  if (schema.items) children.push(['items', schema.items]);
  if (isObject(schema.additionalProperties)) children.push(['additionalProperties', schema.additionalProperties]);
  return [...errors, ...children.flatMap(([key, child]) => structuralSchemaErrors(child, `${path}.${key}`))];
}

const compiled = new Map<string, RegExp | undefined>();

/** A pattern as a regular expression; undefined when it is none. Patterns are Go's, of which JavaScript knows nearly all. */
export function compile(pattern: string): RegExp | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, tryCompile(pattern, 'u') ?? tryCompile(pattern, ''));
  return compiled.get(pattern);
}

function tryCompile(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}
