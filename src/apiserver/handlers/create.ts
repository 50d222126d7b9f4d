/** POST of a new object. */

import type { Api, Call } from '../api.js';
import type { ApiResponse } from '../http.js';
import { respondObject } from '../respond.js';
import { ApiError } from '../status.js';
import { createObject } from '../write.js';
import { bodyObject, writeOptions } from './input.js';

/** How many generated names are tried before the collision is the client's to handle. */
const ATTEMPTS = 8;

export function create(api: Api, call: Call): ApiResponse {
  const object = bodyObject(call);
  const options = writeOptions(call);
  for (let attempt = 1; ; attempt++) {
    try {
      return respondObject(call, createObject(api, call.resource, object, options), 201);
    } catch (error) {
      const collided = error instanceof ApiError && error.reason === 'AlreadyExists' && !object.metadata.name;
      if (!collided || attempt === ATTEMPTS) throw error;
    }
  }
}
