/** What is wrong with a field, in the form and words of Kubernetes' field.Error. Knows no kind and no schema. */

export type Reason =
  | 'FieldValueInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid';

/** One cause of a Status: `field` is `spec.ports[0].port`, `message` has no field in it. */
export interface FieldError {
  readonly reason: Reason;
  readonly field: string;
  readonly message: string;
}

export const invalid = (field: string, value: unknown, detail: string): FieldError =>
  error('FieldValueInvalid', field, `Invalid value: ${shown(value)}`, detail);

export const missing = (field: string, detail = ''): FieldError =>
  error('FieldValueRequired', field, 'Required value', detail);

export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError =>
  error(
    'FieldValueNotSupported',
    field,
    `Unsupported value: ${shown(value)}`,
    `supported values: ${supported.map(shown).join(', ')}`,
  );

export const notFound = (field: string, value: unknown): FieldError =>
  error('FieldValueNotFound', field, `Not found: ${shown(value)}`);

export const duplicate = (field: string, value: unknown): FieldError =>
  error('FieldValueDuplicate', field, `Duplicate value: ${shown(value)}`);

export const forbidden = (field: string, detail: string): FieldError =>
  error('FieldValueForbidden', field, 'Forbidden', detail);

export const tooLong = (field: string, max: number): FieldError =>
  error('FieldValueTooLong', field, 'Too long', `may not be more than ${max} bytes`);

export const tooMany = (field: string, actual: number, max: number): FieldError =>
  error('FieldValueTooMany', field, `Too many: ${actual}`, `must have at most ${max} ${max === 1 ? 'item' : 'items'}`);

export const wrongType = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueTypeInvalid',
  field,
  message: detail,
});

/** One error per message of a check from names.ts. */
export const invalidEach = (field: string, value: unknown, details: readonly string[]): FieldError[] =>
  details.map(detail => invalid(field, value, detail));

/** The text of a Status' message: `spec.x: Required value`, or several as `[a, b]`. */
export function describeErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

function error(reason: Reason, field: string, message: string, detail = ''): FieldError {
  return { reason, field, message: detail ? `${message}: ${detail}` : message };
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}
