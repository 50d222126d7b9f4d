/** The table: what is answered from it, byte for byte, is what the chain answers; and memory that comes and goes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { answer } from '../../src/dns/chain.js';
import type { ClusterZone } from '../../src/dns/cluster-zone.js';
import { reply, udpLimit } from '../../src/dns/respond.js';
import { FLAG, newControl, WORD } from '../../src/dns/table/memory.js';
import { Prefixes } from '../../src/dns/table/prefixes.js';
import { LEFT, TableResponder } from '../../src/dns/table/respond.js';
import { AnswerTable } from '../../src/dns/table/table.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { decode, encode, formatRecord, type Message, type Question } from '../../src/wire/dns.js';
import type { RecordType } from '../../src/wire/dns-records.js';
import { configOf, service, zoneOf } from './cluster.js';
import { QUERY } from './text.js';

const CLUSTER = zoneOf({
  'default/kubernetes': { clusterIPs: ['10.96.0.1'], ports: [{ name: 'https', port: 443 }] },
  'shop/web': { clusterIPs: ['10.96.12.7', 'fd00:10:96::7'], ports: [{ name: 'http', port: 80 }] },
  'shop/db': {
    headless: true,
    ports: [{ name: 'sql', port: 32 }],
    endpoints: ['db-0=10.244.1.5', 'db-0=fd00:10:244:1::5', '10.244.2.6', '!db-2=10.244.3.7'],
  },
  'shop/many': { headless: true, endpoints: Array.from({ length: 60 }, (_, i) => `10.244.4.${i}`) },
  'shop/outside': { externalName: 'www.example.com' },
  'shop/inside': { externalName: 'web.shop.svc.cluster.local' },
});

/** The reply of the table, or undefined when it leaves the question to the chain. */
function respond(zone: ClusterZone, query: Uint8Array, wary = false): Uint8Array | undefined {
  const responder = new TableResponder(zone.domain, zone.table.memory, zone.control);
  const bytes = new Uint8Array(2048).fill(0xee);
  const start = 100;
  bytes.set(query, start);
  const length = responder.respond(new DataView(bytes.buffer), start, query.length, wary);
  if (length !== LEFT) return bytes.slice(start, start + length);
  assert.deepEqual(bytes.slice(start, start + query.length), query, 'what is left is as it was');
  return undefined;
}

function chain(zone: ClusterZone, query: Uint8Array): Message {
  const request = decode(query) as Message;
  return decode(encode(reply(request, answer(zone, request.questions[0]!)), udpLimit(request))) as Message;
}

/** Equal but for the order of equal records, and for which of them are left out where not all fit. */
function assertSame(table: Message, fromChain: Message): void {
  const sorted = (message: Message) => ({
    ...message,
    answers: message.answers.map(formatRecord).sort(),
    authorities: message.authorities.map(formatRecord),
    additionals: message.additionals.map(formatRecord),
  });
  if (table.truncated) assert.deepEqual([table.answers.length, fromChain.truncated], [fromChain.answers.length, true]);
  else assert.deepEqual(sorted(table), sorted(fromChain));
}

const question = (name: string, type: RecordType): Question => ({
  name: name.toLowerCase(),
  spelled: name,
  type,
  class: 1,
});
const query = (name: string, type: RecordType, more: Partial<Message> = {}): Uint8Array =>
  encode({ ...QUERY, id: 0x1234, questions: [question(name, type)], ...more });
const EDNS = { size: 4096, version: 0, dnssecOk: false, options: [] };

