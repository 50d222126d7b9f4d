/** What a write request says beside its path: the object in the body and the common options. Writes nothing. */

import { decode } from '../../objects/decode.js';
import { apiVersionOf } from '../../objects/resources.js';
import type { Call, KubeObject, Resource } from '../api.js';
import { type Json, readObject } from '../body.js';
import { badRequest, invalid } from '../status.js';
import type { WriteOptions } from '../write.js';

/** The object in the body, of the call's resource. Throws 400 (other kind, other namespace, unknown fields under Strict), 413, 415. */
export function bodyObject(
  call: Call,
  body: Json = readObject(call.request.body, call.request.headers['content-type']),
): KubeObject {
  return decodeObject(call, body);
}

/** A JSON value as an object of the call's resource; used for bodies and for what patches make. */
export function decodeObject(call: Call, json: Json): KubeObject {
  const { resource, path } = call;
  checkType(resource, json);
  const { object, unknown, errors } = decode(resource, {
    ...json,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: metadataOf(json),
  });
  if (errors.length > 0) throw invalid(resource.group, resource.kind, textOf(metadataOf(json).name), errors);
  reportUnknown(call, unknown);
  const { namespace = '', name = '' } = object.metadata as { namespace?: string; name?: string };
  if (resource.namespaced && namespace !== '' && namespace !== path.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (path.name !== undefined && name !== '' && name !== path.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${path.name})`);
  }
  const { namespace: _, ...metadata } = object.metadata;
  const place = {
    ...(resource.namespaced && { namespace: path.namespace }),
    ...(path.name !== undefined && { name: path.name }),
  };
  return { ...object, metadata: { ...metadata, ...place } as KubeObject['metadata'] };
}

/** dryRun and fieldManager of the query. */
export function writeOptions(call: Call): WriteOptions {
  const { query, headers } = call.request;
  return {
    dryRun: isDryRun(query.getAll('dryRun')),
    manager: fieldManager(query.get('fieldManager')) || defaultManager(headers['user-agent']),
    subresource: call.path.subresource,
  };
}

export function isDryRun(values: readonly unknown[]): boolean {
  const wrong = values.find(value => value !== 'All' && value !== '');
  if (wrong !== undefined) {
    const message = `Invalid value: [${JSON.stringify(wrong)}]: supported values: "All"`;
    throw invalid('meta.k8s.io', 'DryRun', '', [{ reason: 'FieldValueNotSupported', message, field: 'dryRun' }]);
  }
  return values.includes('All');
}

function fieldManager(name: string | null): string {
  if (name === null) return '';
  if (name.length > 128 || !/^[\P{C}]*$/u.test(name))
    throw badRequest('fieldManager must be at most 128 printable characters');
  return name;
}

/** As the real server derives it: what stands before the slash. */
function defaultManager(userAgent = 'unknown'): string {
  return userAgent.split('/', 1)[0]!.replace(/\p{C}/gu, '').slice(0, 128) || 'unknown';
}

function metadataOf(json: Json): Json {
  const { metadata = {} } = json;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw badRequest('json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta');
  }
  return metadata as Json;
}

function checkType(resource: Resource, json: Json): void {
  const { apiVersion, kind } = json;
  const expected = apiVersionOf(resource);
  if (apiVersion !== undefined && apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${textOf(apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== undefined && kind !== resource.kind) {
    throw badRequest(
      `${textOf(kind)} in version "${resource.version}" cannot be handled as a ${resource.kind}: the kind in the data does not match`,
    );
  }
}

function reportUnknown(call: Call, unknown: readonly string[]): void {
  if (unknown.length === 0) return;
  const { resource, request, warnings } = call;
  const mode = request.query.get('fieldValidation') || 'Warn';
  if (!['Strict', 'Warn', 'Ignore'].includes(mode))
    throw badRequest(`invalid fieldValidation parameter: "${mode.slice(0, 100)}"`);
  if (mode === 'Strict') {
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${unknown.join(', ')}`,
    );
  }
  if (mode === 'Warn') warnings.push(...unknown);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 253) : '';
}
