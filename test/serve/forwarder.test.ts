/** The forwarder against upstreams that are slow, silent, wrong or hostile. */

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, it } from 'node:test';
import { DnsCache } from '../../src/serve/dns-cache.js';
import { createForwarder } from '../../src/serve/dns-forwarder.js';
import { encode, type Message, type Question } from '../../src/wire/dns.js';
import { QUERY, record } from '../dns/text.js';
import { startUpstream, type TestUpstream } from './upstream.js';

const FLAGS = { dnssecOk: false, checkingDisabled: false };
const question = (name: string): Question => ({ name, spelled: name, type: 'A', class: 1 });
const good = (query: Message, ip = '192.0.2.1', ttl = 60): Message => ({
  ...query,
  ...{ response: true, answers: [record(`${query.questions[0]!.name} ${ttl} IN A ${ip}`)] },
});
const addresses = (message: Message | undefined) =>
  message?.answers.map(({ data }) => ('ip' in data ? String(data.ip) : data.type));

type Behaviour = Parameters<typeof startUpstream>[0];

/** Runs the story with upstreams that behave so. */
async function withUpstreams(
  behaviours: readonly Behaviour[],
  story: (upstreams: TestUpstream[]) => Promise<void>,
): Promise<void> {
  const upstreams = await Promise.all(behaviours.map(startUpstream));
  try {
    await story(upstreams);
  } finally {
    for (const upstream of upstreams) upstream.close();
  }
}

