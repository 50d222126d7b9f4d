/** JSON Patch, RFC 6902, with JSON Pointers, RFC 6901. All operations apply or none. */
import { equal, isObject, type JsonObject, own, withKey } from '../json.js';
import { type Patched, refused } from './result.js';

/** As kube-apiserver: more operations than this are refused with 413. */
export const MAX_OPERATIONS = 10_000;

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

class Refused extends Error {}

/** Applies a list of operations to a document, which stays as it is. */
export function jsonPatch(document: unknown, patch: unknown): Patched {
  if (!Array.isArray(patch)) return refused('a JSON patch must be a list of operations', 400);
  if (patch.length > MAX_OPERATIONS) {
    return refused(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`, 413);
  }
  try {
    let value = document;
    for (const operation of patch) {
      if (!isOperation(operation)) return refused('a JSON patch operation needs op and path, both strings', 400);
      value = apply(value, operation);
    }
    return { value };
  } catch (error) {
    if (error instanceof Refused) return refused(error.message);
    throw error;
  }
}

const isOperation = (value: unknown): value is Operation =>
  isObject(value) &&
  typeof value.op === 'string' &&
  typeof value.path === 'string' &&
  ['string', 'undefined'].includes(typeof value.from);

function apply(document: unknown, operation: Operation): unknown {
  const path = pointer(operation.path);
  switch (operation.op) {
    case 'add':
      return add(document, path, given(operation));
    case 'remove':
      return remove(document, path);
    case 'replace':
      get(document, path);
      return path.length === 0
        ? given(operation)
        : change(document, path, (parent, key) => set(parent, key, given(operation)));
    case 'move': {
      const from = pointer(operation.from ?? fail('move needs from'));
      if (path.length > from.length && from.every((step, i) => step === path[i]))
        fail(`cannot move ${operation.from} into itself`);
      return add(remove(document, from), path, get(document, from));
    }
    case 'copy':
      return add(document, path, get(document, pointer(operation.from ?? fail('copy needs from'))));
    case 'test':
      if (!equal(get(document, path), given(operation))) fail(`testing value ${operation.path} failed: test failed`);
      return document;
    default:
      return fail(`Unexpected kind: ${operation.op}`);
  }
}

function given(operation: Operation): unknown {
  return Object.hasOwn(operation, 'value') ? operation.value : fail(`${operation.op} needs a value`);
}

function pointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) fail(`'${text}' is no JSON pointer`);
  return text
    .slice(1)
    .split('/')
    .map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function get(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const [i, step] of path.entries()) {
    const next = Array.isArray(value)
      ? value[index(step, value.length - 1)]
      : isObject(value) && Object.hasOwn(value, step)
        ? value[step]
        : undefined;
    if (next === undefined) fail(`the path /${path.slice(0, i + 1).join('/')} does not exist`);
    value = next;
  }
  return value;
}

const add = (document: unknown, path: readonly string[], value: unknown): unknown =>
  path.length === 0
    ? value
    : change(document, path, (parent, key) =>
        Array.isArray(parent)
          ? parent.toSpliced(key === '-' ? parent.length : index(key, parent.length), 0, value)
          : withKey(parent as JsonObject, key, value),
      );

function remove(document: unknown, path: readonly string[]): unknown {
  get(document, path);
  if (path.length === 0) fail('cannot remove the whole document');
  return change(document, path, (parent, key) =>
    Array.isArray(parent)
      ? parent.toSpliced(index(key, parent.length - 1), 1)
      : withKey(parent as JsonObject, key, undefined),
  );
}

const set = (parent: JsonObject | readonly unknown[], key: string, value: unknown): unknown =>
  Array.isArray(parent) ? parent.with(index(key, parent.length - 1), value) : withKey(parent as JsonObject, key, value);

/** A copy in which the parent of the path's last step is what `edit` makes of it. */
function change(
  document: unknown,
  path: readonly string[],
  edit: (parent: JsonObject | readonly unknown[], key: string) => unknown,
): unknown {
  const [step, ...rest] = path as [string, ...string[]];
  if (!isObject(document) && !Array.isArray(document))
    fail(`the path ends in a ${document === null ? 'null' : typeof document} before '${step}'`);
  const parent = document as JsonObject | readonly unknown[];
  if (rest.length === 0) return edit(parent, step);
  const child = Array.isArray(parent) ? parent[index(step, parent.length - 1)] : own(parent as JsonObject, step);
  if (child === undefined) fail(`the path /${step} does not exist`);
  return set(parent, step, change(child, rest, edit));
}

function index(step: string, last: number): number {
  if (!/^(0|[1-9]\d{0,9})$/.test(step)) fail(`'${step}' is no index`);
  const value = Number(step);
  return value <= last ? value : fail(`index ${step} is beyond the end of the list`);
}

function fail(message: string): never {
  throw new Refused(message);
}
