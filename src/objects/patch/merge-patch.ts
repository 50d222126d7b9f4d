/** JSON Merge Patch, RFC 7386: null removes, objects merge, everything else replaces. */
import { isObject, type JsonObject, own, withKey } from '../json.js';
import { type Patched, refused } from './result.js';

/** Applies a merge patch to an object. Inputs stay as they are; parts that do not change are shared. */
export function mergePatch(document: unknown, patch: unknown): Patched {
  return isObject(patch) ? { value: merge(document, patch) } : refused('a merge patch must be a JSON object', 400);
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  let result: JsonObject = isObject(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    result = withKey(result, key, value === null ? undefined : merge(own(result, key), value));
  }
  return result;
}
