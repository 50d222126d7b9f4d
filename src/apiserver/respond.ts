/** Answers as bytes: single objects, lists and errors in the shape that was asked for. Knows shapes; decides nothing. */

import { fromEventV1, toEventV1 } from '../objects/event.js';
import type { Event, EventV1 } from '../objects/kinds.js';
import { table } from '../objects/print/table.js';
import { apiVersionOf } from '../objects/resources.js';
import type { Call, KubeObject, Resource } from './api.js';
import type { ApiResponse } from './http.js';
import { type ApiError, badRequest } from './status.js';
import { Entry } from './store/entry.js';

/** The answer with one object; `status` 200 or 201. */
export function respondObject(call: Call, entry: Entry, status = 200): ApiResponse {
  return respond(call, status, encodeEntry(call, entry));
}

/** The answer with a value that is no object of the resource: a Status, a Scale, a token. */
export function respondValue(call: Pick<Call, 'warnings'>, value: unknown, status = 200): ApiResponse {
  return respond(call, status, Buffer.from(JSON.stringify(value)));
}

export function respondError(error: ApiError, warnings: readonly string[] = []): ApiResponse {
  return respond({ warnings }, error.status, Buffer.from(JSON.stringify(error.toStatus())), {
    ...(error.details?.retryAfterSeconds && { 'retry-after': String(error.details.retryAfterSeconds) }),
  });
}

export function respond(
  call: { readonly warnings: readonly string[] },
  status: number,
  body: ApiResponse['body'],
  headers: Record<string, string> = {},
): ApiResponse {
  const warnings = call.warnings.map(text => `299 - "${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`);
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
      ...(warnings.length > 0 && { warning: warnings.join(', ') }),
      ...headers,
    },
    body,
  };
}

/** The entry in the call's shape and version; plain objects come from the store's own bytes. */
export function encodeEntry(call: Pick<Call, 'resource' | 'accepted' | 'request'>, entry: Entry): Buffer {
  const { shape, version } = call.accepted;
  if (shape === 'object') return plain(call.resource, entry);
  if (shape === 'partial') return entry.as(`partial/${version}`, object => json(partial(object, version)));
  return json({ ...tableOf(call, [entry]), metadata: { resourceVersion: String(entry.revision) } });
}

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export function encodeList(call: Call, entries: readonly Entry[], metadata: ListMeta): Buffer {
  const { shape, version } = call.accepted;
  if (shape === 'table') return json({ ...tableOf(call, entries), metadata });
  const head =
    shape === 'partial'
      ? { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata }
      : { kind: `${call.resource.kind}List`, apiVersion: apiVersionOf(call.resource), metadata };
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  for (const [i, entry] of entries.entries()) {
    if (i > 0) parts.push(COMMA);
    parts.push(encodeEntry(call, entry));
  }
  parts.push(END);
  return Buffer.concat(parts);
}

const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

/** The object as this version of its resource has it. */
export function inVersion(resource: Resource, object: KubeObject): KubeObject {
  const apiVersion = apiVersionOf(resource);
  if (object.apiVersion === apiVersion) return object;
  if (resource.storedAs?.kind === 'Event') return toEventV1(object as unknown as Event) as unknown as KubeObject;
  return { ...object, apiVersion };
}

/** The object as it is stored. */
export function inStorage(resource: Resource, object: KubeObject): KubeObject {
  if (resource.storedAs?.kind === 'Event') return fromEventV1(object as unknown as EventV1) as unknown as KubeObject;
  return object;
}

function plain(resource: Resource, entry: Entry): Buffer {
  // Nearly always it is stored in the version that is asked for; the first bytes of `value` tell, without parsing it.
  const apiVersion = apiVersionOf(resource);
  if (entry.isVersion(apiVersion)) return entry.value;
  return entry.as(apiVersion, object => json(inVersion(resource, object)));
}

function partial(object: KubeObject, version: string): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

const INCLUDES = ['None', 'Metadata', 'Object'] as const;

function tableOf(call: Pick<Call, 'resource' | 'accepted' | 'request'>, entries: readonly Entry[]): object {
  const { resource, accepted, request } = call;
  const wanted = request.query.get('includeObject') || 'Metadata';
  const include = INCLUDES.find(value => value === wanted);
  if (!include) throw badRequest(`unrecognized includeObject value: "${wanted.slice(0, 100)}"`);
  const objects = entries.map(entry => inVersion(resource, entry.object));
  const { columnDefinitions, rows } = table(resource, objects, { now: new Date() });
  const object = (i: number) =>
    include === 'None' ? undefined : include === 'Object' ? objects[i] : partial(objects[i]!, accepted.version);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${accepted.version}`,
    columnDefinitions,
    rows: rows.map((row: object, i: number) => ({ ...row, object: object(i) })),
  };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** An entry that is in no store: the answer to a dry run. */
export function unstored(key: string, object: KubeObject): Entry {
  return new Entry(key, Number(object.metadata.resourceVersion ?? 0), json(object), object);
}
