/** Whether a write would change an object. Knows only what never counts: when a manager last touched its fields. */

import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ManagedFieldsEntry } from '../objects/meta.js';

/** Equal but for the times in managedFields: such a write makes no revision, so that repeating an apply disturbs no watch. */
export function sameObject(a: KubeObject, b: KubeObject): boolean {
  return isDeepStrictEqual(plain(timeless(a)), plain(timeless(b)));
}

function timeless(object: KubeObject): KubeObject {
  const managedFields = object.metadata.managedFields?.map(({ time: _, ...entry }: ManagedFieldsEntry) => entry);
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

/** As it would be written: without fields that are undefined. */
function plain(object: KubeObject): unknown {
  return JSON.parse(JSON.stringify(object));
}
