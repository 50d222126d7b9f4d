/** A request's path and query as what they ask for. Knows the URL grammar of the Kubernetes API, not which resources exist. */

import { type ApiError, badRequest, noResource } from './status.js';

/** `/api/v1/namespaces/NS/RESOURCE/NAME/SUBRESOURCE/REST`, or the same below `/apis/GROUP/VERSION`. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly namespace?: string;
  readonly resource: string;
  readonly name?: string;
  readonly subresource?: string;
  /** What follows the subresource: the path of a proxy request. */
  readonly rest: readonly string[];
}

/** Longer paths are refused; the longest that Kubernetes' own names can make is below 1,000. */
const MAX_PATH = 4096;

/** The decoded segments. Each is decoded on its own, once, so that an encoded slash stays part of a name and is then refused. */
export function splitPath(path: string): readonly string[] | ApiError {
  if (path.length > MAX_PATH || !path.startsWith('/')) return noResource();
  const raw = path.slice(1).split('/');
  if (raw.at(-1) === '') raw.pop();
  const segments: string[] = [];
  for (const part of raw) {
    const segment = decode(part);
    if (segment === undefined) return badRequest(`the path segment "${part}" is not valid percent-encoding`);
    if (segment === '' || segment === '.' || segment === '..' || segment.includes('\0')) return noResource();
    segments.push(segment);
  }
  return segments;
}

/** The resource that the segments name, or undefined for paths outside of /api/v1 and /apis/GROUP/VERSION. */
export function resourcePath(segments: readonly string[]): ResourcePath | undefined {
  const core = segments[0] === 'api';
  if (!core && segments[0] !== 'apis') return undefined;
  const [group, version] = core ? ['', segments[1]] : [segments[1], segments[2]];
  const path = segments.slice(core ? 2 : 3);
  if (group === undefined || version === undefined || path.length === 0) return undefined;
  // `namespaces/NS/pods` lies in NS; `namespaces/NS/status` and `/finalize` are parts of the Namespace itself.
  const inNamespace = path[0] === 'namespaces' && path.length > 2 && !['status', 'finalize'].includes(path[2]!);
  const [resource, name, subresource, ...rest] = inNamespace ? path.slice(2) : path;
  return { group, version, namespace: inNamespace ? path[1] : undefined, resource: resource!, name, subresource, rest };
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** A query value as a boolean, as strconv.ParseBool reads it: an empty value is true, anything unknown undefined. */
export function queryFlag(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null) return false;
  if (['', '1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined;
}

/** A query value as an integer >= 0; throws a BadRequest otherwise. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`invalid query parameter ${name}: "${text.slice(0, 100)}" is not a non-negative integer`);
  return Number(text);
}
