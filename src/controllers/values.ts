/** Comparing and naming API values. Knows JSON, no kind. */

import { createHash } from 'node:crypto';

const texts = new WeakMap<object, string>();

/** JSON with sorted keys and without undefined: equal values have equal texts. Objects are immutable, so texts are kept. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = texts.get(value);
  if (text === undefined) texts.set(value, (text = write(value)));
  return text;
}

function write(value: object): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join()}}`;
}

export const same = (a: unknown, b: unknown): boolean => a === b || canonical(a) === canonical(b);

/** No vowels and no look-alikes: a hash that spells no word, as names in Kubernetes have it. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Ten letters for a value; another `salt` gives others. */
export function shortHash(value: unknown, salt = 0): string {
  const digest = createHash('sha256')
    .update(`${canonical(value)}${salt || ''}`)
    .digest();
  return Array.from(digest.subarray(0, 10), byte => LETTERS[byte % LETTERS.length]).join('');
}

interface ConditionLike {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** The list with this condition; its transition time stays when its status does, and nothing changes when nothing is new. */
export function withCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  next: Omit<C, 'lastTransitionTime'>,
  time: string,
): readonly C[] {
  const list = conditions ?? [];
  const present = list.find(({ type }) => type === next.type);
  const lastTransitionTime = present?.status === next.status ? (present.lastTransitionTime ?? time) : time;
  const condition = { ...next, lastTransitionTime } as unknown as C;
  if (present && same({ ...present, ...condition }, present)) return list;
  return present ? list.map(one => (one === present ? { ...present, ...condition } : one)) : [...list, condition];
}
