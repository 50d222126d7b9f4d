/** Who listens to questions as they are answered. Has the loop tell of its own only while somebody does; keeps nothing. */

import type { ClusterZone } from '../dns/cluster-zone.js';
import { decode } from '../wire/dns.js';
import type { Client, Observation } from './dns-responder.js';

export class DnsTail {
  readonly #listeners = new Set<(seen: Observation) => void>();

  constructor(private readonly zone: ClusterZone) {}

  /** Hears of every question from now on, until what is returned is called. `listener` must not throw. */
  listen(listener: (seen: Observation) => void): () => void {
    this.#listeners.add(listener);
    this.zone.tail = true;
    return () => {
      this.#listeners.delete(listener);
      this.zone.tail = this.#listeners.size > 0;
    };
  }

  observe(seen: Observation): void {
    for (const listener of this.#listeners) listener(seen);
  }

  /** What the loop answered, of which it does not take the time one by one. */
  answered(client: Client, reply: Uint8Array): void {
    const message = decode(reply);
    if ('malformed' in message) return;
    const [question] = message.questions;
    this.observe({ client, question, handler: 'table', why: 'a name of the cluster', rcode: message.rcode });
  }
}
