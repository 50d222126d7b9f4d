/** Schemas as OpenAPI v2 definitions, which say less: no alternatives, no null, and a reference that others stand beside. */
import type { Resource } from '../resources.js';
import { Components, type Json } from './schemas.js';

/** By name: each resource's kind and every named type in it. */
export function definitions(resources: readonly Resource[]): ReadonlyMap<string, Json> {
  const components = new Components();
  for (const resource of resources) components.add(resource);
  return new Map(Object.entries(components.toJson()).map(([name, schema]) => [name, downgrade(schema as Json)]));
}

/** Keywords that v2 knows and their values can be kept as they are. */
const KEPT = new Set(['type', 'description', 'format', 'required', 'enum', 'default', 'minimum', 'maximum', 'pattern']);

function downgrade(schema: Json): Json {
  const { allOf, oneOf, nullable, properties, items, additionalProperties } = schema as Record<string, never>;
  const [reference] = (allOf ?? []) as Json[];
  const target = (schema.$ref ?? reference?.$ref) as string | undefined;
  if (target) {
    const { description } = schema;
    return { $ref: target.replace('#/components/schemas/', '#/definitions/'), ...(description ? { description } : {}) };
  }
  const kept = Object.entries(schema).filter(([key]) => KEPT.has(key) || key.startsWith('x-kubernetes-'));
  const result = Object.fromEntries(kept);
  // Clients read a string as anything that is not an object or a list.
  if (oneOf) return { ...result, type: 'string' };
  // Without a type it may be anything, null among it.
  if (schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'] || nullable) {
    const { type: _, required: __, ...free } = result;
    return free;
  }
  if (properties) {
    result.properties = mapValues(properties, downgrade);
    // Clients do not fill in defaults before they ask for what is required.
    const needed = ((schema.required ?? []) as string[]).filter(
      key => (properties[key] as Json)?.default === undefined,
    );
    if (needed.length) result.required = needed;
    else delete result.required;
  }
  if (items) result.items = downgrade(items);
  if (additionalProperties) {
    result.additionalProperties = typeof additionalProperties === 'object' ? downgrade(additionalProperties) : {};
  }
  return result;
}

function mapValues(object: Json, change: (value: Json) => Json): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value as Json)]));
}
