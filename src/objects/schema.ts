/** Descriptions of Kubernetes types as plain data, and the TypeScript type each stands for. Knows JSON's shapes and Kubernetes' list and map semantics; knows no kind and runs no check. */

declare const OUT: unique symbol;

/** A description of values of type T. Consumers switch over `type`; `Infer` gives T back. */
export type Schema<T = unknown> = Shape & { readonly [OUT]?: T };

/** The TypeScript type of the values that a schema describes. */
export type Infer<S> = S extends { readonly [OUT]?: infer T } ? T : never;

export type Shape =
  | StringShape
  | IntegerShape
  | ListShape
  | DictShape
  | ObjectShape
  | (Facets & { readonly type: 'number' | 'boolean' | 'intOrString' | 'quantity' | 'time' | 'any' });

/** What any schema may say of itself. */
interface Facets {
  /** Must be present and, without a default, not empty. A required object that is absent counts as `{}`, so that its own fields are asked for. */
  readonly required?: true;
  readonly default?: unknown;
  readonly description?: string;
  /** Null is a value of its own, not absence (custom resources only). */
  readonly nullable?: boolean;
}

export interface StringShape extends Facets {
  readonly type: 'string';
  readonly enum?: readonly string[];
  /** An unanchored regular expression. */
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: StringFormat;
}

/** Names of grammars: `byte` is base64; the DNS and label grammars are those of names.ts. */
export type StringFormat =
  | 'byte'
  | 'ip'
  | 'cidr'
  | 'dns-label'
  | 'dns-subdomain'
  | 'label-key'
  | 'label-value'
  | 'qualified-name'
  | 'port-name'
  | 'path';

export interface IntegerShape extends Facets {
  readonly type: 'integer';
  readonly bits: 32 | 64;
  readonly min?: number;
  readonly max?: number;
}

export interface ListShape extends Facets {
  readonly type: 'list';
  readonly item: Schema;
  /** Who owns what under server-side apply: the whole list, each value, or each item found by `keys`. */
  readonly list: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  /** The field by which strategic merge patches find items; with `patchMerge` alone, items are found by their value. */
  readonly mergeKey?: string;
  readonly patchMerge?: boolean;
  /** A strategic merge patch names the fields that an item keeps. */
  readonly retainKeys?: boolean;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface DictShape extends Facets {
  readonly type: 'dict';
  readonly value: Schema;
  readonly atomic?: boolean;
  readonly maxItems?: number;
}

export interface ObjectShape extends Facets {
  readonly type: 'object';
  readonly fields: Fields;
  /** The type's name in OpenAPI, e.g. `io.k8s.api.core.v1.PodSpec`; without one it is written inline. */
  readonly name?: string;
  /** Owned as a whole under server-side apply. */
  readonly atomic?: boolean;
  readonly retainKeys?: boolean;
  /** Unknown fields are kept as they are. */
  readonly preserveUnknown?: boolean;
}

export type Fields = Readonly<Record<string, Schema>>;

type RequiredKeys<F> = { [K in keyof F]: F[K] extends { readonly required: true } ? K : never }[keyof F];
/** The object type of some fields: all but the required ones may be absent. */
export type InferFields<F> = Flat<
  { readonly [K in RequiredKeys<F>]: Infer<F[K]> } & { readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: Infer<F[K]> }
>;
export type Flat<T> = { [K in keyof T]: T[K] };

type Options<S extends Shape> = Partial<Omit<S, 'type' | 'required' | 'default'>>;

export function object<const F extends Fields>(
  fields: F,
  options: Omit<Options<ObjectShape>, 'fields'> = {},
): Schema<InferFields<F>> & ObjectShape {
  return { type: 'object', fields, ...options };
}

export function string<const E extends readonly string[] = readonly string[]>(
  options: Omit<Options<StringShape>, 'enum'> & { readonly enum?: E } = {},
): Schema<E[number]> & StringShape {
  return { type: 'string', ...options };
}

/** A string that may have any of `values`. */
export function oneOf<const E extends readonly string[]>(...values: E): Schema<E[number]> & StringShape {
  return { type: 'string', enum: values };
}

export function int32(options: { readonly min?: number; readonly max?: number } = {}): Schema<number> & IntegerShape {
  return { type: 'integer', bits: 32, ...options };
}

/** 64 bits on the wire; a number here, exact up to 2^53. */
export function int64(options: { readonly min?: number; readonly max?: number } = {}): Schema<number> & IntegerShape {
  return { type: 'integer', bits: 64, ...options };
}

export const boolean = (): Schema<boolean> => ({ type: 'boolean' });
export const double = (): Schema<number> => ({ type: 'number' });
/** A port by number or by name, a count or a percentage. */
export const intOrString = (): Schema<number | string> => ({ type: 'intOrString' });
/** `500m`, `1Gi`: see quantity.ts. A bare JSON number is accepted, and is a string after defaulting. */
export const quantity = (): Schema<string> => ({ type: 'quantity' });
/** RFC 3339 text. */
export const time = (): Schema<string> => ({ type: 'time' });
/** Any JSON value, kept as it came. */
export const any = <T = unknown>(): Schema<T> => ({ type: 'any' });

export interface ListOptions extends Omit<Options<ListShape>, 'item' | 'list' | 'keys'> {
  readonly type?: 'atomic' | 'set' | 'map';
  readonly keys?: readonly string[];
}

/** Atomic unless said otherwise. `{type: 'map', keys: ['name']}` merges by `name` in strategic patches too, unless `mergeKey` differs. */
export function list<S extends Schema>(
  item: S,
  { type = 'atomic', keys = [], ...rest }: ListOptions = {},
): Schema<readonly Infer<S>[]> & ListShape {
  return { type: 'list', item, list: type, keys, ...rest };
}

/** A list whose items are found by one field, in server-side apply and strategic merge alike. */
export function listBy<S extends Schema>(
  key: string,
  item: S,
  options: Omit<ListOptions, 'type'> = {},
): Schema<readonly Infer<S>[]> & ListShape {
  return list(item, { type: 'map', keys: [key], mergeKey: key, ...options });
}

/** A JSON object with free keys. */
export function dict<S extends Schema>(
  value: S,
  options: { readonly atomic?: boolean } = {},
): Schema<Readonly<Record<string, Infer<S>>>> & DictShape {
  return { type: 'dict', value, ...options };
}

export function required<S extends Schema>(schema: S): S & { readonly required: true } {
  return { ...schema, required: true };
}

/** Always there: left out, it is `zero`, as the value fields of Go's types are. */
export function always<S extends Schema>(schema: S, zero: Infer<S>): S & { readonly required: true } {
  return required(withDefault(schema, zero));
}

export function withDefault<S extends Schema>(schema: S, value: Infer<S>): S {
  return { ...schema, default: value };
}

export function described<S extends Schema>(schema: S, description: string): S {
  return { ...schema, description };
}
