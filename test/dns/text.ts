/** DNS in its own text form, for tests: lines of a zone file in, questions and answers out. */

import { Ip } from '../../src/net/ip.js';
import { CLASS_IN, type Message, type ResourceRecord } from '../../src/wire/dns.js';
import type { RecordData } from '../../src/wire/dns-records.js';

/** A query without a question; spread it and add what matters. */
export const QUERY: Message = {
  ...{ id: 0, response: false, opcode: 0, authoritative: false, truncated: false, recursionDesired: true },
  ...{ recursionAvailable: false, authenticData: false, checkingDisabled: false, rcode: 0 },
  ...{ questions: [], answers: [], authorities: [], additionals: [], edns: undefined },
};

/** `web.local. 5 IN A 10.0.0.1` as a record. */
export function record(line: string): ResourceRecord {
  const [name, ttl, , type, ...rest] = line.split(' ') as [string, string, string, string, ...string[]];
  return { name, class: CLASS_IN, ttl: Number(ttl), data: dataOf(type, rest) };
}

/** Bytes from hexadecimal text and 'quoted' ASCII, with white space as it pleases. */
export function bytes(text: string): Uint8Array {
  const parts = text.match(/'[^']*'|[0-9a-f]{2}/g) ?? [];
  return Buffer.concat(
    parts.map(part => (part[0] === "'" ? Buffer.from(part.slice(1, -1)) : Buffer.from(part, 'hex'))),
  );
}

function dataOf(type: string, [first = '', second = '', third = '', ...more]: string[]): RecordData {
  if (type === 'A' || type === 'AAAA') return { type, ip: Ip.of(first) };
  if (type === 'CNAME' || type === 'NS' || type === 'PTR') return { type, target: first };
  if (type === 'TXT') return { type, strings: [JSON.parse(first) as string] };
  if (type === 'SRV') return { type, priority: +first, weight: +second, port: +third, target: more[0]! };
  const [serial, refresh, retry, expire, minimum] = [third, ...more].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { type: 'SOA', mname: first, rname: second, serial, refresh, retry, expire, minimum };
}
