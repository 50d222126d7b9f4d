/** One question to several upstreams: one after the other, the next beside one that is slow, until one answers. Knows no zone and no cache. */

import type { Answer } from '../dns/answer.js';
import { formatUpstream } from '../dns/upstream.js';
import { type Message, type Question, queryMessage, RCODE } from '../wire/dns.js';
import { isFailure } from './dns-cache.js';
import type { QueryFlags } from './dns-exchange.js';
import type { Peer } from './dns-peer.js';
import type { UpstreamMetrics } from './dns-upstream-metrics.js';

export interface Resolution {
  readonly message: Message;
  /** Where it is from, in a few words. */
  readonly why: string;
  readonly extended?: Answer['extended'];
}

export interface Limits {
  /** When it is over, and when the next upstream is asked beside the slow one. */
  readonly timeoutMs: number;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly metrics: UpstreamMetrics;
}

/** Packets get lost: even a single upstream is asked so many times. */
const MIN_ATTEMPTS = 3;

/** The first answer; when there is none the last failure that an upstream told, or one of our own. Never rejects. */
export function askInTurn(
  peers: readonly Peer[],
  question: Question,
  flags: QueryFlags,
  { timeoutMs, patienceMs, signal: outer, metrics }: Limits,
): Promise<Resolution> {
  const attempts = inOrder(peers);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, outer]);
  return new Promise(resolve => {
    let open = 0;
    let poor: Resolution = {
      message: failureOf(question),
      why: 'no upstream resolver answered',
      extended: 'noReachableAuthority',
    };
    let patience: NodeJS.Timeout | undefined;
    const timeout = setTimeout(() => finish(poor), timeoutMs);
    const finish = (found: Resolution) => {
      clearTimeout(timeout);
      clearTimeout(patience);
      resolve(found);
      over.abort();
    };
    const next = () => {
      clearTimeout(patience);
      const peer = attempts.shift();
      if (peer) attempt(peer);
      else if (!open) finish(poor);
    };
    const attempt = (peer: Peer) => {
      open++;
      const to = formatUpstream(peer.upstream);
      const start = performance.now();
      metrics.asked(to);
      let slow = false;
      patience = setTimeout(() => {
        slow = true;
        peer.failed(`no reply within ${patienceMs} ms`);
        next();
      }, patienceMs);
      peer.ask(question, flags, signal).then(
        message => {
          open--;
          peer.answered();
          metrics.answered(to, message.rcode, (performance.now() - start) / 1000);
          const found = { message, why: `from ${to}` };
          if (!isFailure(message)) return finish(found);
          poor = found;
          return next();
        },
        reason => {
          open--;
          if (signal.aborted) return finish(poor);
          if (!slow) peer.failed(reason);
          return next();
        },
      );
    };
    next();
  });
}

export function failureOf(question: Question): Message {
  return { ...queryMessage(question), response: true, rcode: RCODE.SERVFAIL };
}

/** Those that fail last, in case they do no more. */
function inOrder(peers: readonly Peer[]): Peer[] {
  const order = [...peers.filter(({ failing }) => !failing), ...peers.filter(({ failing }) => failing)];
  const rounds = order.length ? Math.ceil(MIN_ATTEMPTS / order.length) : 0;
  return Array.from({ length: rounds }, () => order).flat();
}
