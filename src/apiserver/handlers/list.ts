/** GET of a collection: selectors, pages and resource versions. */

import type { Api, Call } from '../api.js';
import type { ApiResponse } from '../http.js';
import { queryInteger } from '../request.js';
import { encodeList, type ListMeta, respond } from '../respond.js';
import { collectionOf, keyPrefix } from '../served.js';
import { badRequest, expired } from '../status.js';
import type { Entry } from '../store/entry.js';
import { type Selection, selection } from './select.js';

export function list(api: Api, call: Call): ApiResponse {
  const { entries, metadata } = page(api, call);
  return respond(call, 200, encodeList(call, entries, metadata));
}

/** The entries of one page. All that a collection has is its latest state, so that is what every page shows. */
export function page(api: Api, call: Call): { entries: readonly Entry[]; metadata: ListMeta } {
  const { query } = call.request;
  const limit = queryInteger(query, 'limit') || Number.POSITIVE_INFINITY;
  const position = readContinue(query.get('continue'), keyPrefix(call.resource, call.path.namespace));
  checkVersion(query, api.store.revision, position !== undefined);
  const { entries, remaining } = take(matching(api, call, selection(call), position?.after), limit);
  // Later pages carry the first page's revision: a watch from there misses nothing that changed between the pages.
  const revision = position?.revision ?? api.store.revision;
  const resourceVersion = String(revision);
  if (remaining === 0) return { entries, metadata: { resourceVersion } };
  const next = writeContinue({ revision, after: entries.at(-1)!.key });
  // As in the real server the number is left out where a selector makes it costly to know.
  const selective = query.get('labelSelector') || query.get('fieldSelector');
  return {
    entries,
    metadata: { resourceVersion, continue: next, ...(!selective && { remainingItemCount: remaining }) },
  };
}

/** Entries of the call's resource and namespace that match, in key order. */
export function* matching(api: Api, { resource, path }: Call, selected: Selection, after?: string): Generator<Entry> {
  for (const entry of api.store.collection(collectionOf(resource)).list(keyPrefix(resource, path.namespace), after)) {
    if (selected.everything || selected.matches(entry)) yield entry;
  }
}

function take(source: Iterable<Entry>, limit: number): { entries: Entry[]; remaining: number } {
  const entries: Entry[] = [];
  let remaining = 0;
  for (const entry of source) {
    if (entries.length < limit) entries.push(entry);
    else remaining++;
  }
  return { entries, remaining };
}

interface Position {
  /** Of the first page. */
  readonly revision: number;
  /** Key of the last entry of the page before. */
  readonly after: string;
}

function writeContinue(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function readContinue(token: string | null, prefix: string): Position | undefined {
  if (!token) return undefined;
  try {
    const { revision, after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as Position;
    if (Number.isSafeInteger(revision) && typeof after === 'string' && after.startsWith(prefix))
      return { revision, after };
  } catch {
    // Not ours, as below.
  }
  throw badRequest('continue key is not valid: it was not given out for this list');
}

/** resourceVersion and resourceVersionMatch: the latest state satisfies all but an exact older one and the future. */
function checkVersion(query: URLSearchParams, current: number, continued: boolean): void {
  const text = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const version = resourceVersion(text);
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw badRequest(
      `invalid resourceVersionMatch: "${match.slice(0, 100)}": supported values: "Exact", "NotOlderThan"`,
    );
  }
  if (match !== '' && text === '')
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (match !== '' && continued) throw badRequest('resourceVersionMatch is forbidden when continue is provided');
  if (continued && version > 0) throw badRequest('specifying resource version is not allowed when using continue');
  if (match === 'Exact' && version === 0)
    throw badRequest('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
  if (version > current) throw expired(`Too large resource version: ${version}, current: ${current}`);
  if (match === 'Exact' && version < current) throw expired('The resourceVersion for the provided list is too old.');
}

/** A revision from a query; '' and '0' are 0. Throws 400. */
export function resourceVersion(text: string): number {
  if (!/^\d{0,15}$/.test(text))
    throw badRequest(`Invalid value: "${text.slice(0, 100)}": resourceVersion must be a decimal number`);
  return Number(text);
}
