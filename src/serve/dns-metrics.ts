/** Counts of the DNS server in Prometheus' text format, under CoreDNS's names where it has them. */

import { RCODE } from '../wire/dns.js';
import { type DnsCounters, SECONDS, TYPES } from './dns-counters.js';
import type { Measured } from './dns-responder.js';

const RCODE_NAMES = new Map<number, string>(Object.entries(RCODE).map(([name, number]) => [number, name]));

/** What the chain answered is counted here, what the loop answered in its own counters; the text has the sum. */
export class DnsMetrics {
  readonly #requests = new Map<string, number>();
  readonly #responses = new Map<string, number>();
  readonly #buckets = [...SECONDS, 0].map(() => 0);
  #seconds = 0;

  observe({ client, question, handler, rcode, seconds }: Measured): void {
    const family = client.address.includes(':') ? 6 : 4;
    // Types are the client's choice: only those that have a name get a line of their own.
    const type = question && !question.type.startsWith('TYPE') ? question.type : 'other';
    count(this.#requests, requestLabels(client.transport, family, type), 1);
    count(this.#responses, responseLabels(rcode, handler), 1);
    const bucket = SECONDS.findIndex(bound => seconds <= bound);
    this.#buckets[bucket < 0 ? SECONDS.length : bucket]!++;
    this.#seconds += seconds;
  }

  text(counters: DnsCounters): string {
    const requests = new Map(this.#requests);
    const responses = new Map(this.#responses);
    for (const family of [4, 6] as const)
      for (const [slot, type] of [...TYPES, 'other'].entries())
        count(requests, requestLabels('udp', family, type), counters.requests(family, slot));
    for (const rcode of [RCODE.NOERROR, RCODE.NXDOMAIN])
      count(responses, responseLabels(rcode, 'table'), counters.responses(rcode));
    let below = 0;
    const buckets = this.#buckets.map((own, i) => (below += own + counters.bucket(i)));
    return [
      ...counter('coredns_dns_requests_total', 'Questions asked.', requests),
      ...counter('coredns_dns_responses_total', 'Replies by response code, and by who gave them.', responses),
      ...counter('podwire_dns_dropped_requests_total', 'Requests dropped because too many were under way.', [
        ['', counters.shed],
      ]),
      '# HELP coredns_dns_request_duration_seconds From the read of a request to the write of its reply.',
      '# TYPE coredns_dns_request_duration_seconds histogram',
      ...buckets.map((sum, i) => `coredns_dns_request_duration_seconds_bucket{le="${SECONDS[i] ?? '+Inf'}"} ${sum}`),
      `coredns_dns_request_duration_seconds_sum ${this.#seconds + counters.seconds}`,
      `coredns_dns_request_duration_seconds_count ${below}`,
      '',
    ].join('\n');
  }
}

/** CoreDNS numbers families as IANA does. */
function requestLabels(transport: string, family: 4 | 6, type: string): string {
  return `{proto="${transport}",family="${family === 4 ? 1 : 2}",type="${type}"}`;
}

function responseLabels(rcode: number, handler: string): string {
  return `{rcode="${RCODE_NAMES.get(rcode) ?? rcode}",plugin="${handler}"}`;
}

function count(counts: Map<string, number>, labels: string, by: number): void {
  if (by) counts.set(labels, (counts.get(labels) ?? 0) + by);
}

function counter(name: string, help: string, values: Iterable<readonly [labels: string, value: number]>): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    ...[...values].map(([labels, value]) => `${name}${labels} ${value}`),
  ];
}
