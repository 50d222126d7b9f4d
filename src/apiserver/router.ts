/** From a request to its handler: resources by path and method, and the few paths that are no resources. Decides nothing else. */

import type { Api, Call, Handler, Resource, Verb } from './api.js';
import { type Checks, healthAnswer } from './discovery/health.js';
import type { OpenApi } from './discovery/openapi.js';
import { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions } from './discovery/resources.js';
import { versionInfo } from './discovery/version.js';
import { create } from './handlers/create.js';
import { remove } from './handlers/delete.js';
import { deleteCollection } from './handlers/delete-collection.js';
import { get } from './handlers/get.js';
import { list } from './handlers/list.js';
import { patch } from './handlers/patch.js';
import { update } from './handlers/update.js';
import { watch } from './handlers/watch.js';
import type { ApiRequest, ApiResponse } from './http.js';
import { mediaRanges, negotiate } from './negotiate.js';
import { queryFlag, type ResourcePath, resourcePath, splitPath } from './request.js';
import { respond, respondValue } from './respond.js';
import { review } from './review/reviews.js';
import { ApiError, badRequest, methodNotAllowed, noResource, unauthorized } from './status.js';
import { bind } from './subresources/binding.js';
import { evict } from './subresources/eviction.js';
import { finalize } from './subresources/finalize.js';
import { log } from './subresources/log.js';
import { getScale, patchScale, putScale } from './subresources/scale.js';
import { createToken } from './subresources/token.js';

const HANDLERS: Readonly<Record<Verb, Handler>> = {
  get,
  list,
  watch,
  create: (api, call) => review(api, call) ?? create(api, call),
  update,
  patch,
  delete: remove,
  deletecollection: deleteCollection,
};

/** What stands under an object, by method. */
const SUBRESOURCES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  status: { GET: get, PUT: update, PATCH: patch },
  ephemeralcontainers: { GET: get, PUT: update, PATCH: patch },
  resize: { GET: get, PUT: update, PATCH: patch },
  scale: { GET: getScale, PUT: putScale, PATCH: patchScale },
  binding: { POST: bind },
  eviction: { POST: evict },
  token: { POST: createToken },
  finalize: { PUT: finalize },
  log: { GET: log },
  exec: { GET: needsUpgrade, POST: needsUpgrade },
  attach: { GET: needsUpgrade, POST: needsUpgrade },
  portforward: { GET: needsUpgrade, POST: needsUpgrade },
};

/** The same requests with an Upgrade header never come here; see upgrade.ts. */
function needsUpgrade(): never {
  throw badRequest('Upgrade request required');
}

/** Anybody may ask these. */
const PUBLIC = ['livez', 'readyz', 'healthz', 'version'];

export interface Router {
  readonly api: Api;
  readonly openapi: OpenApi;
  /** host:port, as clients reach us. */
  readonly address: string;
  checks(): Checks;
}

/** The answer to a request; what is wrong with it is thrown as an ApiError. */
export async function route(router: Router, request: ApiRequest): Promise<ApiResponse> {
  const segments = splitPath(request.path);
  if (segments instanceof ApiError) throw segments;
  const anonymous = request.user.groups.includes('system:unauthenticated');
  if (anonymous && !PUBLIC.includes(segments[0] ?? '')) throw unauthorized();
  const path = resourcePath(segments);
  return path ? routeResource(router.api, request, path) : routeOther(router, request, segments);
}

function routeResource(api: Api, request: ApiRequest, path: ResourcePath): ApiResponse | Promise<ApiResponse> {
  const resource = api.served.find(path.group, path.version, path.resource);
  if (!resource || !fits(resource, path)) throw noResource();
  const handler =
    path.subresource === undefined
      ? HANDLERS[verbOf(request, resource, path)]
      : SUBRESOURCES[path.subresource]?.[request.method];
  if (!handler) throw methodNotAllowed();
  return handler(api, callOf(request, resource, path));
}

function callOf(request: ApiRequest, resource: Resource, path: ResourcePath): Call {
  // A log is text whatever its reader accepts.
  const accept = path.subresource === 'log' ? undefined : request.headers.accept;
  return { request, path, resource, accepted: negotiate(accept), warnings: [] };
}

/** Whether the path has the shape that the resource's scope and subresources give it. */
function fits(resource: Resource, { namespace, name, subresource, rest }: ResourcePath): boolean {
  if (!resource.namespaced && namespace !== undefined) return false;
  if (resource.namespaced && name !== undefined && namespace === undefined) return false;
  return subresource === undefined || (rest.length === 0 && resource.subresources.some(known => known === subresource));
}

function verbOf({ method, query }: ApiRequest, resource: Resource, { name, namespace }: ResourcePath): Verb {
  const wanted = ((): Verb | undefined => {
    if (method === 'GET' && queryFlag(query, 'watch')) return 'watch';
    if (name !== undefined)
      return ({ GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const)[method as 'GET'];
    if (method === 'GET') return 'list';
    if (resource.namespaced && namespace === undefined) return undefined;
    return ({ POST: 'create', DELETE: 'deletecollection' } as const)[method as 'POST'];
  })();
  if (!wanted || !resource.verbs.includes(wanted)) throw methodNotAllowed();
  return wanted;
}

function routeOther(router: Router, request: ApiRequest, segments: readonly string[]): ApiResponse {
  const [first = '', group = '', version = ''] = segments;
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw segments.length === 0 ? methodNotAllowed() : noResource();
  switch (first) {
    case 'livez':
    case 'readyz':
    case 'healthz':
      return health(router, request, first);
    case 'version':
      return value(versionInfo());
    case 'openapi':
      return router.openapi.answer(segments, request.headers.accept);
    case 'api':
    case 'apis':
      return discovery(router, request, first === 'api' ? ['', group] : [group, version], segments.length);
    case '':
      return value({
        paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
      });
    default:
      throw noResource();
  }
}

function discovery(
  router: Router,
  request: ApiRequest,
  [group, version]: readonly string[],
  depth: number,
): ApiResponse {
  const groups = router.api.served.groups();
  if (depth === 1) {
    const core = group === '' && request.path.startsWith('/api') && !request.path.startsWith('/apis');
    const form = aggregatedForm(request.headers.accept);
    if (form)
      return value(
        aggregated(groups, core, form),
        `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`,
      );
    return value(core ? apiVersions(router.address) : apiGroupList(groups));
  }
  const versions = groups.get(group!);
  if (!versions) throw noResource();
  if (version === '') return value(apiGroup(group!, versions));
  const resources = versions.get(version!);
  if (!resources) throw noResource();
  return value(apiResourceList(group ? `${group}/${version}` : version!, resources));
}

/** The version of the aggregated form, when it is wanted before the legacy one. */
function aggregatedForm(accept: string | undefined): string | undefined {
  for (const { type, parameters } of mediaRanges(accept)) {
    if (type !== 'application/json' && type !== '*/*') continue;
    if (parameters.as === undefined) return undefined;
    const { g, v, as } = parameters;
    if (g === 'apidiscovery.k8s.io' && as === 'APIGroupDiscoveryList' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}

function health(router: Router, request: ApiRequest, path: string): ApiResponse {
  const { status, text } = healthAnswer(`/${path}`, router.checks(), request.query.has('verbose'));
  return respond({ warnings: [] }, status, Buffer.from(text), { 'content-type': 'text/plain; charset=utf-8' });
}

function value(content: object, contentType = 'application/json'): ApiResponse {
  return {
    ...respondValue({ warnings: [] }, content),
    headers: { 'content-type': contentType, 'cache-control': 'public, max-age=0' },
  };
}
