/** The scale subresource: any resource with replicas as an autoscaling/v1 Scale. Knows where replicas are from the resource's own paths. */

import type { LabelSelector } from '../../objects/kinds.js';
import { formatLabelSelector } from '../../objects/selectors.js';
import type { Api, Call, KubeObject } from '../api.js';
import { type Json, mediaType, readObject, readValue } from '../body.js';
import { find } from '../handlers/get.js';
import { writeOptions } from '../handlers/input.js';
import { applyPatch, patchOf } from '../handlers/patch.js';
import type { ApiResponse } from '../http.js';
import { respondValue } from '../respond.js';
import { badRequest, type Cause, invalid } from '../status.js';
import { updateObject } from '../write.js';

export function getScale(api: Api, call: Call): ApiResponse {
  return respondValue(call, scaleOf(call, find(api, call).object));
}

export function putScale(api: Api, call: Call): ApiResponse {
  return write(api, call, readObject(call.request.body, call.request.headers['content-type']));
}

export function patchScale(api: Api, call: Call): ApiResponse {
  const type = mediaType(call.request.headers['content-type']);
  const body = readValue(call.request.body, type);
  // Scale has no lists with keys, so a strategic merge patch is a merge patch.
  const change = patchOf(call, type === 'application/json-patch+json' ? type : 'application/merge-patch+json');
  return write(api, call, applyPatch(change, scaleOf(call, find(api, call).object), body));
}

function write(api: Api, call: Call, scale: Json): ApiResponse {
  const { resource, path } = call;
  const entry = find(api, call);
  const replicas = replicasOf(scale, path.name!);
  const { metadata } = entry.object;
  const given = scale.metadata as KubeObject['metadata'] | undefined;
  const versions = given?.resourceVersion && { resourceVersion: given.resourceVersion };
  const { resourceVersion: _, ...rest } = metadata;
  const object = setPath(
    { ...entry.object, metadata: { ...rest, ...versions } },
    resource.scale!.specReplicasPath,
    replicas,
  );
  const options = { ...writeOptions(call), subresource: 'scale' };
  return respondValue(call, scaleOf(call, updateObject(api, resource, entry, object as KubeObject, options).object));
}

function replicasOf(scale: Json, name: string): number {
  const { replicas = 0 } = (scale.spec ?? {}) as { replicas?: unknown };
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) throw badRequest('spec.replicas must be an integer');
  const causes: Cause[] = [];
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
    causes.push({ reason: 'FieldValueInvalid', message, field: 'spec.replicas' });
  }
  if (causes.length > 0) throw invalid('autoscaling', 'Scale', name, causes);
  return replicas;
}

function scaleOf({ resource }: Call, object: KubeObject): Json {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = resource.scale!;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = labelSelectorPath && getPath(object, labelSelectorPath);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: getPath(object, specReplicasPath) ?? 0 },
    status: {
      replicas: getPath(object, statusReplicasPath) ?? 0,
      ...(selector !== undefined && {
        selector: typeof selector === 'string' ? selector : formatLabelSelector(selector as LabelSelector),
      }),
    },
  };
}

/** `.spec.replicas` as `['spec', 'replicas']`: a CRD's scale paths are such simple JSONPaths. */
const steps = (path: string) => path.split('.').filter(step => step !== '');

function getPath(object: Json, path: string): unknown {
  return steps(path).reduce<unknown>(
    (value, step) => (isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined),
    object,
  );
}

function setPath(object: Json, path: string, value: unknown): Json {
  const [first, ...rest] = steps(path);
  const inner = isObject(object[first!]) ? (object[first!] as Json) : {};
  return { ...object, [first!]: rest.length === 0 ? value : setPath(inner, `.${rest.join('.')}`, value) };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