describe('a question for the table', () => {
  const answered: readonly (readonly [name: string, type: RecordType])[] = [
    ['web.shop.svc.cluster.local.', 'A'],
    ['wEb.sHOP.svc.cluster.LOCAL.', 'AAAA'],
    ['web.shop.svc.cluster.local.', 'MX'],
    ['web.shop.svc.cluster.local.', 'TYPE65'],
    ['_http._tcp.web.shop.svc.cluster.local.', 'SRV'],
    ['_sql._tcp.db.shop.svc.cluster.local.', 'SRV'],
    ['_tcp.db.shop.svc.cluster.local.', 'A'],
    ['db.shop.svc.cluster.local.', 'A'],
    ['db-0.db.shop.svc.cluster.local.', 'AAAA'],
    ['db-2.db.shop.svc.cluster.local.', 'A'],
    ['10-244-2-6.db.shop.svc.cluster.local.', 'A'],
    ['many.shop.svc.cluster.local.', 'A'],
    ['web.other.default.svc.cluster.local.', 'A'],
    ['example.com.default.svc.cluster.local.', 'AAAA'],
    ['shop.svc.cluster.local.', 'A'],
    ['cluster.local.', 'SOA'],
    ['cluster.local.', 'NS'],
    ['cluster.local.', 'A'],
    ['dns-version.cluster.local.', 'TXT'],
    ['7.12.96.10.in-addr.arpa.', 'PTR'],
    ['*.shop.svc.cluster.local.', 'A'],
    ['a\\.b\\000.svc.cluster.local.', 'A'],
  ];
  for (const [name, type] of answered) {
    it(`${name} ${type} is answered as the chain does, with and without EDNS`, () => {
      for (const more of [
        {},
        { edns: EDNS },
        { edns: { ...EDNS, dnssecOk: true, size: 700 }, checkingDisabled: true },
        { recursionDesired: false },
      ]) {
        const asked = query(name, type, more);
        const bytes = respond(CLUSTER, asked);
        assert.ok(bytes, 'was left to the chain');
        assertSame(decode(bytes) as Message, chain(CLUSTER, asked));
      }
    });
  }

  const left: readonly (readonly [title: string, asked: Uint8Array])[] = [
    ['an alias', query('outside.shop.svc.cluster.local.', 'A')],
    ['an alias inside', query('inside.shop.svc.cluster.local.', 'A')],
    ['the name of a Pod', query('10-244-1-5.shop.pod.cluster.local.', 'A')],
    ['a name outside', query('example.com.', 'A')],
    ['the domain’s parent', query('local.', 'A')],
    ['a name that ends like the domain', query('mycluster.local.', 'A')],
    ['a label that ends like the domain', query('x\\007cluster\\005local.', 'A')],
    ['an address without a name', query('9.12.96.10.in-addr.arpa.', 'PTR')],
    ['an address for another type', query('7.12.96.10.in-addr.arpa.', 'A')],
    ['the root', query('.', 'NS')],
    ['ANY', query('web.shop.svc.cluster.local.', 'ANY')],
    ['AXFR', query('cluster.local.', 'AXFR')],
    [
      'another class',
      query('web.shop.svc.cluster.local.', 'A', {
        questions: [{ ...question('web.shop.svc.cluster.local.', 'A'), class: 3 }],
      }),
    ],
    ['another opcode', query('web.shop.svc.cluster.local.', 'A', { opcode: 4 })],
    ['a response', query('web.shop.svc.cluster.local.', 'A', { response: true })],
    ['EDNS of version 1', query('web.shop.svc.cluster.local.', 'A', { edns: { ...EDNS, version: 1 } })],
    [
      'two questions',
      query('web.shop.svc.cluster.local.', 'A', { questions: [question('a.', 'A'), question('a.', 'A')] }),
    ],
    ['bytes behind the end', Uint8Array.of(...query('web.shop.svc.cluster.local.', 'A'), 0)],
  ];
  for (const [title, asked] of left)
    it(`${title} is left to the chain`, () => assert.equal(respond(CLUSTER, asked), undefined));

  it('before the first list is complete nothing is said not to exist', () => {
    const zone = zoneOf({ 'shop/web': { clusterIPs: ['10.96.12.7'] } });
    zone.synced = false;
    assert.equal(respond(zone, query('no.shop.svc.cluster.local.', 'A')), undefined);
    assert.equal(respond(zone, query('web.shop.svc.cluster.local.', 'AAAA')), undefined);
  });

  it('has the TTL of the configuration, also for what does not exist, once Services were set again', () => {
    const zone = zoneOf({ 'shop/web': { clusterIPs: ['10.96.12.7'], ports: [{ name: 'http', port: 80 }] } });
    zone.config = configOf({ ttl: 3600 });
    for (const service of zone.outdated) zone.set(service);
    assert.deepEqual(zone.outdated, []);
    for (const [name, type] of [
      ['web.shop.svc.cluster.local.', 'A'],
      ['web.shop.svc.cluster.local.', 'AAAA'],
      ['_http._tcp.web.shop.svc.cluster.local.', 'SRV'],
      ['no.shop.svc.cluster.local.', 'A'],
      ['cluster.local.', 'SOA'],
      ['7.12.96.10.in-addr.arpa.', 'PTR'],
    ] as const) {
      const asked = query(name, type);
      const found = decode(respond(zone, asked)!) as Message;
      assertSame(found, chain(zone, asked));
      for (const { ttl, data } of [...found.answers, ...found.authorities, ...found.additionals]) {
        assert.equal(ttl, 3600);
        if (data.type === 'SOA') assert.equal(data.minimum, 3600);
      }
    }
  });

  it('with autopath no name that a search path begins with is said not to exist', () => {
    const zone = zoneOf({ 'shop/web': { clusterIPs: ['10.96.12.7'] } });
    Atomics.or(zone.control, WORD.flags, FLAG.autopath);
    assert.equal(respond(zone, query('no.shop.svc.cluster.local.', 'A')), undefined);
    assert.equal(respond(zone, query('example.com.shop.SVC.cluster.local.', 'A')), undefined);
    for (const name of ['web.shop.svc.', 'no.svc.', 'example.com.'])
      assert.ok(respond(zone, query(`${name}cluster.local.`, 'AAAA')), name);
    assert.ok(respond(zone, query('no.shop.svc.cluster.local.', 'A'), true), 'no Pod’s');
  });

  it('a stranger’s gets no more than ten times its bytes', () => {
    const asked = query('many.shop.svc.cluster.local.', 'A', { edns: EDNS });
    const small = respond(CLUSTER, asked, true)!;
    assert.ok(small.length <= 10 * asked.length, `${small.length} for ${asked.length}`);
    assert.equal((decode(small) as Message).truncated, true);
    assert.equal((decode(respond(CLUSTER, asked)!) as Message).truncated, false);
  });

  it('finds every endpoint first now and then', () => {
    const first = new Set(
      Array.from({ length: 300 }, (_, id) => {
        const found = decode(
          respond(CLUSTER, query('many.shop.svc.cluster.local.', 'A', { id, edns: EDNS }))!,
        ) as Message;
        return formatRecord(found.answers[0]!);
      }),
    );
    assert.equal(first.size, 60);
  });
});

