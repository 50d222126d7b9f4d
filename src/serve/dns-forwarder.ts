/** Asks the upstream resolvers: cache first, then one after the other until one answers. Knows no names of the cluster. */

import { type Message, type Question, RCODE } from '../wire/dns.js';
import { DnsCache } from './dns-cache.js';
import { exchange, type QueryFlags, type Upstream } from './dns-exchange.js';

export interface Forwarder {
  /** Undefined: nobody answered in time. Never rejects. */
  resolve(question: Question, flags: QueryFlags): Promise<Message | undefined>;
  close(): void;
}

export interface ForwarderOptions {
  readonly upstreams: readonly Upstream[];
  /** When the client is told SERVFAIL, and when the next upstream is asked beside the slow one. */
  readonly timeoutMs?: number;
  readonly patienceMs?: number;
  readonly cache?: DnsCache;
}

/** Packets get lost: even a single upstream is asked so many times. */
const MIN_ATTEMPTS = 3;
/** How long an upstream that failed is asked last. */
const PENALTY_MS = 10_000;
const CACHE_ENTRIES = 10_000;

export function createForwarder(options: ForwarderOptions): Forwarder {
  const { upstreams, timeoutMs = 2000, patienceMs = 500, cache = new DnsCache(CACHE_ENTRIES) } = options;
  const failedAt = new Map<Upstream, number>();
  const underWay = new Map<string, Promise<Message | undefined>>();
  const all = new AbortController();

  const inOrder = (): Upstream[] => {
    const bad = (upstream: Upstream) => performance.now() - (failedAt.get(upstream) ?? -Infinity) < PENALTY_MS;
    const order = [...upstreams.filter(upstream => !bad(upstream)), ...upstreams.filter(bad)];
    const rounds = order.length ? Math.ceil(MIN_ATTEMPTS / order.length) : 0;
    return Array.from({ length: rounds }, () => order).flat();
  };

  const ask = (question: Question, flags: QueryFlags): Promise<Message | undefined> => {
    const attempts = inOrder();
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, all.signal]);
    return new Promise<Message | undefined>(resolve => {
      let open = 0;
      let poor: Message | undefined;
      let patience: NodeJS.Timeout | undefined;
      const timeout = setTimeout(() => finish(poor), timeoutMs);
      const finish = (message: Message | undefined) => {
        clearTimeout(timeout);
        clearTimeout(patience);
        resolve(message);
        over.abort();
      };
      const next = () => {
        clearTimeout(patience);
        const upstream = attempts.shift();
        if (!upstream) {
          if (!open) finish(poor);
          return;
        }
        open++;
        patience = setTimeout(() => {
          failedAt.set(upstream, performance.now());
          next();
        }, patienceMs);
        exchange(upstream, question, flags, signal).then(
          message => {
            open--;
            if (isAnswer(message)) {
              failedAt.delete(upstream);
              finish(message);
            } else {
              poor = message;
              next();
            }
          },
          () => {
            open--;
            if (signal.aborted) return finish(poor);
            failedAt.set(upstream, performance.now());
            return next();
          },
        );
      };
      next();
    });
  };

  return {
    async resolve(question, flags) {
      // What one client may see unvalidated (CD, DO) is never served to another that did not ask for it so (CVE-2024-0874).
      const key = `${question.name} ${question.type} ${question.class} ${+flags.dnssecOk} ${+flags.checkingDisabled}`;
      const known = cache.get(key);
      if (known) return known;
      // Equal questions share one query: fewer to answer, and fewer to guess at for a forger.
      const shared = underWay.get(key);
      if (shared) return shared;
      const asking = ask(question, flags).finally(() => underWay.delete(key));
      underWay.set(key, asking);
      const message = await asking;
      if (message) cache.put(key, message);
      return message;
    },
    close: () => all.abort(),
  };
}

/** NOERROR and NXDOMAIN are answers; anything else is worth asking another upstream. */
function isAnswer(message: Message): boolean {
  return message.rcode === RCODE.NOERROR || message.rcode === RCODE.NXDOMAIN;
}
