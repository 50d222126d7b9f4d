/** Which form of the answer a client wants, by its Accept header. Knows media types and their order, nothing of content. */

import { ApiError } from './status.js';

/** Objects as they are, as rows of a table, or their metadata only. */
export type Shape = 'object' | 'table' | 'partial';

export interface Accepted {
  readonly shape: Shape;
  /** meta.k8s.io version of Table and PartialObjectMetadata; kubectl 1.20 may ask for v1beta1. */
  readonly version: 'v1' | 'v1beta1';
  readonly contentType: string;
}

interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

const JSON_TYPES = ['application/json', 'application/*', '*/*'];

/** The first wanted form we can give; throws 406 when there is none. Protobuf is skipped, never guessed at. */
export function negotiate(accept: string | undefined): Accepted {
  for (const { type, parameters } of mediaRanges(accept)) {
    if (!JSON_TYPES.includes(type)) continue;
    const version = parameters.v === 'v1beta1' ? 'v1beta1' : 'v1';
    const shape = shapeOf(parameters);
    if (shape) return { shape, version, contentType: 'application/json' };
  }
  throw notAcceptable(['application/json']);
}

export function notAcceptable(types: readonly string[]): ApiError {
  const message = `only the following media types are accepted: ${types.join(', ')}`;
  return new ApiError(406, 'NotAcceptable', message, {});
}

function shapeOf(parameters: Readonly<Record<string, string>>): Shape | undefined {
  if (parameters.as === undefined) return 'object';
  if (parameters.g !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(parameters.v ?? '')) return undefined;
  if (parameters.as === 'Table') return 'table';
  return /^PartialObjectMetadata(List)?$/.test(parameters.as) ? 'partial' : undefined;
}

/** The ranges of an Accept header (RFC 9110 §12.5.1), most wanted first; no header accepts anything. */
export function mediaRanges(accept: string | undefined): MediaRange[] {
  const ranges = (accept || '*/*').split(',').map(range => {
    const [type, ...rest] = range.split(';').map(part => part.trim());
    const parameters = Object.fromEntries(rest.map(part => part.split('=', 2) as [string, string]));
    return { type: type!.toLowerCase(), parameters, quality: Number(parameters.q ?? 1) };
  });
  return ranges.filter(range => range.quality > 0).sort((a, b) => b.quality - a.quality);
}
