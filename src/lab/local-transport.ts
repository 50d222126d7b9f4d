/** The way to an API server in the same process: requests are values, so no socket, no TLS. */

import type { ApiServer } from '../apiserver/api-server.js';
import type { User } from '../apiserver/http.js';
import type { Transport } from '../client/transport.js';

export function localTransport(server: ApiServer, user: User): Transport {
  return async ({ method, path, headers, body, signal }) => {
    const mark = path.indexOf('?');
    const response = await server.handle({
      method,
      path: mark < 0 ? path : path.slice(0, mark),
      query: new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1)),
      headers,
      body,
      user,
      signal,
    });
    return { status: response.status, body: response.body instanceof Uint8Array ? once(response.body) : response.body };
  };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
