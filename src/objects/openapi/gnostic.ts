/** An OpenAPI v2 schema as gnostic's openapi.v2.Schema. Field numbers are those of OpenAPIv2.proto. */
import { message, nested, text } from './protobuf.js';
import type { Json } from './schemas.js';

/** Definitions: 1 additional_properties, each a NamedSchema: 1 name, 2 value. Properties are written the same way. */
export const named = (schemas: Iterable<readonly [string, Json]>): Uint8Array =>
  message(...[...schemas].map(([name, schema]) => nested(1, message(text(1, name), nested(2, encode(schema))))));

function encode(schema: Json): Uint8Array {
  const fields: Uint8Array[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key.startsWith('x-')) fields.push(nested(31, message(text(1, key), any(value))));
    else if (Object.hasOwn(FIELDS, key)) fields.push(FIELDS[key]!(value as never));
  }
  return message(...fields);
}

/** What clients of the Kubernetes API look at. */
const FIELDS: Readonly<Record<string, (value: never) => Uint8Array>> = {
  $ref: (value: string) => text(1, value),
  format: (value: string) => text(2, value),
  description: (value: string) => text(4, value),
  default: (value: unknown) => nested(5, text(2, JSON.stringify(value))),
  pattern: (value: string) => text(13, value),
  required: (values: readonly string[]) => message(...values.map(value => text(19, value))),
  enum: (values: readonly unknown[]) => message(...values.map(value => nested(20, text(2, JSON.stringify(value))))),
  // AdditionalPropertiesItem: 1 schema.
  additionalProperties: (value: Json) => nested(21, nested(1, encode(value))),
  // TypeItem: 1 value.
  type: (value: string) => nested(22, text(1, value)),
  // ItemsItem: 1 schema.
  items: (value: Json) => nested(23, nested(1, encode(value))),
  properties: (value: Readonly<Record<string, Json>>) => nested(25, named(Object.entries(value))),
};

/** NamedAny: 2 value, an Any: 2 yaml, of which JSON is a part. */
const any = (value: unknown): Uint8Array => nested(2, text(2, JSON.stringify(value)));
