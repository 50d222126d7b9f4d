/** Is an object what its kind allows, and may it follow its predecessor? Walks the schema; the rules of each type are in rules/. Changes nothing. */

import { type FieldError, invalid, invalidEach, missing, notSupported, tooLong, tooMany } from './field-errors.js';
import { isObject, own } from './json.js';
import type { KubeObject } from './meta.js';
import { cidr, dnsLabel, dnsSubdomain, ipAddress, labelValue, portName, qualifiedName } from './names.js';
import type { Resource } from './resources.js';
import { RULES } from './rules/index.js';
import { metadataErrors, metadataUpdateErrors } from './rules/metadata.js';
import { updateErrors } from './rules/updates.js';
import type { IntegerShape, Schema, StringFormat } from './schema.js';
import { structuralErrors } from './structural.js';

export { describeErrors, type FieldError } from './field-errors.js';

/** For an object that was decoded and has its defaults. Empty when it is good. */
export function validate(resource: Resource, object: KubeObject): FieldError[] {
  const metadata = metadataErrors(resource, object);
  if (resource.structural) return [...metadata, ...structuralErrors(resource.structural, object)];
  const fields = Object.entries(resource.schema.fields).filter(
    ([key]) => key !== 'metadata' && key !== 'apiVersion' && key !== 'kind',
  );
  const body = fields.flatMap(([key, field]) => schemaErrors(field, own(object, key), key));
  return [...metadata, ...body, ...typeErrors(resource.schema, object, '')];
}

/** Everything `validate` finds, and what the update must not change. */
export function validateUpdate(resource: Resource, next: KubeObject, old: KubeObject): FieldError[] {
  return [...metadataUpdateErrors(next, old), ...updateErrors(resource, next, old), ...validate(resource, next)];
}

/** Only `/status` was written: the rules of the status. */
export function validateStatus(resource: Resource, next: KubeObject): FieldError[] {
  if (resource.structural)
    return structuralErrors(resource.structural, next).filter(error => error.field.startsWith('status'));
  const field = own(resource.schema.fields, 'status') as Schema | undefined;
  return field ? schemaErrors(field, next.status, 'status') : [];
}

/** What the schema itself says of a value, and the rules of the named types in it. */
function schemaErrors(schema: Schema, value: unknown, path: string): FieldError[] {
  const needed = schema.required && schema.default === undefined;
  if (isAbsent(value)) return needed ? [missing(path)] : [];
  switch (schema.type) {
    case 'object': {
      if (!isObject(value)) return [];
      const fields = Object.entries(schema.fields).flatMap(([key, field]) =>
        schemaErrors(field, own(value, key), `${path}.${key}`),
      );
      return [...fields, ...typeErrors(schema, value, path)];
    }
    case 'list': {
      if (!Array.isArray(value)) return [];
      if (value.length === 0 && needed) return [missing(path)];
      if (schema.maxItems !== undefined && value.length > schema.maxItems)
        return [tooMany(path, value.length, schema.maxItems)];
      return value.flatMap((item, i) => schemaErrors(schema.item, item, `${path}[${i}]`));
    }
    case 'dict':
      return isObject(value)
        ? Object.entries(value).flatMap(([key, item]) => schemaErrors(schema.value, item, `${path}[${key}]`))
        : [];
    case 'string':
      return typeof value === 'string' ? stringErrors(schema, value, path) : [];
    case 'integer':
      return typeof value === 'number' ? integerErrors(schema, value, path) : [];
    default:
      return [];
  }
}

function typeErrors(schema: Schema, value: unknown, path: string): FieldError[] {
  const rule = schema.type === 'object' && schema.name !== undefined ? RULES[schema.name] : undefined;
  return rule ? rule(value as never, path) : [];
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

function stringErrors(schema: Schema & { type: 'string' }, value: string, path: string): FieldError[] {
  if (schema.enum && !schema.enum.includes(value)) return [notSupported(path, value, [...schema.enum].sort())];
  const errors = schema.format ? invalidEach(path, value, FORMATS[schema.format](value)) : [];
  if (schema.maxLength !== undefined && value.length > schema.maxLength) errors.push(tooLong(path, schema.maxLength));
  return errors;
}

const FORMATS: Readonly<Record<StringFormat, (value: string) => string[]>> = {
  byte: () => [],
  path: () => [],
  ip: ipAddress,
  cidr,
  'dns-label': dnsLabel,
  'dns-subdomain': dnsSubdomain,
  'label-key': qualifiedName,
  'label-value': labelValue,
  'qualified-name': qualifiedName,
  'port-name': portName,
};

function integerErrors({ min, max }: IntegerShape, value: number, path: string): FieldError[] {
  if ((min === undefined || value >= min) && (max === undefined || value <= max)) return [];
  if (max !== undefined) return [invalid(path, value, `must be between ${min ?? 0} and ${max}, inclusive`)];
  return [invalid(path, value, min === 1 ? 'must be greater than 0' : `must be greater than or equal to ${min}`)];
}
