/** GET with watch=true: the changes of a collection as a stream of JSON lines. Keeps a position in the history, no queue. */

import { setTimeout as delay } from 'node:timers/promises';
import { apiVersionOf } from '../../objects/resources.js';
import type { Api, Call } from '../api.js';
import type { ApiResponse } from '../http.js';
import { queryFlag, queryInteger } from '../request.js';
import { encodeEntry, respond } from '../respond.js';
import { collectionOf } from '../served.js';
import { badRequest, expired } from '../status.js';
import type { Entry, EventType, StoreEvent } from '../store/entry.js';
import { matching, resourceVersion } from './list.js';
import { type Selection, selection } from './select.js';

/** Of a watch that names no timeoutSeconds; the client then starts another one. */
const DEFAULT_TIMEOUT_S = 1800;
/** A day: longer ones are cut. */
const MAX_TIMEOUT_S = 86400;
const BOOKMARK_INTERVAL_MS = 60_000;
/** Changes written in one piece. */
const BATCH = 500;

export function watch(api: Api, call: Call): ApiResponse {
  const start = startOf(api, call);
  const seconds = queryInteger(call.request.query, 'timeoutSeconds') || DEFAULT_TIMEOUT_S;
  return respond(call, 200, stream(api, call, start, Math.min(seconds, MAX_TIMEOUT_S) * 1000));
}

interface Start {
  readonly selected: Selection;
  /** Changes after this revision are sent. */
  readonly revision: number;
  /** What there is already is sent first, as ADDED. */
  readonly initial: readonly Entry[];
  /** The client wants to be told when `initial` is over. */
  readonly markInitialEnd: boolean;
  readonly bookmarks: boolean;
}

function startOf(api: Api, call: Call): Start {
  const { query } = call.request;
  const selected = selection(call);
  const from = resourceVersion(query.get('resourceVersion') ?? '');
  const bookmarks = queryFlag(query, 'allowWatchBookmarks') === true;
  const wantsInitial = query.has('sendInitialEvents') && queryFlag(query, 'sendInitialEvents') === true;
  const match = query.get('resourceVersionMatch') ?? '';
  if (query.has('sendInitialEvents') && match !== 'NotOlderThan') {
    throw badRequest('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (!query.has('sendInitialEvents') && match !== '')
    throw badRequest('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  if (wantsInitial && !bookmarks) throw badRequest('sendInitialEvents requires allowWatchBookmarks');
  // A revision from the future is one of another store: only listing anew helps.
  if (from > api.store.revision) throw expired(`Too large resource version: ${from}, current: ${api.store.revision}`);
  if (!wantsInitial && from > 0) {
    if (!api.store.collection(collectionOf(call.resource)).since(from, 1)) throw tooOld(from);
    return { selected, revision: from, initial: [], markInitialEnd: false, bookmarks };
  }
  const skip = query.has('sendInitialEvents') && !wantsInitial;
  const initial = skip ? [] : [...matching(api, call, selected)];
  return { selected, revision: api.store.revision, initial, markInitialEnd: wantsInitial, bookmarks };
}

async function* stream(api: Api, call: Call, start: Start, timeoutMs: number): AsyncGenerator<Uint8Array> {
  const collection = api.store.collection(collectionOf(call.resource));
  const ended = ending(call.request.signal, timeoutMs);
  try {
    for (let i = 0; i < start.initial.length; i += BATCH) {
      yield Buffer.concat(start.initial.slice(i, i + BATCH).map(entry => line(call, 'ADDED', entry)));
    }
    if (start.markInitialEnd) yield bookmark(call, start.revision, true);
    let { revision } = start;
    for (let marked = Date.now(); !ended.signal.aborted; ) {
      const events = collection.since(revision, BATCH);
      if (!events) {
        yield eventLine('ERROR', Buffer.from(JSON.stringify(tooOld(revision).toStatus())));
        return;
      }
      const lines = events.flatMap(event => eventLines(call, start.selected, event));
      // All changes up to here concern this resource; with none pending, up to the store's own revision none did.
      revision = events.length > 0 ? events.at(-1)!.revision : api.store.revision;
      if (lines.length > 0) yield lines.length === 1 ? lines[0]! : Buffer.concat(lines);
      if (events.length > 0) continue;
      if (start.bookmarks && Date.now() - marked >= BOOKMARK_INTERVAL_MS) {
        yield bookmark(call, revision, false);
        marked = Date.now();
        continue;
      }
      await idle(collection.changed.bind(collection), ended.signal, start.bookmarks);
    }
  } finally {
    ended.stop();
  }
}

/** Until a change, the end, or the time for a bookmark. */
async function idle(
  changed: (signal: AbortSignal) => Promise<void>,
  end: AbortSignal,
  bookmarks: boolean,
): Promise<void> {
  if (!bookmarks) return changed(end);
  const wake = new AbortController();
  const stop = () => wake.abort();
  end.addEventListener('abort', stop, { once: true });
  const timer = delay(BOOKMARK_INTERVAL_MS, undefined, { signal: wake.signal, ref: false }).catch(() => {});
  await Promise.race([changed(wake.signal), timer]);
  end.removeEventListener('abort', stop);
  wake.abort();
}

/** Aborted when the client goes or the time is over. */
function ending(client: AbortSignal | undefined, timeoutMs: number): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, timeoutMs);
  if (client?.aborted) abort();
  client?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(timer);
      client?.removeEventListener('abort', abort);
    },
  };
}

/** What a change is to this watch: an object that begins to match its selectors is added, one that ends to is deleted. */
function eventLines(call: Call, selected: Selection, event: StoreEvent): Buffer[] {
  const { namespace } = call.path;
  if (namespace !== undefined && call.resource.namespaced && event.entry.object.metadata.namespace !== namespace)
    return [];
  if (selected.everything) return [line(call, event.type, event.entry)];
  const before = event.previous !== undefined && selected.matches(event.previous);
  const after = event.type !== 'DELETED' && selected.matches(event.entry);
  if (after) return [line(call, before ? 'MODIFIED' : 'ADDED', event.entry)];
  return before ? [line(call, 'DELETED', event.entry)] : [];
}

/** Encoded once for all watches that want the same form of the same object. */
function line(call: Call, type: EventType, entry: Entry): Buffer {
  const { shape, version } = call.accepted;
  const include = call.request.query.get('includeObject') ?? '';
  return entry.as(`${type}/${apiVersionOf(call.resource)}/${shape}/${version}/${include}`, () =>
    eventLine(type, encodeEntry(call, entry)),
  );
}

function eventLine(type: string, object: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, END]);
}

const END = Buffer.from('}\n');

function bookmark(call: Call, revision: number, initialEnd: boolean): Buffer {
  const { resource, accepted } = call;
  const annotations = initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
  const type =
    accepted.shape === 'partial'
      ? { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${accepted.version}` }
      : accepted.shape === 'table'
        ? { kind: 'Table', apiVersion: `meta.k8s.io/${accepted.version}` }
        : { kind: resource.kind, apiVersion: apiVersionOf(resource) };
  return eventLine('BOOKMARK', Buffer.from(JSON.stringify({ ...type, metadata })));
}

function tooOld(revision: number) {
  return expired(`too old resource version: ${revision}`);
}
