/** The objects of one resource in key order, and their recent changes. Knows no file and no selector. */

import type { Entry, StoreEvent } from './entry.js';

/** How many changes of a resource a watch may lie behind; up to twice as many are held. */
const HISTORY = 4096;

export class Collection {
  readonly #entries = new Map<string, Entry>();
  /** Sorted by code unit; names are ASCII. */
  readonly #keys: string[] = [];
  readonly #events: StoreEvent[] = [];
  readonly #observers: ((event: StoreEvent) => void)[] = [];
  #waiting: (() => void)[] = [];
  #oldest: number;

  /** Changes up to `floor` are not remembered. */
  constructor(floor: number) {
    this.#oldest = floor;
  }

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Entries whose key begins with `prefix` and comes after `after`, in key order. */
  *list(prefix: string, after = ''): Generator<Entry> {
    const start = after >= prefix ? upper(this.#keys, after) : lower(this.#keys, prefix);
    // The array may change while a caller holds this generator; callers take what they need at once.
    for (let i = start; i < this.#keys.length && this.#keys[i]!.startsWith(prefix); i++) {
      yield this.#entries.get(this.#keys[i]!)!;
    }
  }

  apply(event: StoreEvent): void {
    const { key } = event.entry;
    const known = this.#entries.has(key);
    if (event.type === 'DELETED') {
      this.#entries.delete(key);
      if (known) this.#keys.splice(lower(this.#keys, key), 1);
    } else {
      this.#entries.set(key, event.entry);
      if (!known) this.#keys.splice(lower(this.#keys, key), 0, key);
    }
    for (const observer of this.#observers) observer(event);
    this.#events.push(event);
    if (this.#events.length >= 2 * HISTORY) this.#oldest = this.#events.splice(0, HISTORY).at(-1)!.revision;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Calls `observer` for each object there is and then, within each write, for each change: for indexes that must never lag. */
  observe(observer: (event: StoreEvent) => void): void {
    for (const entry of this.#entries.values()) observer({ type: 'ADDED', revision: entry.revision, entry });
    this.#observers.push(observer);
  }

  /** Everything up to `revision` is forgotten: it was loaded from a compacted file, where objects are not in order. */
  forget(revision: number): void {
    this.#oldest = revision;
    this.#events.length = 0;
  }

  /** The changes after `revision`, at most `limit`; undefined when some of them are no longer remembered. */
  since(revision: number, limit: number): readonly StoreEvent[] | undefined {
    if (revision < this.#oldest) return undefined;
    let low = 0;
    for (let high = this.#events.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.#events[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#events.slice(low, low + limit);
  }

  /** Resolves at the next change, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise(resolve => {
      const wake = () => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const abort = () => {
        this.#waiting = this.#waiting.filter(other => other !== wake);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}

/** Index of the first key that is not less than `key`. */
function lower(keys: readonly string[], key: string): number {
  let low = 0;
  for (let high = keys.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upper(keys: readonly string[], key: string): number {
  const at = lower(keys, key);
  return keys[at] === key ? at + 1 : at;
}
