/** All objects of the cluster under one revision counter, on disk and in memory. Knows keys and revisions, no kinds. */

import * as fs from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../objects/meta.js';
import { logger } from '../../report/log.js';
import { Collection } from './collection.js';
import { Entry, type StoreEvent } from './entry.js';
import { lock } from './lock.js';
import { Log } from './log.js';
import type { LogRecord } from './record.js';

const log = logger('apiserver');

/** The log is rewritten when it is longer than this and than four times what it must hold. */
const COMPACT_BYTES = 32 << 20;

/**
 * Keys are `/resource/namespace/name`, of objects without a namespace `/resource/name`. Every write is one revision,
 * and is in the file before it is visible. All methods are synchronous, so that what a caller reads stays true until it
 * awaits something: read, decide and write need no transaction.
 */
export class Store {
  readonly #collections = new Map<string, Collection>();
  readonly #log: Log;
  #revision = 1;
  /** Bytes of all live values. */
  #live = 0;
  #compactAt = COMPACT_BYTES;
  /** Changes up to here are folded together. */
  #floor = 1;

  private constructor(
    directory: string,
    readonly release: () => void,
  ) {
    this.#log = Log.open(join(directory, 'store.log'), record => this.#replay(record));
  }

  /** Throws PW-A251 when another process has it open and PW-A252 when its file is corrupt. */
  static open(directory: string): Store {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const release = lock(directory);
    try {
      return new Store(directory, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Of the latest write. */
  get revision(): number {
    return this.#revision;
  }

  collection(resource: string): Collection {
    let collection = this.#collections.get(resource);
    if (!collection) this.#collections.set(resource, (collection = new Collection(this.#floor)));
    return collection;
  }

  get(key: string): Entry | undefined {
    return this.collection(resourceOf(key)).get(key);
  }

  /** Stores the object under a new revision, which becomes its `metadata.resourceVersion`. */
  put(key: string, object: KubeObject): Entry {
    const revision = this.#revision + 1;
    const entry = encode(key, revision, object);
    const previous = this.get(key);
    this.#log.append({ revision, key, value: entry.value });
    this.#apply({ type: previous ? 'MODIFIED' : 'ADDED', revision, entry, previous });
    this.#compactIfLong();
    return entry;
  }

  /** Removes the object and returns its last state, as watches see it; undefined when there was none. */
  delete(key: string): Entry | undefined {
    const previous = this.get(key);
    if (!previous) return undefined;
    const revision = this.#revision + 1;
    const entry = encode(key, revision, previous.object);
    this.#log.append({ revision, key });
    this.#apply({ type: 'DELETED', revision, entry, previous });
    this.#compactIfLong();
    return entry;
  }

  close(): void {
    this.#log.close();
    this.release();
  }

  #apply(event: StoreEvent): void {
    this.#revision = event.revision;
    this.#live += (event.type === 'DELETED' ? 0 : event.entry.value.length) - (event.previous?.value.length ?? 0);
    this.collection(resourceOf(event.entry.key)).apply(event);
  }

  /** Rewrites the file with live objects only. Running watches go on; after a restart the changes before are unknown. */
  compact(): void {
    this.#log.replace(this.#snapshot());
  }

  #compactIfLong(): void {
    if (this.#log.size < this.#compactAt || this.#log.size < 4 * this.#live) return;
    try {
      this.compact();
      this.#compactAt = COMPACT_BYTES;
    } catch (error) {
      // The write that brought us here is safe in the old file, which stays; try again when it is twice as long.
      this.#compactAt = 2 * this.#log.size;
      log.warn('the store could not be compacted', { error });
    }
  }

  *#snapshot(): Generator<LogRecord> {
    for (const collection of this.#collections.values()) {
      for (const { key, revision, value } of collection.list('')) yield { key, revision, value };
    }
    yield { revision: this.#revision };
  }

  #replay({ revision, key, value }: LogRecord): void {
    if (key === undefined) {
      this.#revision = this.#floor = revision;
      for (const collection of this.#collections.values()) collection.forget(revision);
      return;
    }
    const previous = this.get(key);
    if (value) {
      const entry = new Entry(key, revision, Buffer.from(value));
      this.#apply({ type: previous ? 'MODIFIED' : 'ADDED', revision, entry, previous });
    } else if (previous) {
      const entry = encode(key, revision, previous.object);
      this.#apply({ type: 'DELETED', revision, entry, previous });
    }
  }
}

function encode(key: string, revision: number, object: KubeObject): Entry {
  const { apiVersion, kind, metadata, ...rest } = object;
  // In this order, so that a reader finds the version without parsing; see Entry.isVersion.
  const stamped = { apiVersion, kind, metadata: { ...metadata, resourceVersion: String(revision) }, ...rest };
  return new Entry(key, revision, Buffer.from(JSON.stringify(stamped)), stamped);
}

function resourceOf(key: string): string {
  return key.slice(1, key.indexOf('/', 1));
}
