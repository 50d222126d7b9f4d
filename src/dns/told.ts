/** Which client was told which addresses for which name outside, until when. Knows clients by their addresses, and no policy. */

import type { Ip } from '../net/ip.js';
import type { ResourceRecord } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';

export interface Told {
  readonly name: Name;
  readonly ip: Ip;
  /** Seconds on the caller's clock: until then the client may still use it. */
  readonly until: number;
}

/** Entries in all, and of one client: the oldest are forgotten first. */
const MOST = 100_000;
const MOST_OF_CLIENT = 5000;

/** `now` counts seconds. */
export class ToldNames {
  /** By client, then by name and address; those told last are last. */
  readonly #clients = new Map<string, Map<string, Told>>();
  #size = 0;

  constructor(
    private readonly now: () => number = () => performance.now() / 1000,
    private readonly most = MOST,
    private readonly mostOfClient = MOST_OF_CLIENT,
  ) {}

  get size(): number {
    return this.#size;
  }

  /** Addresses among the answers to a question for `name`, whichever aliases led to them. */
  tell(client: string, name: Name, answers: readonly ResourceRecord[]): void {
    const own = this.#clients.get(client) ?? new Map<string, Told>();
    for (const { data, ttl } of answers) {
      if (data.type !== 'A' && data.type !== 'AAAA') continue;
      const key = `${name} ${data.ip}`;
      const until = Math.max(own.get(key)?.until ?? 0, this.now() + ttl);
      if (!own.delete(key)) this.#size++;
      own.set(key, { name, ip: data.ip, until });
    }
    if (!own.size) return;
    // Last in the Map's order.
    this.#clients.delete(client);
    this.#clients.set(client, own);
    while (own.size > this.mostOfClient) this.#forget(client, own);
    for (const [oldest, told] of this.#clients) {
      if (this.#size <= this.most) break;
      while (told.size && this.#size > this.most) this.#forget(oldest, told);
    }
  }

  /** What still holds. */
  of(client: string): readonly Told[] {
    const own = this.#clients.get(client);
    if (!own) return [];
    const now = this.now();
    for (const [key, { until }] of own)
      if (until <= now) {
        own.delete(key);
        this.#size--;
      }
    if (!own.size) this.#clients.delete(client);
    return [...own.values()];
  }

  #forget(client: string, own: Map<string, Told>): void {
    const [oldest] = own.keys();
    own.delete(oldest!);
    this.#size--;
    if (!own.size) this.#clients.delete(client);
  }
}
