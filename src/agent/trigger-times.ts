/** When changes of endpoints happened that have not taken effect yet, as their EndpointSlices date them. Knows not what effect. */

import type { ClusterEvent } from '../model/cluster.js';
import { text } from '../model/read.js';

const TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time';

export interface Trigger {
  readonly family: 'IPv4' | 'IPv6';
  /** Milliseconds since the epoch, of whole seconds. */
  readonly at: number;
}

export class TriggerTimes {
  /** By slice. */
  readonly #waiting = new Map<string, Trigger>();
  readonly #started = Date.now();

  /**
   * A watch's word on an EndpointSlice. What happened before this agent started says nothing of it. A later word on the slice
   * that names no moment does not take back the one before it, whose endpoints still wait; only the slice's end does.
   */
  seen({ type, object }: ClusterEvent): void {
    const key = `${text(object, 'metadata', 'namespace')}/${text(object, 'metadata', 'name')}`;
    if (type === 'delete') {
      this.#waiting.delete(key);
      return;
    }
    const family = text(object, 'addressType');
    const at = Date.parse(text(object, 'metadata', 'annotations', TRIGGER) ?? '');
    if ((family === 'IPv4' || family === 'IPv6') && at > this.#started) this.#waiting.set(key, { family, at });
  }

  /** They have taken effect: how many seconds each took. */
  settle(observe: (seconds: number, family: Trigger['family']) => void): void {
    const now = Date.now();
    for (const { family, at } of this.#waiting.values()) observe(Math.max(0, now - at) / 1000, family);
    this.#waiting.clear();
  }
}
