/** Request bodies as JSON values: from JSON, YAML or protobuf, with caps. Knows media types; refuses to know what the value means. */

import { createRequire } from 'node:module';
import { decodeProtobuf } from './protobuf/decode.js';
import { ApiError, badRequest } from './status.js';

/** Loads the YAML parser (20 ms) when the first body needs it. */
const require = createRequire(import.meta.url);

/** As the real server's limit for one object. */
export const MAX_BODY = 3 << 20;
const MAX_DEPTH = 200;

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** The media type without its parameters, lower case. */
export function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';')[0]!.trim().toLowerCase();
}

/** The body as an object. Throws ApiError 400 (no object), 413 (too long) or 415 (another type than JSON or YAML). */
export function readObject(body: Uint8Array | undefined, contentType: string | undefined): Json {
  const value = readValue(body, contentType);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the request body must be an object with apiVersion and kind');
  }
  return value as Json;
}

export function readValue(body: Uint8Array | undefined, contentType: string | undefined): unknown {
  checkLength(body);
  switch (mediaType(contentType)) {
    case '':
    case 'application/json':
    case 'application/json-patch+json':
    case 'application/merge-patch+json':
    case 'application/strategic-merge-patch+json':
      return bounded(parseJson(text(body)));
    case 'application/yaml':
    case 'application/x-yaml':
    case 'text/yaml':
    case 'application/apply-patch+yaml':
      return bounded(parseYaml(text(body)));
    case 'application/vnd.kubernetes.protobuf':
      return bounded(parseProtobuf(body ?? new Uint8Array()));
    default:
      throw unsupported(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']);
  }
}

export function unsupported(types: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message, {});
}

function checkLength(body: Uint8Array | undefined): void {
  if (body && body.length > MAX_BODY) {
    throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY}`, {});
  }
}

function text(body: Uint8Array | undefined): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body ?? new Uint8Array());
  } catch {
    throw badRequest('the request body is not valid UTF-8');
  }
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw badRequest(`the request body is not valid JSON: ${(error as Error).message}`);
  }
}

function parseYaml(source: string): unknown {
  // kubectl sends what it applies as JSON, which needs no YAML parser and is a hundred times faster to read.
  if (source.trimStart().startsWith('{')) {
    try {
      return JSON.parse(source);
    } catch {
      // Flow-style YAML looks alike.
    }
  }
  const { parseDocument } = require('yaml') as typeof import('yaml');
  const document = parseDocument(source, { version: '1.1', schema: 'yaml-1.1', uniqueKeys: true });
  const error = document.errors[0];
  if (error) throw badRequest(`the request body is not valid YAML: ${error.message}`);
  try {
    // Through text: a timestamp becomes a string again, and no key can reach a prototype.
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 })) ?? 'null');
  } catch (error) {
    throw badRequest(`the request body is not valid YAML: ${(error as Error).message}`);
  }
}

function parseProtobuf(body: Uint8Array): Json {
  const decoded = decodeProtobuf(body);
  if ('error' in decoded) throw badRequest(`the request body is not a protobuf object: ${decoded.error}`);
  return decoded.object;
}

function bounded(value: unknown): unknown {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw badRequest(`the request body is nested deeper than ${MAX_DEPTH} levels`);
    level = level.flatMap(item => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return value;
}
