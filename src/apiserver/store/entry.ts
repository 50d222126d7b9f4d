/** One stored object at one revision, encoded once and parsed at most once. Refuses to know kinds. */

import type { KubeObject } from '../../objects/meta.js';

/** `object` is never changed: everyone who reads it holds the same reference. */
export class Entry {
  #object: KubeObject | undefined;
  #forms: Map<string, Buffer> | undefined;

  constructor(
    readonly key: string,
    readonly revision: number,
    /** The object's JSON as it is served. */
    readonly value: Buffer,
    object?: KubeObject,
  ) {
    this.#object = object;
  }

  get object(): KubeObject {
    return (this.#object ??= JSON.parse(this.value.toString()) as KubeObject);
  }

  /** Whether it is stored in this apiVersion; seen without parsing when that is the first field, as we write it. */
  isVersion(apiVersion: string): boolean {
    const start = `{"apiVersion":"${apiVersion}"`;
    if (this.value.subarray(0, start.length).equals(Buffer.from(start))) return true;
    return this.object.apiVersion === apiVersion;
  }

  /** This object in another encoding, made at most once for each `form`. */
  as(form: string, encode: (object: KubeObject) => Buffer): Buffer {
    this.#forms ??= new Map();
    let bytes = this.#forms.get(form);
    if (!bytes) this.#forms.set(form, (bytes = encode(this.object)));
    return bytes;
  }
}

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** A change of one object. `entry` is the object after it; of a deletion, its last state under the deletion's revision. */
export interface StoreEvent {
  readonly type: EventType;
  readonly revision: number;
  readonly entry: Entry;
  readonly previous?: Entry;
}