describe('the forwarder', () => {
  it('takes the next upstream when one is silent, and remembers which', () =>
    withUpstreams([() => [], query => [good(query)]], async ([silent, fine]) => {
      const forwarder = createForwarder({ upstreams: [silent!, fine!], patienceMs: 50 });
      assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
      assert.deepEqual(addresses(await forwarder.resolve(question('b.example.'), FLAGS)), ['192.0.2.1']);
      assert.equal(silent!.seen.length, 1);
    }));

  it('takes the next when one fails, and gives back the failure when all do', () =>
    withUpstreams(
      [query => [{ ...query, response: true, rcode: 2 }], query => [good(query)]],
      async ([failing, fine]) => {
        const both = createForwarder({ upstreams: [failing!, fine!] });
        assert.deepEqual(addresses(await both.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
        const one = createForwarder({ upstreams: [failing!] });
        assert.equal((await one.resolve(question('a.example.'), FLAGS))?.rcode, 2);
      },
    ));

  it('gives up after its time when nobody answers, or when nobody is there', () =>
    withUpstreams([() => []], async ([silent]) => {
      const closed = createSocket('udp4');
      await new Promise<void>(resolve => closed.bind(0, '127.0.0.1', resolve));
      const nobody = { ip: silent!.ip, port: closed.address().port };
      closed.close();
      for (const upstreams of [[silent!], [nobody], []]) {
        const forwarder = createForwarder({ upstreams, timeoutMs: 1000, patienceMs: 20 });
        assert.equal(await forwarder.resolve(question('a.example.'), FLAGS), undefined);
      }
      assert.equal(silent!.seen.length, 3, 'a lost packet is sent again');
    }));

  it('asks over TCP when the reply was cut', () =>
    withUpstreams(
      [
        (query, transport) => [
          transport === 'udp' ? { ...query, response: true, truncated: true } : good(query, '192.0.2.2'),
        ],
      ],
      async ([upstream]) => {
        const forwarder = createForwarder({ upstreams: [upstream!] });
        assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.2']);
        assert.deepEqual(
          upstream!.seen.map(({ transport }) => transport),
          ['udp', 'tcp'],
        );
      },
    ));

  it('waits for the right reply behind wrong ones: id, question, garbage, a query', () =>
    withUpstreams(
      [
        query => [
          good({ ...query, id: query.id ^ 1 }, '198.51.100.1'),
          good({ ...query, questions: [question('b.example.')] }, '198.51.100.2'),
          { ...good(query, '198.51.100.3'), questions: [] },
          new Uint8Array([1, 2, 3]),
          encode(good(query, '198.51.100.4')).subarray(0, 30),
          query,
          good(query),
        ],
      ],
      async ([upstream]) => {
        const forwarder = createForwarder({ upstreams: [upstream!] });
        assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
      },
    ));

  it('changes to TCP under a flood of guesses', () =>
    withUpstreams(
      [
        (query, transport) =>
          transport === 'tcp'
            ? [good(query)]
            : Array.from({ length: 40 }, (_, i) => good({ ...query, id: (query.id + 1 + i) & 0xffff }, '198.51.100.1')),
      ],
      async ([upstream]) => {
        const forwarder = createForwarder({ upstreams: [upstream!] });
        assert.deepEqual(addresses(await forwarder.resolve(question('a.example.'), FLAGS)), ['192.0.2.1']);
      },
    ));

  it('uses ids and ports that cannot be guessed: few repeat, and they spread over the whole range', () =>
    withUpstreams([query => [good(query, '192.0.2.1', 0)]], async ([upstream]) => {
      const forwarder = createForwarder({ upstreams: [upstream!] });
      for (let i = 0; i < 400; i++) await forwarder.resolve(question(`n${i}.example.`), FLAGS);
      const ports = upstream!.seen.map(({ from }) => from);
      const ids = upstream!.seen.map(({ query }) => query.id);
      // 400 draws from 2^15 values repeat 2.4 times on average; 20 repeats have a chance below 10^-12.
      for (const values of [ports, ids]) assert.ok(new Set(values).size > 380, `${new Set(values).size} of 400 differ`);
      assert.ok(
        ports.some(port => port < 32_768) && ports.some(port => port > 61_000),
        'more than the ephemeral range',
      );
    }));

  it('asks once for equal questions at the same time, and keeps the answer for its TTL', () =>
    withUpstreams([query => [good(query)]], async ([upstream]) => {
      let now = 1000;
      const forwarder = createForwarder({ upstreams: [upstream!], cache: new DnsCache(10, () => now) });
      const ask = () => forwarder.resolve(question('a.example.'), FLAGS);
      await Promise.all([ask(), ask(), ask()]);
      assert.equal(upstream!.seen.length, 1);
      now += 20.5;
      assert.equal((await ask())?.answers[0]?.ttl, 40);
      assert.equal(upstream!.seen.length, 1);
      await forwarder.resolve(question('a.example.'), { ...FLAGS, checkingDisabled: true });
      assert.equal(upstream!.seen.length, 2, 'an unvalidated answer is for those who asked for it');
      now += 40;
      assert.equal((await ask())?.answers[0]?.ttl, 60);
      assert.equal(upstream!.seen.length, 3);
    }));
});

describe('the cache', () => {
  const soa = record('example. 900 IN SOA ns.example. me.example. 1 2 3 4 600');
  const cases: readonly (readonly [title: string, message: Partial<Message>, seconds: number])[] = [
    ['an answer by its smallest TTL', { answers: [record('a. 60 IN A 192.0.2.1'), record('a. 7 IN A 192.0.2.2')] }, 7],
    ['an answer of a week for a day', { answers: [record('a. 604800 IN A 192.0.2.1')] }, 86_400],
    ['NXDOMAIN for at most 30 s', { rcode: 3, authorities: [soa] }, 30],
    ['NODATA for at most 30 s', { authorities: [soa] }, 30],
    ['NODATA without an SOA not at all', {}, 0],
    ['SERVFAIL not at all', { rcode: 2, authorities: [soa] }, 0],
    ['TTL 0 not at all', { answers: [record('a. 0 IN A 192.0.2.1')] }, 0],
  ];
  for (const [title, message, seconds] of cases) {
    it(`keeps ${title}`, () => {
      let now = 0;
      const cache = new DnsCache(10, () => now);
      cache.put('key', { ...QUERY, response: true, ...message });
      now = seconds - 0.5;
      assert.equal(cache.get('key') !== undefined, seconds > 0);
      now = seconds;
      assert.equal(cache.get('key'), undefined);
    });
  }

  it('forgets what was not used for longest', () => {
    const cache = new DnsCache(2, () => 0);
    const message = { ...QUERY, answers: [record('a. 60 IN A 192.0.2.1')] };
    for (const key of ['a', 'b']) cache.put(key, message);
    cache.get('a');
    cache.put('c', message);
    assert.deepEqual(
      ['a', 'b', 'c'].filter(key => cache.get(key)),
      ['a', 'c'],
    );
  });
});
