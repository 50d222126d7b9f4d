/** Upstream answers by question, for as long as their TTLs say. Knows no names and asks nobody. */

import type { Message, ResourceRecord } from '../wire/dns.js';

/** Seconds: however long an upstream wants to be remembered. */
const MAX_TTL = 86_400;
const MAX_NEGATIVE_TTL = 30;

interface Entry {
  readonly message: Message;
  /** Seconds on the caller's clock. */
  readonly since: number;
  readonly until: number;
}

/** Forgets the least recently used beyond `capacity` entries. `now` counts seconds. */
export class DnsCache {
  readonly #entries = new Map<string, Entry>();

  constructor(
    readonly capacity: number,
    readonly now: () => number = () => performance.now() / 1000,
  ) {}

  /** With TTLs counted down to now. */
  get(key: string): Message | undefined {
    const entry = this.#entries.get(key);
    const now = this.now();
    if (!entry || entry.until <= now) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const age = Math.floor(now - entry.since);
    const aged = (records: readonly ResourceRecord[]) =>
      records.map(record => ({ ...record, ttl: Math.min(Math.max(record.ttl - age, 0), MAX_TTL) }));
    const { message } = entry;
    return { ...message, answers: aged(message.answers), authorities: aged(message.authorities) };
  }

  /** Keeps what may be kept: answers, NXDOMAIN and NODATA with an SOA (RFC 2308 §5); never failures. */
  put(key: string, message: Message): void {
    const ttl = lifetime(message);
    if (ttl <= 0) return;
    this.#entries.delete(key);
    this.#entries.set(key, { message, since: this.now(), until: this.now() + ttl });
    if (this.#entries.size > this.capacity) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

function lifetime(message: Message): number {
  if (message.truncated || (message.rcode !== 0 && message.rcode !== 3)) return 0;
  const positive = message.rcode === 0 && message.answers.length > 0;
  const ttls = message.answers.map(record => record.ttl);
  if (positive) return Math.min(MAX_TTL, ...ttls);
  const soa = message.authorities.find(record => record.data.type === 'SOA');
  if (soa?.data.type !== 'SOA') return 0;
  return Math.min(MAX_NEGATIVE_TTL, soa.ttl, soa.data.minimum, ...ttls);
}
