/** A walked search path with its upstream: what is answered when that knows the name, knows it not, and says nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchPathOf } from '../../src/dns/search-path.js';
import { decode, encode, formatRecord, type Message, queryMessage, RCODE } from '../../src/wire/dns.js';
import { zoneOf } from '../dns/cluster.js';
import { record } from '../dns/text.js';
import { pod } from '../kubelet/pods.js';
import { WholeServer } from './whole-server.js';

const POD = '10.244.1.1';
const zone = zoneOf({}, client =>
  client === POD ? searchPathOf(pod({}), 'cluster.local.', 'search home.arpa\n') : undefined,
);
const KNOWN = 'example.com.';

const table: readonly [name: string, answer: readonly string[], asked: readonly string[]][] = [
  [
    'example.com',
    ['NOERROR', 'example.com.shop.svc.cluster.local. 5 IN CNAME example.com.', 'example.com. 60 IN A 192.0.2.1'],
    ['example.com.home.arpa.', 'example.com.'],
  ],
  ['nothing.test', ['NXDOMAIN'], ['nothing.test.home.arpa.', 'nothing.test.']],
  // Nobody knows: the client's own question has an answer all the same.
  ['silent', ['NXDOMAIN'], ['silent.home.arpa.']],
];

for (const [name, expected, asked] of table)
  test(`${name}: ${expected.join(', ')}`, async () => {
    const server = new WholeServer(zone, question => {
      const reply = { ...queryMessage(question), response: true };
      if (question.name.startsWith('silent')) return { ...reply, rcode: RCODE.SERVFAIL };
      if (question.name !== KNOWN) return { ...reply, rcode: RCODE.NXDOMAIN };
      return { ...reply, answers: [record(`${KNOWN} 60 IN A 192.0.2.1`)] };
    });
    const full = `${name}.shop.svc.cluster.local.`;
    const query = encode(queryMessage({ name: full, type: 'A' }));
    const { rcode, answers } = decode((await server.ask(query, { client: POD }))!) as Message;
    const [code] = Object.entries(RCODE).find(([, number]) => number === rcode)!;
    assert.deepEqual([code, ...answers.map(formatRecord)], expected);
    assert.deepEqual(
      server.asked.map(question => question.name),
      asked,
    );
  });
