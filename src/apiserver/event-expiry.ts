/** Events are for now: they go an hour after they were last seen, as from a real cluster. Knows nothing of what they report. */

import type { Event } from '../objects/kinds.js';
import type { Store } from './store/store.js';

/** The real server's --event-ttl. */
export const EVENT_TTL_MS = 3_600_000;
const PERIOD_MS = 60_000;

/** Removes old events now and every minute; returns the end of it. */
export function expireEvents(store: Store): () => void {
  removeOldEvents(store, new Date());
  const timer = setInterval(() => removeOldEvents(store, new Date()), PERIOD_MS).unref();
  return () => clearInterval(timer);
}

export function removeOldEvents(store: Store, now: Date): void {
  const limit = now.getTime() - EVENT_TTL_MS;
  for (const { key, object } of [...store.collection('events').list('')]) {
    if (lastSeen(object as unknown as Event) < limit) store.delete(key);
  }
}

function lastSeen({ metadata, lastTimestamp, eventTime, series }: Event): number {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime];
  return Math.max(...times.flatMap(time => (time ? Date.parse(time) : [])));
}
