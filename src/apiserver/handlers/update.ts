/** PUT of a whole object, or of its status. */

import type { Api, Call } from '../api.js';
import type { ApiResponse } from '../http.js';
import { respondObject } from '../respond.js';
import { updateObject } from '../write.js';
import { find } from './get.js';
import { bodyObject, writeOptions } from './input.js';

export function update(api: Api, call: Call): ApiResponse {
  const object = bodyObject(call);
  const entry = updateObject(api, call.resource, find(api, call), object, writeOptions(call));
  return respondObject(call, entry);
}
