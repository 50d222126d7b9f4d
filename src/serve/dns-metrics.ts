/** Counts of the DNS server in Prometheus' text format, under CoreDNS's names where it has them. */

import { RCODE } from '../wire/dns.js';
import type { Observation } from './dns-responder.js';

/** Upper bounds in seconds. */
const BUCKETS = [0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048];
const RCODE_NAMES = new Map<number, string>(Object.entries(RCODE).map(([name, number]) => [number, name]));

export class DnsMetrics {
  readonly #requests = new Map<string, number>();
  readonly #responses = new Map<string, number>();
  readonly #buckets = BUCKETS.map(() => 0);
  #count = 0;
  #seconds = 0;

  observe({ client, question, handler, rcode, seconds }: Observation): void {
    const family = client.address.includes(':') ? 2 : 1;
    // Types are the client's choice: only those that have a name get a line of their own.
    const type = question && !question.type.startsWith('TYPE') ? question.type : 'other';
    count(this.#requests, `proto="${client.transport}",family="${family}",type="${type}"`);
    count(this.#responses, `rcode="${RCODE_NAMES.get(rcode) ?? rcode}",plugin="${handler}"`);
    const bucket = BUCKETS.findIndex(bound => seconds <= bound);
    if (bucket >= 0) this.#buckets[bucket]!++;
    this.#count++;
    this.#seconds += seconds;
  }

  text(): string {
    let below = 0;
    return [
      '# TYPE coredns_dns_requests_total counter',
      ...lines('coredns_dns_requests_total', this.#requests),
      '# TYPE coredns_dns_responses_total counter',
      ...lines('coredns_dns_responses_total', this.#responses),
      '# TYPE coredns_dns_request_duration_seconds histogram',
      ...BUCKETS.map(
        (le, i) => `coredns_dns_request_duration_seconds_bucket{le="${le}"} ${(below += this.#buckets[i]!)}`,
      ),
      `coredns_dns_request_duration_seconds_bucket{le="+Inf"} ${this.#count}`,
      `coredns_dns_request_duration_seconds_sum ${this.#seconds}`,
      `coredns_dns_request_duration_seconds_count ${this.#count}`,
      '',
    ].join('\n');
  }
}

function count(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

function lines(name: string, counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([labels, value]) => `${name}{${labels}} ${value}`);
}
