/** Answers from upstream resolvers: the cache first, then one after the other until one answers. Knows no names of the cluster. */

import { type DnsConfig, zoneOf } from '../dns/config.js';
import { formatUpstream, type Upstream } from '../dns/upstream.js';
import type { PodwireError } from '../report/errors.js';
import type { Message, Question } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';
import { DnsCache, isFailure } from './dns-cache.js';
import type { QueryFlags } from './dns-exchange.js';
import { Peer } from './dns-peer.js';
import { askInTurn, failureOf, type Resolution } from './dns-turns.js';
import { UpstreamMetrics } from './dns-upstream-metrics.js';

export interface Forwarder {
  /** When nobody answers, that is SERVFAIL. Never rejects. */
  resolve(question: Question, flags: QueryFlags): Promise<Resolution>;
  close(): void;
}

export interface ForwarderOptions {
  readonly config: DnsConfig;
  /** For names of no zone, where the configuration names none. */
  readonly upstreams: readonly Upstream[];
  /** What an upstream does that somebody must mend; left out: nobody hears of it. */
  readonly report?: (error: PodwireError) => void;
  /** When the client is told SERVFAIL, and when the next upstream is asked beside the slow one. */
  readonly timeoutMs?: number;
  readonly patienceMs?: number;
  /** When an answer that is out of date is better than none yet (RFC 8767 §5). */
  readonly staleMs?: number;
  readonly cache?: DnsCache;
  /** What counts; left out: for this forwarder alone. */
  readonly metrics?: UpstreamMetrics;
}

export function createForwarder(options: ForwarderOptions): Forwarder {
  const { config, timeoutMs = 2000, patienceMs = 500, staleMs = 1800, cache = new DnsCache(config.cache) } = options;
  const { metrics = new UpstreamMetrics() } = options;
  const zones = peersOf(options);
  const peers = new Set([...zones.values()].flat());
  const underWay = new Map<string, Promise<Resolution>>();
  const all = new AbortController();
  const limits = { timeoutMs, patienceMs, signal: all.signal, metrics };

  /** Equal questions share one query: fewer to answer, and fewer to guess at for a forger. */
  const fetch = (key: string, question: Question, flags: QueryFlags): Promise<Resolution> => {
    const shared = underWay.get(key);
    if (shared) return shared;
    const asking = askInTurn(zones.get(zoneOf(config, question.name))!, question, flags, limits).then(given => {
      underWay.delete(key);
      const found = { ...given, message: limited(given.message, config.cache.ttl) };
      cache.put(isFailure(found.message) ? failureKey(key) : key, found.message);
      return found;
    });
    underWay.set(key, asking);
    return asking;
  };

  return {
    async resolve(question, flags) {
      // What one client may see unvalidated (CD, DO) is never served to another that did not ask for it so (CVE-2024-0874).
      const key = `${question.name} ${question.type} ${question.class} ${+flags.dnssecOk} ${+flags.checkingDisabled}`;
      const known = cache.get(key);
      if (known?.fresh) {
        metrics.hit(known.message);
        if (known.hot && config.prefetch && !cache.get(failureKey(key))) {
          metrics.prefetched();
          void fetch(key, question, flags);
        }
        return { message: known.message, why: 'from the cache' };
      }
      for (const peer of peers)
        if (peer.recognises(question.name)) return { message: failureOf(question), why: 'a question of our own' };
      metrics.missed();
      const stale = known && {
        message: known.message,
        why: 'from the cache, out of date',
        extended: 'staleAnswer' as const,
      };
      const failed = cache.get(failureKey(key));
      if (stale && failed) metrics.servedStale();
      if (failed) return stale ?? { message: failed.message, why: 'it failed a moment ago', extended: 'cachedError' };
      const asking = fetch(key, question, flags);
      if (!stale) return asking;
      const found = await soonEnough(asking, staleMs);
      if (found && !isFailure(found.message)) return found;
      metrics.servedStale();
      return stale;
    },
    close() {
      all.abort();
      for (const peer of peers) peer.close();
    },
  };
}

/** A client keeps an answer no longer than we would: what an upstream got wrong ends sometime. */
function limited(message: Message, ttl: number): Message {
  if (message.answers.every(record => record.ttl <= ttl)) return message;
  return { ...message, answers: message.answers.map(record => ({ ...record, ttl: Math.min(record.ttl, ttl) })) };
}

/** Upstreams that stand in several zones are one peer. */
function peersOf({ config, upstreams, report = () => {} }: ForwarderOptions): ReadonlyMap<Name, readonly Peer[]> {
  const known = new Map<string, Peer>();
  const peersIn = (zone: Name, upstreams: readonly Upstream[]) =>
    upstreams.map(upstream => {
      const key = formatUpstream(upstream);
      const peer = known.get(key) ?? new Peer(upstream, zone, report, config.tls.ca);
      known.set(key, peer);
      return peer;
    });
  return new Map(
    [['.', config.upstreams ?? upstreams] as const, ...config.zones].map(([zone, own]) => [zone, peersIn(zone, own)]),
  );
}

/** Failures stand beside an answer of before, which may still be better. */
function failureKey(key: string): string {
  return `failed ${key}`;
}

function soonEnough<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
