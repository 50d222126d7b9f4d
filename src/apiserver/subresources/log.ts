/** GET pods/NAME/log: the options of the query, handed to the Pod's node, and its bytes handed back. */

import type { Api, Call } from '../api.js';
import { find } from '../handlers/get.js';
import type { ApiResponse } from '../http.js';
import type { LogOptions } from '../node-proxy.js';
import { queryFlag, queryInteger } from '../request.js';
import { respond } from '../respond.js';
import { ApiError, badRequest } from '../status.js';

interface Pod {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { name: string }[];
    readonly initContainers?: readonly { name: string }[];
  };
}

export async function log(api: Api, call: Call): Promise<ApiResponse> {
  const { name, namespace } = find(api, call).object.metadata;
  const pod = find(api, call).object as unknown as Pod;
  const options = {
    ...logOptions(call.request.query),
    container: containerOf(pod, name, call.request.query.get('container')),
  };
  // An unscheduled Pod has no logs yet; the real server answers so, too.
  if (!pod.spec.nodeName) return respond(call, 200, new Uint8Array(), TEXT);
  if (!api.nodeProxy) throw new ApiError(404, 'NotFound', 'this API server has no way to the nodes', {});
  const stream = await api.nodeProxy.logs({ namespace: namespace!, name }, options);
  call.request.signal?.addEventListener('abort', () => stream.destroy(), { once: true });
  return respond(call, 200, stream as AsyncIterable<Uint8Array>, TEXT);
}

const TEXT = { 'content-type': 'text/plain' };

function logOptions(query: URLSearchParams): LogOptions {
  const sinceTime = query.get('sinceTime') || undefined;
  if (sinceTime && Number.isNaN(Date.parse(sinceTime)))
    throw badRequest(`sinceTime: Invalid value: ${JSON.stringify(sinceTime.slice(0, 100))}`);
  const sinceSeconds = queryInteger(query, 'sinceSeconds');
  if (sinceTime && sinceSeconds !== undefined)
    throw badRequest('at most one of sinceTime or sinceSeconds may be specified');
  return {
    follow: queryFlag(query, 'follow'),
    previous: queryFlag(query, 'previous'),
    timestamps: queryFlag(query, 'timestamps'),
    tailLines: queryInteger(query, 'tailLines'),
    limitBytes: queryInteger(query, 'limitBytes'),
    sinceSeconds,
    sinceTime,
  };
}

/** The container that is asked for, or the only one; in the words that kubectl's users know. */
export function containerOf({ spec }: Pod, pod: string, asked: string | null): string {
  const names = spec.containers.map(({ name }) => name);
  const all = [...names, ...(spec.initContainers ?? []).map(({ name }) => name)];
  if (asked) {
    if (!all.includes(asked)) throw badRequest(`container ${asked.slice(0, 253)} is not valid for pod ${pod}`);
    return asked;
  }
  if (names.length === 1) return names[0]!;
  throw badRequest(`a container name must be specified for pod ${pod}, choose one of: [${names.join(' ')}]`);
}
