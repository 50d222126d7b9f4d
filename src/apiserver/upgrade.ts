/** Requests that become streams: exec, attach and port-forward of a Pod. Knows which are allowed; the streams themselves are streams/' work. */

import type { Duplex } from 'node:stream';
import { resources } from '../objects/resources.js';
import type { Api, Resource } from './api.js';
import type { ApiRequest } from './http.js';
import { resourcePath, splitPath } from './request.js';
import { groupResource, storeKey } from './served.js';
import { ApiError, badRequest, noResource, notFound, unauthorized } from './status.js';

export interface UpgradeTarget {
  readonly namespace: string;
  readonly name: string;
  readonly verb: 'exec' | 'attach' | 'portforward';
  readonly query: URLSearchParams;
}

const VERBS = ['exec', 'attach', 'portforward'] as const;

/** The Pod and what is asked of it, or why not. */
export function asUpgrade(api: Api, request: ApiRequest): UpgradeTarget | ApiError {
  if (request.user.groups.includes('system:unauthenticated')) return unauthorized();
  const segments = splitPath(request.path);
  if (segments instanceof ApiError) return segments;
  const path = resourcePath(segments);
  const verb = VERBS.find(known => known === path?.subresource);
  if (!path || !verb || path.group !== '' || path.resource !== 'pods' || !path.namespace || !path.name)
    return noResource();
  const pods = resources.pods as Resource;
  const pod = api.store.get(storeKey(pods, path.namespace, path.name))?.object;
  if (!pod) return notFound(groupResource(pods), path.name);
  if (!(pod.spec as { nodeName?: string }).nodeName)
    return badRequest(`pod ${path.name} does not have a host assigned`);
  return { namespace: path.namespace, name: path.name, verb, query: request.query };
}

/** Answers an Upgrade request with an error, in plain HTTP/1.1, and ends the connection. */
export function refuse(socket: Duplex, error: ApiError): void {
  const body = JSON.stringify(error.toStatus());
  socket.end(
    `HTTP/1.1 ${error.status} ${error.reason || 'Error'}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
