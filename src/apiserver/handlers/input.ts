/** What a write request says beside its path: the object in the body and the common options. Writes nothing. */

import { decode, duplicateFields } from '../../objects/decode.js';
import { apiVersionOf } from '../../objects/resources.js';
import type { Call, KubeObject, Resource } from '../api.js';
import { type Json, mediaType, readObject } from '../body.js';
import { type ApiError, badRequest, type Cause, invalid } from '../status.js';
import type { WriteOptions } from '../write.js';

/** The object in the body, of the call's resource. Throws 400 (other kind, other namespace, unknown fields under Strict), 413, 415. */
export function bodyObject(call: Call): KubeObject {
  const { body, headers } = call.request;
  const json = readObject(body, headers['content-type']);
  const mode = validationMode(call);
  // A parser keeps the last of two equal keys, so they must be looked for in the text.
  const isText = mode !== 'Ignore' && mediaType(headers['content-type']) === 'application/json';
  const object = decodeObject(call, json);
  if (isText) report(call, duplicateFields(Buffer.from(body!).toString()));
  return object;
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
  if (errors.length > 0) throw undecodable(resource, errors);
  report(call, unknown);
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

/** A value of a wrong type: of a built-in kind the body cannot be read at all, of a custom resource it is invalid. */
function undecodable(resource: Resource, errors: readonly Cause[]): ApiError {
  if (resource.structural) return invalid(resource.group, resource.kind, '', errors);
  const what = errors.map(({ field, message }) => `${field}: ${message}`).join(', ');
  return badRequest(cannotHandle(resource, what));
}

function cannotHandle({ kind, version }: Resource, why: string): string {
  return `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`;
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
      `${textOf(kind)} in version "${resource.version}" cannot be handled as a ${resource.kind}: the data is of another kind`,
    );
  }
}

type ValidationMode = 'Strict' | 'Warn' | 'Ignore';

function validationMode({ request }: Call): ValidationMode {
  const mode = request.query.get('fieldValidation') || 'Warn';
  if (mode === 'Strict' || mode === 'Warn' || mode === 'Ignore') return mode;
  throw badRequest(`invalid fieldValidation parameter: "${mode.slice(0, 100)}"`);
}

/** Fields that are unknown or stand twice: an error, a warning or nothing. */
function report(call: Call, findings: readonly string[]): void {
  if (findings.length === 0) return;
  const mode = validationMode(call);
  if (mode === 'Strict') throw badRequest(cannotHandle(call.resource, `strict decoding error: ${findings.join(', ')}`));
  if (mode === 'Warn') call.warnings.push(...findings);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 253) : '';
}
