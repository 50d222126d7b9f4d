/** GET of one object. */

import type { Api, Call } from '../api.js';
import type { ApiResponse } from '../http.js';
import { respondObject } from '../respond.js';
import { groupResource, storeKey } from '../served.js';
import { notFound } from '../status.js';
import type { Entry } from '../store/entry.js';

export function get(api: Api, call: Call): ApiResponse {
  return respondObject(call, find(api, call));
}

/** The entry that the path names, or a NotFound. */
export function find(api: Api, { resource, path }: Call): Entry {
  const entry = api.store.get(storeKey(resource, path.namespace, path.name!));
  if (!entry) throw notFound(groupResource(resource), path.name!);
  return entry;
}
