/** Packets changed at random, through the whole server and through what reads upstreams' replies: no exception, no hang, no amplification. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DNS_DEFAULTS } from '../../src/dns/config.js';
import { DnsCache } from '../../src/serve/dns-cache.js';
import { fitting } from '../../src/serve/dns-exchange.js';
import { decode, encode, type Message } from '../../src/wire/dns.js';
import type { RecordType } from '../../src/wire/dns-records.js';
import { configOf, zoneOf } from '../dns/cluster.js';
import { QUERY, record } from '../dns/text.js';
import { WholeServer } from './whole-server.js';

/** `npm run fuzz:dns` asks for a million. */
const RUNS = Number(process.env.PODWIRE_FUZZ ?? 20_000);
/** Set it to what a failure printed, and the same packets come again. */
const SEED = Number(process.env.PODWIRE_FUZZ_SEED ?? Date.now() % 2 ** 31);

const NAMES = [
  'web.shop.svc.cluster.local.',
  'many.shop.svc.cluster.local.',
  '_sql._tcp.pods.shop.svc.cluster.local.',
  'outside.shop.svc.cluster.local.',
  '10-244-1-5.shop.pod.cluster.local.',
  '7.12.96.10.in-addr.arpa.',
  'host.example.com.',
  'old.example.com.',
  'www.example.com.',
  '.',
];
const TYPES: readonly RecordType[] = ['A', 'AAAA', 'SRV', 'PTR', 'TXT', 'SOA', 'ANY', 'TYPE65'];
const zone = zoneOf({
  'shop/web': { clusterIPs: ['10.96.12.7', 'fd00:10:96::7'], ports: [{ name: 'http', port: 80 }] },
  'shop/many': { headless: true, endpoints: Array.from({ length: 200 }, (_, i) => `10.244.1.${i}`) },
  'shop/pods': { headless: true, ports: [{ name: 'sql', port: 1 }], endpoints: ['db-0=10.244.9.1', 'fd00:10:244::1'] },
  'shop/outside': { externalName: 'www.example.com' },
});
zone.config = configOf({
  hosts: { 'host.example.com': ['192.0.2.7'] },
  rewrite: [{ name: 'old.example.com', to: 'web.shop.svc.cluster.local' }],
});
const ANSWERS = [
  record('www.example.com. 60 IN CNAME a.b.example.net.'),
  ...Array.from({ length: 8 }, (_, i) => record(`a.b.example.net. 60 IN A 192.0.2.${i}`)),
  record('a.b.example.net. 60 IN TXT "text"'),
  record('example.com. 60 IN SOA ns.example. me.example. 1 2 3 4 5'),
  record('x.example.net. 60 IN SRV 1 2 3 y.example.net.'),
];

const edns = { size: 4096, version: 0, dnssecOk: true, options: [{ code: 10, bytes: new Uint8Array(8) }] };
const QUERIES = NAMES.flatMap(name =>
  TYPES.map((type, i) => {
    const questions = [{ name, spelled: name, type, class: 1 }];
    return { ...QUERY, id: i, questions, ...(i % 2 && { edns }) };
  }),
);

describe(`${RUNS} packets changed at random, seed ${SEED}`, () => {
  it('each get one reply that is well-formed and small enough, or none', async () => {
    const server = new WholeServer(zone, question => ({
      ...QUERY,
      response: true,
      questions: [question],
      answers: ANSWERS,
    }));
    const seeds = QUERIES.map(query => encode(query));
    const mutate = mutator(seeds);
    const kinds = { silent: 0, answered: 0, malformed: 0 };
    for (let run = 0; run < RUNS; run++) {
      const packet = mutate();
      const stranger = run % 2 === 0;
      const transport = run % 5 === 0 ? 'tcp' : 'udp';
      const hex = Buffer.from(packet).toString('hex');
      let replies = 0;
      const check = (reply: Uint8Array) => {
        assert.equal(++replies, 1, hex);
        const message = decode(reply);
        assert.ok(!('malformed' in message), `${hex} → ${Buffer.from(reply).toString('hex')}`);
        assert.deepEqual([message.response, message.id], [true, (packet[0]! << 8) | packet[1]!], hex);
        if (transport === 'udp') assert.ok(reply.length <= (stranger ? Math.min(1232, 10 * packet.length) : 1232), hex);
        kinds[message.rcode === 1 ? 'malformed' : 'answered']++;
      };
      server.say(packet, check, { transport, stranger });
      if (!replies) kinds.silent++;
      if (run % 100 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    // It would prove little if all of them were the same.
    for (const count of Object.values(kinds)) assert.ok(count > RUNS / 100, JSON.stringify(kinds));
  });

  it('from upstream are no reply, or one that can be kept and passed on', () => {
    const cache = new DnsCache(DNS_DEFAULTS.cache);
    let taken = 0;
    const replies = QUERIES.map(query => encode({ ...query, response: true, answers: ANSWERS, authorities: ANSWERS }));
    const mutate = mutator(replies);
    const byHead = new Map(QUERIES.map(query => [query.id, query]));
    for (let run = 0; run < RUNS; run++) {
      const packet = mutate();
      const asked = byHead.get((packet[0]! << 8) | packet[1]!);
      const known = decode(packet);
      if (!asked || 'malformed' in known || !known.questions[0]) continue;
      const query: Message = { ...asked, questions: known.questions };
      const reply = fitting(packet, query);
      if (!reply) continue;
      taken++;
      cache.put('key', reply);
      const hex = Buffer.from(packet).toString('hex');
      for (const message of [reply, cache.get('key')?.message])
        if (message) assert.ok(!('malformed' in decode(encode(message, 1232))), hex);
    }
    assert.ok(taken > RUNS / 100, `${taken} were taken for replies`);
  });
});

/** Packets made of others: bytes changed, left out, doubled, joined; numbers of records and lengths of labels that lie. */
function mutator(seeds: readonly Uint8Array[]): () => Uint8Array {
  const random = mulberry(SEED);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(of: readonly T[]): T => of[below(of.length)]!;
  const edit = (bytes: number[]): void => {
    const at = below(bytes.length);
    const kind = below(9);
    if (kind < 3) bytes[at] = below(256);
    else if (kind === 3) bytes[at]! ^= 1 << below(8);
    else if (kind === 4) bytes[at] = pick([0, 0x3f, 0x40, 0x80, 0xc0, 0xff, 12, 41]);
    else if (kind === 5) bytes.splice(at, 1 + below(4));
    else if (kind === 6) bytes.splice(at, 0, ...bytes.slice(at, at + below(40)));
    else if (kind === 7) bytes.splice(at, bytes.length, ...pick(seeds).subarray(below(40)));
    else bytes.splice(at, 0, 0xc0 | below(2), below(256));
    // Its head stays as it was now and then, so that what is behind it is read.
    if (random() < 0.7) for (let i = 2; i < 6; i++) bytes[i] = seeds[0]![i]!;
  };
  return () => {
    const bytes = [...pick(seeds)];
    for (let edits = below(4); edits >= 0 && bytes.length; edits--) edit(bytes);
    return Uint8Array.from(bytes.slice(0, 4096));
  };
}

/** Mulberry32: the same numbers for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
