/** Upstream answers by question: for as long as their TTLs say, and longer for when nobody can be asked. Knows no names and asks nobody. */

import type { CacheConfig } from '../dns/config.js';
import { decode, encode, type Message, RCODE, type ResourceRecord } from '../wire/dns.js';

/** Seconds that a failure is not tried anew (RFC 9520 §3.2, between 1 s and 5 min). */
const FAILURE_TTL = 5;
/** Seconds that a client may keep an answer that is out of date (RFC 8767 §4). */
const STALE_TTL = 30;
/** Asked so often in its time, and again in the last tenth of it: worth being fetched before somebody waits for it. */
const HOT_HITS = 3;
const LAST_PART = 0.1;

/** In the third byte of a message. */
const TC = 0x02;

/** In wire form: a message of many records is many objects, and most are never asked for again. */
interface Entry {
  readonly bytes: Uint8Array;
  /** Seconds on the caller's clock. */
  readonly since: number;
  readonly until: number;
  hits: number;
}

export interface Cached {
  /** With TTLs counted down to now. */
  readonly message: Message;
  /** False: out of date, for when nobody can be asked. */
  readonly fresh: boolean;
  readonly hot: boolean;
}

/** Forgets the least recently used when there is too much. `now` counts seconds. */
export class DnsCache {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(
    readonly config: CacheConfig,
    readonly now: () => number = () => performance.now() / 1000,
  ) {}

  get(key: string): Cached | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const now = this.now();
    const { since, until, bytes } = entry;
    const message = decode(bytes) as Message;
    const fresh = now < until;
    if (!fresh && (now >= until + this.config.stale || isFailure(message))) {
      this.#delete(key, entry);
      return undefined;
    }
    // Last in the Map's order.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const hot = ++entry.hits > HOT_HITS && until - now < (until - since) * LAST_PART;
    const age = Math.floor(now - since);
    const ttl = (given: number) => (fresh ? Math.min(Math.max(given - age, 0), this.config.ttl) : STALE_TTL);
    const aged = (records: readonly ResourceRecord[]) => records.map(record => ({ ...record, ttl: ttl(record.ttl) }));
    const { answers, authorities } = message;
    return { message: { ...message, answers: aged(answers), authorities: aged(authorities) }, fresh, hot };
  }

  /** Keeps answers, and NXDOMAIN and NODATA that come with an SOA (RFC 2308 §5); failures for a moment, beside a better answer of before. */
  put(key: string, message: Message): void {
    const ttl = lifetime(message, this.config);
    if (ttl <= 0) return;
    const bytes = encode({ ...message, additionals: [], edns: undefined });
    // Names that its sender wrote shorter, in a message as large as can be.
    if (bytes[2]! & TC) return;
    const old = this.#entries.get(key);
    if (old) this.#delete(key, old);
    const now = this.now();
    this.#entries.set(key, { bytes, since: now, until: now + ttl, hits: 0 });
    this.#bytes += sizeOf(key, bytes);
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.config.bytes) break;
      this.#delete(oldest, entry);
    }
  }

  #delete(key: string, { bytes }: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= sizeOf(key, bytes);
  }
}

/** NOERROR and NXDOMAIN are answers; anything else is worth asking another upstream. */
export function isFailure({ rcode }: Message): boolean {
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN;
}

function lifetime(message: Message, config: CacheConfig): number {
  if (message.truncated) return 0;
  if (isFailure(message)) return FAILURE_TTL;
  const ttls = message.answers.map(record => record.ttl);
  if (message.rcode === RCODE.NOERROR && ttls.length) return Math.min(config.ttl, ...ttls);
  const soa = message.authorities.find(record => record.data.type === 'SOA');
  if (soa?.data.type !== 'SOA') return 0;
  return Math.min(config.negativeTtl, soa.ttl, soa.data.minimum, ...ttls);
}

/** What the entry around them takes, roughly. */
const ENTRY_BYTES = 200;

function sizeOf(key: string, bytes: Uint8Array): number {
  return ENTRY_BYTES + key.length + bytes.length;
}
