/** A column of `kubectl get`, and the ways its cells are commonly written. Knows no kind. */
import type { KubeObject } from '../meta.js';
import { age } from '../time.js';

export type Cell = string | number | boolean | null;

export interface Column<T extends KubeObject = KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` marks the column by which a row is known. */
  readonly format: string;
  readonly description: string;
  /** 0 always, 1 only with `-o wide`. */
  readonly priority: number;
  cell(object: T, now: Date): Cell;
}

export const NONE = '<none>';

export function text<T extends KubeObject>(
  name: string,
  cell: (object: T, now: Date) => Cell,
  description = '',
): Column<T> {
  return { name, type: 'string', format: '', description, priority: 0, cell };
}

export function count<T extends KubeObject>(
  name: string,
  cell: (object: T, now: Date) => number,
  description = '',
): Column<T> {
  return { name, type: 'integer', format: '', description, priority: 0, cell };
}

/** Only with `-o wide`. */
export const wide = <T extends KubeObject>(column: Column<T>): Column<T> => ({ ...column, priority: 1 });

export const NAME: Column = {
  ...text('Name', object => object.metadata.name, 'Name must be unique within a namespace.'),
  format: 'name',
};

export const AGE: Column = text(
  'Age',
  (object, now) => age(object.metadata.creationTimestamp, now),
  'Time since the object was created.',
);

/** RFC 3339, for kinds whose age nobody asks for. */
export const CREATED_AT: Column = {
  ...text('Created At', object => object.metadata.creationTimestamp ?? '<unknown>'),
  type: 'date',
};

/** `a=1,b=2`, sorted. */
export function labelText(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${value}`).join(',') || NONE;
}

/** The first few of a list, and how many more there are. */
export function few(
  items: readonly string[],
  max: number,
  empty: string,
  more = (rest: number) => ` + ${rest} more...`,
): string {
  if (items.length === 0) return empty;
  return items.slice(0, max).join(',') + (items.length > max ? more(items.length - max) : '');
}