describe('any bytes', () => {
  const wellFormed = answeredBytes();
  const mutated = fc
    .tuple(
      fc.constantFrom(...wellFormed),
      fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(3),
    )
    .map(([whole, edits, cut]) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      return bytes.subarray(0, bytes.length - cut);
    });

  it('are answered as the chain does, or left to it', () => {
    fc.assert(
      fc.property(mutated, bytes => {
        const found = respond(CLUSTER, bytes);
        if (!found) return;
        const request = decode(bytes);
        assert.ok(!('malformed' in request), 'what is no message is not answered');
        assertSame(decode(found) as Message, chain(CLUSTER, bytes));
      }),
      { numRuns: 5000 },
    );
  });

  function answeredBytes(): Uint8Array[] {
    return [
      'web.shop.svc.cluster.local.',
      'db.shop.svc.cluster.local.',
      'no.such.svc.cluster.local.',
      '7.12.96.10.in-addr.arpa.',
    ].flatMap(name => [
      query(name, 'A'),
      query(name, 'PTR', { edns: { ...EDNS, options: [{ code: 10, bytes: new Uint8Array(8) }] } }),
    ]);
  }
});

describe('the memory', () => {
  it('does not grow for names that come and go, and holds a freed block back while a reader may have it', () => {
    const control = newControl();
    const table = new AnswerTable(control);
    const one = (ip: string) => [{ type: 1, answers: 1, additionals: 0, turn: 16, bytes: Ip.of(ip).bytes }];
    for (let round = 0; round < 200; round++)
      for (let i = 0; i < 500; i++) table.put(`n${i}.example.`, round % 2 ? [] : one(`10.0.0.${i & 255}`));
    assert.equal(table.memory.chunks.length, 1);
    assert.equal(table.size, 0);
    // A reader that stopped in the middle of its work.
    Atomics.store(control, WORD.epoch, 1);
    for (let round = 0; round < 200; round++)
      for (let i = 0; i < 500; i++) table.put(`n${i}.example.`, one(`10.0.${round}.${i & 255}`));
    assert.ok(table.memory.chunks.length > 3);
  });

  it('of a thousand Services in any order of changes has their names, and none when they are gone', () => {
    const zone = zoneOf({});
    const empty = zone.table.size;
    const all = Array.from({ length: 1000 }, (_, i) => `ns-${i % 7}/service-${i}`);
    for (const [i, key] of all.entries()) zone.set(service(key, { clusterIPs: [`10.96.${i >> 8}.${i & 255}`] }));
    for (const [i, key] of all.entries()) {
      const [namespace, name] = key.split('/');
      const found = zone.records(`${name}.${namespace}.svc.cluster.local.`, 'A');
      assert.deepEqual(
        found.map(({ data }) => 'ip' in data && String(data.ip)),
        [`10.96.${i >> 8}.${i & 255}`],
      );
    }
    for (const key of all.reverse()) zone.delete(key);
    assert.equal(zone.table.size, empty);
  });
});

describe('prefixes', () => {
  const inside = new Prefixes(['10.244.0.0/16', '192.0.2.1/32', 'fd00:10:244::/56'].map(Cidr.of));
  const rows: Readonly<Record<string, boolean>> = {
    '10.244.255.1': true,
    '10.245.0.1': false,
    '192.0.2.1': true,
    '192.0.2.2': false,
    'fd00:10:244:ff::1': true,
    'fd00:10:244:100::1': false,
    '2001:db8::1': false,
  };
  for (const [text, expected] of Object.entries(rows)) {
    it(`${text} is ${expected ? 'in' : 'out'}`, () => {
      const ip = Ip.of(text);
      const peer = new Uint8Array(40);
      peer[4] = ip.family === 4 ? 2 : 10;
      peer.set(ip.bytes, ip.family === 4 ? 8 : 12);
      assert.equal(inside.hasPeer(peer, 4), expected);
    });
  }
});
