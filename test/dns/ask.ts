/** Questions and answers in DNS's own text, as tables that are tests. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from '../../src/dns/answer.js';
import { answer } from '../../src/dns/chain.js';
import type { ClusterZone } from '../../src/dns/cluster-zone.js';
import { formatRecord, type Question, RCODE } from '../../src/wire/dns.js';
import type { RecordType } from '../../src/wire/dns-records.js';

function question(text: string): Question {
  const [name, type, klass = 'IN'] = text.split(' ') as [string, string, string?];
  return { name: name.toLowerCase(), spelled: name, type: type as RecordType, class: klass === 'IN' ? 1 : 3 };
}

/**
 * `NOERROR services`, then a line for each record: ' ' answer, '?' authority, '+' additional, '>' a question for upstream; behind
 * `else` what is answered when upstream knows no such name.
 */
export function ask(zone: ClusterZone, text: string, client?: string): string[] {
  return lines(answer(zone, question(text), client));
}

function lines(found: Answer): string[] {
  const rcode = Object.entries(RCODE).find(([, number]) => number === found.rcode)![0];
  return [
    `${rcode} ${found.handler}`,
    ...found.answers.map(record => `  ${formatRecord(record)}`),
    ...found.authorities.map(record => `? ${formatRecord(record)}`),
    ...found.additionals.map(record => `+ ${formatRecord(record)}`),
    ...(found.forward ? [`> ${found.forward.name} ${found.forward.type}`] : []),
    ...(found.otherwise ? lines(found.otherwise).map((line, i) => (i ? line : `else ${line}`)) : []),
  ];
}

export const SOA = 'SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5';
export const NEGATIVE = `? cluster.local. 5 IN ${SOA}`;

export function table(
  zone: ClusterZone,
  title: string,
  rows: Readonly<Record<string, readonly string[]>>,
  client?: string,
): void {
  describe(title, () => {
    for (const [asked, expected] of Object.entries(rows)) {
      it(asked, () => assert.deepEqual(ask(zone, asked, client), expected));
    }
  });
}
