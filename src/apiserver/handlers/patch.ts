/** PATCH in its four content types: JSON patch, merge patch, strategic merge patch and server-side apply. */

import { apply } from '../../objects/patch/apply.js';
import { jsonPatch } from '../../objects/patch/json-patch.js';
import { mergePatch } from '../../objects/patch/merge-patch.js';
import { strategicMergePatch } from '../../objects/patch/strategic.js';
import type { Api, Call, KubeObject } from '../api.js';
import { type Json, mediaType, readObject, readValue, unsupported } from '../body.js';
import type { ApiResponse } from '../http.js';
import { queryFlag } from '../request.js';
import { inVersion, respondObject } from '../respond.js';
import { groupResource, storeKey } from '../served.js';
import { ApiError, badRequest, conflict, notFound } from '../status.js';
import type { Entry } from '../store/entry.js';
import { createObject, timestamp, updateObject } from '../write.js';
import { decodeObject, writeOptions } from './input.js';

type Patch = (
  document: Json,
  patch: unknown,
) => { readonly value: unknown } | { readonly error: string; readonly status?: number };

export function patch(api: Api, call: Call): ApiResponse {
  const type = mediaType(call.request.headers['content-type']);
  if (type === 'application/apply-patch+yaml' || type === 'application/apply-patch+cbor')
    return serverSideApply(api, call);
  const live = api.store.get(storeKey(call.resource, call.path.namespace, call.path.name!));
  const body = readValue(call.request.body, type);
  const change = patchOf(call, type);
  if (!live) throw notFound(groupResource(call.resource), call.path.name!);
  const patched = decodeObject(call, applyPatch(change, inVersion(call.resource, live.object), body));
  return respondObject(call, updateObject(api, call.resource, live, patched, writeOptions(call)));
}

/** The document after the patch; throws 400 or 422 with the patch's own complaint. */
export function applyPatch(change: Patch, document: Json, body: unknown): Json {
  const result = change(document, body);
  if ('error' in result) {
    throw new ApiError(result.status ?? 422, result.status === 400 ? 'BadRequest' : 'Invalid', result.error, {});
  }
  if (typeof result.value !== 'object' || result.value === null || Array.isArray(result.value)) {
    throw badRequest('the patch does not leave an object');
  }
  return result.value as Json;
}

export function patchOf({ resource }: Pick<Call, 'resource'>, type: string): Patch {
  switch (type) {
    case 'application/json-patch+json':
      return (document, body) => jsonPatch(document, body as never);
    case 'application/merge-patch+json':
      return (document, body) => mergePatch(document, body as never);
    case 'application/strategic-merge-patch+json':
      // A custom resource's schema has no merge keys, and the real server refuses too.
      if (resource.structural) break;
      return (document, body) => strategicMergePatch(document, body as never, resource.schema);
  }
  const strategic = resource.structural ? [] : ['application/strategic-merge-patch+json'];
  throw unsupported([
    'application/json-patch+json',
    'application/merge-patch+json',
    ...strategic,
    'application/apply-patch+yaml',
  ]);
}

function serverSideApply(api: Api, call: Call): ApiResponse {
  const { resource, path, request } = call;
  const options = writeOptions(call);
  if (!request.query.get('fieldManager'))
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  const body = readObject(request.body, request.headers['content-type']);
  for (const field of ['apiVersion', 'kind']) if (!body[field]) throw badRequest(`apply: ${field} must be set`);
  const config = decodeObject(call, body);
  if ((config.metadata.managedFields ?? []).length > 0) throw badRequest('metadata.managedFields must be nil');
  const live = api.store.get(storeKey(resource, path.namespace, path.name!));
  if (!live && path.subresource) throw notFound(groupResource(resource), path.name!);
  if (!live && config.metadata.uid)
    throw conflict(
      groupResource(resource),
      path.name!,
      `uid mismatch: the provided object specified uid ${config.metadata.uid}, and no existing object was found`,
    );
  const object = merge(call, live, config, options.manager);
  const applied = { ...options, applied: true };
  if (!live) return respondObject(call, createObject(api, resource, object, applied), 201);
  return respondObject(call, updateObject(api, resource, live, object, applied));
}

function merge(call: Call, live: Entry | undefined, config: KubeObject, manager: string): KubeObject {
  const { resource, path, request } = call;
  const result = apply({
    resource,
    live: live && inVersion(resource, live.object),
    config,
    manager,
    force: queryFlag(request.query, 'force') === true,
    subresource: path.subresource,
    now: timestamp(),
  });
  if ('object' in result) return result.object;
  const causes = result.conflicts.map(({ message, field }) => ({ reason: 'FieldManagerConflict', message, field }));
  throw new ApiError(409, 'Conflict', result.message, { causes });
}
