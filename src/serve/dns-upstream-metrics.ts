/** How the cache does, and each upstream resolver, under CoreDNS's names. Counts what it is told. */

import { Histogram } from '../report/histogram.js';
import { histogram, metric } from '../report/metrics.js';
import { Tally } from '../report/tally.js';
import { type Message, RCODE } from '../wire/dns.js';
import { rcodeName } from './dns-metrics.js';

/** CoreDNS's bounds, in seconds. */
const SECONDS = [
  0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
];

/** Outlives forwarders, of which there is another one with each configuration. */
export class UpstreamMetrics {
  readonly #hits = new Tally();
  #misses = 0;
  #stale = 0;
  #prefetches = 0;
  readonly #requests = new Tally();
  readonly #responses = new Tally();
  readonly #seconds = new Map<string, Histogram>();

  hit({ rcode, answers }: Message): void {
    this.#hits.add({ type: rcode === RCODE.NOERROR && answers.length ? 'success' : 'denial' });
  }

  missed(): void {
    this.#misses++;
  }

  servedStale(): void {
    this.#stale++;
  }

  prefetched(): void {
    this.#prefetches++;
  }

  /** `to` is an upstream as users write it: of these there are few. */
  asked(to: string): void {
    this.#requests.add({ to });
  }

  answered(to: string, rcode: number, seconds: number): void {
    this.#responses.add({ to, rcode: rcodeName(rcode) });
    const known = this.#seconds.get(to) ?? new Histogram(SECONDS);
    this.#seconds.set(to, known);
    known.observe(seconds);
  }

  text(): string {
    return [
      metric('coredns_cache_hits_total', 'counter', 'Answers from the cache, by what they say.', this.#hits.values),
      metric('coredns_cache_misses_total', 'counter', 'Questions that the cache had no answer to.', [
        [{}, this.#misses],
      ]),
      metric(
        'coredns_cache_served_stale_total',
        'counter',
        'Answers out of date, given because nobody could be asked.',
        [[{}, this.#stale]],
      ),
      metric('coredns_cache_prefetch_total', 'counter', 'Answers fetched anew before they expired.', [
        [{}, this.#prefetches],
      ]),
      metric('coredns_forward_requests_total', 'counter', 'Questions to an upstream resolver.', this.#requests.values),
      metric('coredns_forward_responses_total', 'counter', 'Its replies, by response code.', this.#responses.values),
      histogram(
        'coredns_forward_request_duration_seconds',
        'From a question to its reply.',
        [...this.#seconds].map(([to, seconds]) => [{ to }, seconds]),
      ),
    ].join('');
  }
}
