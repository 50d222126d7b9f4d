/**
 * One resource, kept in step with the API server: list, then watch, for ever. Knows when to list again;
 * knows nothing of what the objects are for, and never forgets them because the server is away.
 */

import type { KubeObject, Resource } from '../objects/resources.js';
import { logger } from '../report/log.js';
import type { Api, Selection } from './api.js';
import { ApiFailure } from './failure.js';

export type Change<T> =
  | { readonly type: 'upsert'; readonly object: T }
  /** `object` is the last state that was seen. */
  | { readonly type: 'delete'; readonly object: T }
  /** After each complete list: what was yielded up to here is what the server has. */
  | { readonly type: 'synced' };

export interface ReflectOptions extends Selection {
  readonly signal: AbortSignal;
  /**
   * Seconds without an event or bookmark after which a watch counts as stalled and is begun anew from where it was.
   * An API server sends a bookmark about once a minute.
   */
  readonly stallSeconds?: number;
  /** First and longest pause between failing attempts, milliseconds. */
  readonly backoff?: { readonly first: number; readonly longest: number };
}

const log = logger('client');

/** Milliseconds after which a watch that then broke was no failure of the server's. */
const LASTING = 5000;

/** Ends only when `signal` aborts. */
export async function* reflect<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  options: ReflectOptions,
): AsyncGenerator<Change<T>, void, void> {
  const { signal, stallSeconds = 90 } = options;
  const pause = { first: 50, longest: 5000, ...options.backoff };
  const known = new Map<string, T>();
  let position: string | undefined;
  /** In a row; a watch that lasted ends the row. */
  let failures = 0;
  let complained = false;
  while (!signal.aborted) {
    const started = Date.now();
    const stall = watchdog(signal, stallSeconds * 1000);
    try {
      if (position === undefined) {
        const { items, resourceVersion } = await api.list(resource, options);
        yield* difference(known, items);
        yield { type: 'synced' };
        position = resourceVersion;
      }
      stall.start();
      // The server ends a watch only after some minutes, and not all agents' watches at the same time.
      const timeoutSeconds = Math.round(300 + Math.random() * 300);
      const events = api.watch(resource, {
        ...options,
        resourceVersion: position,
        timeoutSeconds,
        signal: stall.signal,
      });
      for await (const { type, object } of events) {
        if (complained) log.info('watching again', { resource: resource.plural });
        complained = false;
        failures = 0;
        stall.start();
        if (type === 'DELETED') yield* gone(known, object);
        else if (type !== 'BOOKMARK') yield* seen(known, object);
        position = object.metadata.resourceVersion ?? position;
      }
      // A watch that the server ends at once must not become a busy loop.
      if (Date.now() - started < 1000) failures++;
    } catch (error) {
      if (signal.aborted) return;
      if (ApiFailure.isExpired(error)) position = undefined;
      else if (!stall.barked()) {
        failures = Date.now() - started > LASTING ? 1 : failures + 1;
        if (!complained) log.warn('cannot watch, keeping what is known', { resource: resource.plural, error });
        complained = true;
      }
    } finally {
      stall.stop();
    }
    if (failures > 0)
      await sleep(Math.min(pause.longest, pause.first * 2 ** (failures - 1)) * (0.5 + Math.random() / 2), signal);
  }
}

function* seen<T extends KubeObject>(known: Map<string, T>, object: T): Generator<Change<T>> {
  const key = keyOf(object);
  const before = known.get(key);
  const same = before?.metadata.resourceVersion === object.metadata.resourceVersion;
  if (before && same && before.metadata.uid === object.metadata.uid) return;
  known.set(key, object);
  yield { type: 'upsert', object };
}

function* gone<T extends KubeObject>(known: Map<string, T>, object: T): Generator<Change<T>> {
  if (known.delete(keyOf(object))) yield { type: 'delete', object };
}

/** What turns the known state into the listed one. */
function* difference<T extends KubeObject>(known: Map<string, T>, items: readonly T[]): Generator<Change<T>> {
  const listed = new Set(items.map(keyOf));
  for (const object of [...known.values()]) if (!listed.has(keyOf(object))) yield* gone(known, object);
  for (const object of items) yield* seen(known, object);
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** A signal that aborts with the outer one, or when `start` was called longer ago than that. */
function watchdog(outer: AbortSignal, milliseconds: number) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  outer.addEventListener('abort', abort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  let barked = false;
  const bark = () => {
    barked = true;
    abort();
  };
  return {
    signal: controller.signal,
    barked: () => barked,
    start: () => {
      timer = timer?.refresh() ?? setTimeout(bark, milliseconds);
    },
    stop: () => {
      clearTimeout(timer);
      outer.removeEventListener('abort', abort);
      // Also when the consumer stopped in the middle: the request must not live on.
      abort();
    },
  };
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}
