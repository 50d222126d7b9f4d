/** DELETE of all objects of a collection that match the selectors. */

import type { Api, Call } from '../api.js';
import type { ApiResponse } from '../http.js';
import { encodeList, respond } from '../respond.js';
import { deleteEntry, deleteOptions } from './delete.js';
import { page } from './list.js';

export function deleteCollection(api: Api, call: Call): ApiResponse {
  const options = deleteOptions(call);
  const { entries } = page(api, call);
  const deleted = entries.map(entry => deleteEntry(api, call.resource, entry, options).entry);
  return respond(call, 200, encodeList(call, deleted, { resourceVersion: String(api.store.revision) }));
}
