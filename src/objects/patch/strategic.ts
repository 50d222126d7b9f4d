/** Strategic merge patch: a merge patch that knows from the schema which lists merge by a key. Custom resources have none. */
import { canonicalText, isObject, type JsonObject, own, withKey } from '../json.js';
import type { ListShape, Schema } from '../schema.js';
import { type Patched, refused } from './result.js';

class Refused extends Error {}

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/** Applies a patch to an object of the schema's type. Inputs stay as they are. */
export function strategicMergePatch(document: unknown, patch: unknown, schema: Schema): Patched {
  if (!isObject(patch)) return refused('a strategic merge patch must be a JSON object', 400);
  try {
    return { value: mergeObject(schema, isObject(document) ? document : {}, patch) };
  } catch (error) {
    if (error instanceof Refused) return refused(error.message);
    throw error;
  }
}

function mergeObject(schema: Schema | undefined, original: JsonObject, patch: JsonObject): JsonObject {
  const directive = own(patch, DIRECTIVE);
  if (directive === 'delete') return {};
  if (directive === 'replace') return mergeObject(schema, {}, withKey(patch, DIRECTIVE, undefined));
  if (directive !== undefined && directive !== 'merge')
    throw new Refused(`unknown patch type: ${JSON.stringify(directive)}`);

  let result = retain(original, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN || key.startsWith(DELETE_FROM) || key.startsWith(ORDER)) continue;
    result = withKey(
      result,
      key,
      value === null ? undefined : mergeValue(fieldOf(schema, key), own(result, key), value),
    );
  }
  // After the merge, so that a list both changed and reordered ends in the order that was asked for.
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_FROM)) result = deleteFrom(result, key.slice(DELETE_FROM.length), value);
    if (key.startsWith(ORDER)) result = reorder(schema, result, original, key.slice(ORDER.length), value);
  }
  return result;
}

function fieldOf(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema?.type === 'dict') return schema.value;
  return schema?.type === 'object' && Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
}

function mergeValue(schema: Schema | undefined, original: unknown, patch: unknown): unknown {
  if (isObject(patch)) return mergeObject(schema, isObject(original) ? original : {}, patch);
  if (!Array.isArray(patch)) return patch;
  const list = schema?.type === 'list' ? schema : undefined;
  if (list?.mergeKey) return mergeByKey(list, list.mergeKey, Array.isArray(original) ? original : [], patch);
  if (list?.patchMerge)
    return [
      ...new Map(
        [...(Array.isArray(original) ? original : []), ...patch].map(item => [canonicalText(item), item]),
      ).values(),
    ];
  return patch;
}

function mergeByKey(
  schema: ListShape,
  key: string,
  original: readonly unknown[],
  patch: readonly unknown[],
): unknown[] {
  const items = patch.map(item =>
    isObject(item) ? item : refuse(`expected an object in the list, got ${JSON.stringify(item)}`),
  );
  // A replacing list is taken as it is: two items of it may share the merge key, as a dual-stack node's addresses do.
  if (items.some(item => item[DIRECTIVE] === 'replace'))
    return items.filter(item => item[DIRECTIVE] !== 'replace').map(item => mergeObject(schema.item, {}, item));
  let result: unknown[] = [...original];
  for (const item of items) {
    const value = own(item, key);
    if (value === undefined || value === null)
      refuse(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const at = result.findIndex(candidate => isObject(candidate) && own(candidate, key) === value);
    if (item[DIRECTIVE] === 'delete')
      result = result.filter(candidate => !(isObject(candidate) && own(candidate, key) === value));
    else if (at < 0) result.push(mergeObject(schema.item, {}, item));
    else result[at] = mergeObject(schema.item, result[at] as JsonObject, item);
  }
  return result;
}

/** `$retainKeys` names all fields that stay: what replaces a union's member must drop the old one. */
function retain(original: JsonObject, patch: JsonObject): JsonObject {
  const keep = own(patch, RETAIN);
  if (keep === undefined) return original;
  if (!Array.isArray(keep)) throw new Refused(`${RETAIN} must be a list`);
  const stray = Object.keys(patch).find(key => !key.startsWith('$') && patch[key] !== null && !keep.includes(key));
  if (stray !== undefined) throw new Refused(`${RETAIN} does not name ${stray}, which the patch sets`);
  return Object.fromEntries(Object.entries(original).filter(([key]) => keep.includes(key)));
}

function deleteFrom(object: JsonObject, key: string, values: unknown): JsonObject {
  const list = own(object, key);
  if (!Array.isArray(values)) throw new Refused(`${DELETE_FROM}${key} must be a list`);
  if (!Array.isArray(list)) return object;
  const gone = new Set(values.map(canonicalText));
  return withKey(
    object,
    key,
    list.filter(item => !gone.has(canonicalText(item))),
  );
}

/** Items that the patch names take its order; the server's own keep their places among those around them. */
function reorder(
  schema: Schema | undefined,
  object: JsonObject,
  original: JsonObject,
  key: string,
  order: unknown,
): JsonObject {
  const list = own(object, key);
  if (!Array.isArray(order)) throw new Refused(`${ORDER}${key} must be a list`);
  if (!Array.isArray(list)) return object;
  const field = fieldOf(schema, key);
  const mergeKey = field?.type === 'list' ? field.mergeKey : undefined;
  const id = (item: unknown) => canonicalText(mergeKey && isObject(item) ? own(item, mergeKey) : item);
  const wanted = order.map(id);
  const before = own(original, key);
  const server = (Array.isArray(before) ? before : []).map(id);
  const named = list
    .filter(item => wanted.includes(id(item)))
    .sort((a, b) => wanted.indexOf(id(a)) - wanted.indexOf(id(b)));
  const others = list.filter(item => !wanted.includes(id(item)));
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [left, right] = [server.indexOf(id(others[0])), server.indexOf(id(named[0]))];
    result.push(left >= 0 && right >= 0 && left < right ? others.shift() : named.shift());
  }
  return withKey(object, key, [...result, ...named, ...others]);
}

function refuse(message: string): never {
  throw new Refused(message);
}
