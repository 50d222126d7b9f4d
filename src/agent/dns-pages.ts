/** The name server's pages on the agent's own socket: questions as they come, and one answer with its reasons. Knows Pods by their addresses. */

import type { Cluster } from '../model/cluster.js';
import { rcodeName } from '../serve/dns-metrics.js';
import type { Observation } from '../serve/dns-responder.js';
import type { Page } from '../serve/pages.js';
import { formatRecord } from '../wire/dns.js';
import { isName } from '../wire/dns-name.js';
import { type RecordType, TYPE_NUMBERS } from '../wire/dns-records.js';
import type { Dns } from './dns.js';

/** A line of `/dns/tail`. */
export interface TailLine {
  readonly time: string;
  /** The client's address, and the Pod that has it, as `namespace/name`. */
  readonly client: string;
  readonly pod?: string;
  readonly transport: 'udp' | 'tcp';
  readonly name?: string;
  readonly type?: string;
  readonly rcode: string;
  /** Missing for answers from the table, which take microseconds. */
  readonly milliseconds?: number;
  readonly handler: string;
  readonly why: string;
}

/** What `/dns/query?name=&type=&client=` says. */
export interface ExplainedAnswer {
  readonly rcode: string;
  readonly handler: string;
  readonly why: string;
  /** Records in DNS's own text. */
  readonly answers: readonly string[];
}

/** A line of `/dns/told?client=`. */
export interface ToldLine {
  readonly name: string;
  readonly ip: string;
  /** For how long the client may still use it. */
  readonly seconds: number;
}

export function dnsPages(dns: Dns, cluster: () => Cluster): Readonly<Record<string, Page>> {
  return {
    '/dns/tail': () => ({
      status: 200,
      type: 'application/x-ndjson',
      body: write => dns.tail(seen => write(JSON.stringify(lineOf(seen, cluster())))),
    }),
    '/dns/told': query => {
      const now = performance.now() / 1000;
      const lines = dns.told(query.get('client') ?? '').map(({ name, ip, until }) => {
        const told: ToldLine = { name, ip: String(ip), seconds: Math.ceil(until - now) };
        return `${JSON.stringify(told)}\n`;
      });
      return { status: 200, type: 'application/x-ndjson', body: lines.join('') };
    },
    '/dns/query': async query => {
      const name = query.get('name') ?? '';
      const type = query.get('type') ?? 'A';
      if (!isName(name) || !Object.hasOwn(TYPE_NUMBERS, type)) return { status: 400, body: 'no such name or type\n' };
      const question = { name: name.toLowerCase(), spelled: name, type: type as RecordType, class: 1 };
      const found = await dns.explain(question, query.get('client') ?? '');
      if (!found) return { status: 503, body: `DNS does not run: ${dns.state()}\n` };
      const { rcode, handler, why, answers } = found;
      const explained: ExplainedAnswer = {
        rcode: rcodeName(rcode),
        handler,
        why,
        answers: answers.map(formatRecord),
      };
      return { status: 200, type: 'application/json', body: `${JSON.stringify(explained)}\n` };
    },
  };
}

function lineOf({ client, question, handler, why, rcode, seconds }: Observation, cluster: Cluster): TailLine {
  return {
    time: new Date().toISOString(),
    client: client.address,
    pod: cluster.podsByIp.get(client.address)?.key,
    transport: client.transport,
    name: question?.spelled,
    type: question?.type,
    rcode: rcodeName(rcode),
    milliseconds: seconds === undefined ? undefined : Number((seconds * 1000).toFixed(3)),
    handler,
    why,
  };
}
