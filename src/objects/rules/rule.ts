/** What a rule is: the check of one type, wherever in an object it stands. */
import { duplicate, type FieldError } from '../field-errors.js';

export type Rule<T> = (value: T, path: string) => FieldError[];

/** Values that stand more than once in a list; absent ones do not count. */
export function duplicates<T>(
  items: readonly T[] | undefined,
  key: (item: T) => unknown,
  path: (index: number) => string,
): FieldError[] {
  const seen = new Set<unknown>();
  return (items ?? []).flatMap((item, i) => {
    const value = key(item);
    if (value === undefined || value === '') return [];
    const again = seen.has(value);
    seen.add(value);
    return again ? [duplicate(path(i), value)] : [];
  });
}
