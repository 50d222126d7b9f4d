/** Schemas as OpenAPI v3 components, with the list, map and merge annotations that clients merge by. */
import { META, TemplateMeta } from '../meta.js';
import type { Resource } from '../resources.js';
import type { ObjectShape, Schema } from '../schema.js';
import { describeField, describeType } from './descriptions.js';

export type Json = Readonly<Record<string, unknown>>;

export const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** The components of some resources by name: each kind, and every named type in it. */
export class Components {
  readonly #schemas = new Map<string, Json>();

  add(resource: Resource): void {
    const kinds = [{ group: resource.group, kind: resource.kind, version: resource.version }];
    const name = resource.schema.name!;
    const schema = resource.structural ? this.#custom(resource.structural) : this.#inline(described(resource.schema));
    this.#schemas.set(name, { ...schema, 'x-kubernetes-group-version-kind': kinds });
  }

  toJson(): Json {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A custom resource says its schema itself; its metadata are everybody's. */
  #custom(structural: Json): Json {
    const { properties } = structural as { properties?: Json };
    const text = { type: 'string' };
    return {
      ...structural,
      type: 'object',
      properties: { ...properties, apiVersion: text, kind: text, metadata: this.#of(TemplateMeta) },
    };
  }

  #of(schema: Schema): Json {
    const name = schema.type === 'object' ? schema.name : undefined;
    if (name === undefined) return this.#inline(schema);
    if (!this.#schemas.has(name)) {
      // Before its fields are looked at: a type may contain itself.
      this.#schemas.set(name, {});
      this.#schemas.set(name, this.#inline({ ...schema, description: describeType(name), default: undefined }));
    }
    const { description, default: value } = schema;
    if (description === undefined && value === undefined) return reference(name);
    return {
      ...(description && { description }),
      ...(value !== undefined && { default: value }),
      allOf: [reference(name)],
    };
  }

  #inline(schema: Schema): Json {
    return {
      ...(schema.description && { description: schema.description }),
      ...this.#shape(schema),
      ...(schema.default !== undefined && { default: schema.default }),
      ...(schema.nullable && { nullable: true }),
    };
  }

  #shape(schema: Schema): Json {
    switch (schema.type) {
      case 'object': {
        const fields = Object.entries(schema.fields);
        const required = fields.filter(([, field]) => field.required).map(([key]) => key);
        return {
          type: 'object',
          properties: Object.fromEntries(fields.map(([key, field]) => [key, this.#of(field)])),
          ...(required.length > 0 && { required }),
          ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
          ...(schema.retainKeys && { 'x-kubernetes-patch-strategy': 'retainKeys' }),
          ...(schema.preserveUnknown && { 'x-kubernetes-preserve-unknown-fields': true }),
        };
      }
      case 'dict':
        return {
          type: 'object',
          additionalProperties: this.#of(schema.value),
          ...(schema.atomic && { 'x-kubernetes-map-type': 'atomic' }),
        };
      case 'list': {
        const merges = schema.mergeKey !== undefined || schema.patchMerge;
        return {
          type: 'array',
          items: this.#of(schema.item),
          'x-kubernetes-list-type': schema.list,
          ...(schema.list === 'map' && { 'x-kubernetes-list-map-keys': schema.keys }),
          ...(schema.mergeKey && { 'x-kubernetes-patch-merge-key': schema.mergeKey }),
          ...(merges && { 'x-kubernetes-patch-strategy': schema.retainKeys ? 'merge,retainKeys' : 'merge' }),
        };
      }
      case 'string':
        return {
          type: 'string',
          ...(schema.format === 'byte' && { format: 'byte' }),
          ...(schema.enum && { enum: schema.enum }),
        };
      case 'integer':
        return { type: 'integer', format: `int${schema.bits}` };
      case 'number':
        return { type: 'number', format: 'double' };
      case 'boolean':
        return { type: 'boolean' };
      case 'intOrString':
        return this.#scalar('io.k8s.apimachinery.pkg.util.intstr.IntOrString', {
          format: 'int-or-string',
          oneOf: [{ type: 'integer' }, { type: 'string' }],
        });
      case 'quantity':
        return this.#scalar('io.k8s.apimachinery.pkg.api.resource.Quantity', {
          oneOf: [{ type: 'string' }, { type: 'number' }],
        });
      case 'time':
        return this.#scalar(`${META}Time`, { type: 'string', format: 'date-time' });
      case 'any':
        return { 'x-kubernetes-preserve-unknown-fields': true };
    }
  }

  #scalar(name: string, schema: Json): Json {
    this.#schemas.set(name, schema);
    return { allOf: [reference(name)] };
  }
}

/** A kind, with what may be said of the fields that all kinds have. */
function described(schema: ObjectShape): Schema {
  const fields = Object.entries(schema.fields).map(([key, field]) => [
    key,
    { ...field, description: field.description ?? describeField(key) },
  ]);
  return { ...schema, fields: Object.fromEntries(fields), description: describeType(schema.name) };
}
