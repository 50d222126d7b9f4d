/** Counts of the DNS server in Prometheus' text format, under CoreDNS's names where it has them. */

import { Histogram } from '../report/histogram.js';
import { histogram, type Labels, metric } from '../report/metrics.js';
import { Tally } from '../report/tally.js';
import { RCODE } from '../wire/dns.js';
import { type DnsCounters, SECONDS, TYPES } from './dns-counters.js';
import type { Measured } from './dns-responder.js';

const RCODE_NAMES = new Map<number, string>(Object.entries(RCODE).map(([name, number]) => [number, name]));

export function rcodeName(rcode: number): string {
  return RCODE_NAMES.get(rcode) ?? String(rcode);
}

/** What the chain answered is counted here, what the loop answered in its own counters; the text has the sum. */
export class DnsMetrics {
  readonly #requests = new Tally();
  readonly #responses = new Tally();
  readonly #seconds = new Histogram(SECONDS);

  observe({ client, question, handler, rcode, seconds }: Measured): void {
    const family = client.address.includes(':') ? 6 : 4;
    // Types are the client's choice: only those that have a name get a line of their own.
    const type = question && !question.type.startsWith('TYPE') ? question.type : 'other';
    this.#requests.add(requestLabels(client.transport, family, type));
    this.#responses.add(responseLabels(rcode, handler));
    this.#seconds.observe(seconds);
  }

  text(counters: DnsCounters): string {
    const requests = new Tally(this.#requests);
    const responses = new Tally(this.#responses);
    for (const family of [4, 6] as const)
      for (const [slot, type] of [...TYPES, 'other'].entries())
        requests.add(requestLabels('udp', family, type), counters.requests(family, slot));
    for (const rcode of [RCODE.NOERROR, RCODE.NXDOMAIN])
      responses.add(responseLabels(rcode, 'table'), counters.responses(rcode));
    return [
      metric('coredns_dns_requests_total', 'counter', 'Questions asked.', requests.values),
      metric(
        'coredns_dns_responses_total',
        'counter',
        'Replies by response code, and by who gave them.',
        responses.values,
      ),
      metric('podwire_dns_dropped_requests_total', 'counter', 'Requests dropped because too many were under way.', [
        [{}, counters.shed],
      ]),
      histogram('coredns_dns_request_duration_seconds', 'From the read of a request to the write of its reply.', [
        [{}, { values: sum(this.#seconds, counters) }],
      ]),
    ].join('');
  }
}

function sum(own: Histogram, counters: DnsCounters): Histogram['values'] {
  let below = 0;
  const buckets = own.values.buckets.map(([le, count], i) => [le, count + (below += counters.bucket(i))] as const);
  return { buckets, sum: own.values.sum + counters.seconds, count: own.values.count + below };
}

/** CoreDNS numbers families as IANA does. */
function requestLabels(proto: string, family: 4 | 6, type: string): Labels {
  return { proto, family: family === 4 ? '1' : '2', type };
}

function responseLabels(rcode: number, plugin: string): Labels {
  return { rcode: rcodeName(rcode), plugin };
}
