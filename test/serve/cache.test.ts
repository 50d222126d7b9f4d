/** What the forwarder's cache keeps, for how long, and how it counts down. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DNS_DEFAULTS } from '../../src/dns/config.js';
import { DnsCache } from '../../src/serve/dns-cache.js';
import type { Message } from '../../src/wire/dns.js';
import { QUERY, record } from '../dns/text.js';

const soa = record('example. 900 IN SOA ns.example. me.example. 1 2 3 4 600');
const brief = record('example. 900 IN SOA ns.example. me.example. 1 2 3 4 11');
const answer = (ttl = 60): Partial<Message> => ({ answers: [record(`a. ${ttl} IN A 192.0.2.1`)] });

/** A cache whose clock stands where the test puts it. */
function cacheOf(config = {}) {
  const clock = { now: 0 };
  const cache = new DnsCache({ ...DNS_DEFAULTS.cache, ...config }, () => clock.now);
  const put = (key: string, message: Partial<Message>) => cache.put(key, { ...QUERY, response: true, ...message });
  return { clock, cache, put };
}

describe('the cache keeps', () => {
  const cases: readonly (readonly [title: string, message: Partial<Message>, seconds: number])[] = [
    ['an answer by its smallest TTL', { answers: [record('a. 60 IN A 192.0.2.1'), record('a. 7 IN A 192.0.2.2')] }, 7],
    ['an answer of a week for a day', answer(604_800), 86_400],
    ['NXDOMAIN for at most 30 s', { rcode: 3, authorities: [soa] }, 30],
    ['NXDOMAIN no longer than its SOA says (RFC 2308 §5)', { rcode: 3, authorities: [brief] }, 11],
    ['NODATA for at most 30 s', { authorities: [soa] }, 30],
    ['NODATA without an SOA not at all', {}, 0],
    ['an alias to nowhere no longer than the alias', { answers: [record('a. 9 IN CNAME b.')], authorities: [soa] }, 9],
    ['SERVFAIL for a moment (RFC 9520)', { rcode: 2, authorities: [soa] }, 5],
    ['TTL 0 not at all', answer(0), 0],
    ['what was cut not at all', { truncated: true, ...answer() }, 0],
  ];
  for (const [title, message, seconds] of cases) {
    it(title, () => {
      const { clock, cache, put } = cacheOf();
      put('key', message);
      clock.now = seconds - 0.5;
      assert.equal(cache.get('key')?.fresh ?? false, seconds > 0);
      clock.now = seconds;
      assert.equal(cache.get('key')?.fresh ?? false, false);
    });
  }

  it('TTLs that count down, also those of an SOA', () => {
    const { clock, cache, put } = cacheOf();
    put('key', { rcode: 3, answers: [record('a. 60 IN CNAME b.')], authorities: [soa] });
    clock.now = 12.7;
    const { answers, authorities } = cache.get('key')!.message;
    assert.deepEqual([answers[0]!.ttl, authorities[0]!.ttl], [48, 888]);
  });

  it('nothing of a client or an upstream: no EDNS, no additional records', () => {
    const { cache, put } = cacheOf();
    const edns = { size: 4096, version: 0, dnssecOk: false, options: [{ code: 8, bytes: new Uint8Array(8) }] };
    put('key', { ...answer(), edns, additionals: [record('b. 60 IN A 192.0.2.2')] });
    const { message } = cache.get('key')!;
    assert.deepEqual([message.edns, message.additionals], [undefined, []]);
  });
});

describe('an answer that is out of date', () => {
  it('is there for a day, to be given for 30 s at a time (RFC 8767)', () => {
    const { clock, cache, put } = cacheOf();
    put('key', answer(60));
    clock.now = 86_459;
    assert.deepEqual([cache.get('key')!.fresh, cache.get('key')!.message.answers[0]!.ttl], [false, 30]);
    clock.now = 86_460;
    assert.equal(cache.get('key'), undefined);
  });

  it('is not there when the configuration says so', () => {
    const { clock, cache, put } = cacheOf({ stale: 0 });
    put('key', answer(60));
    clock.now = 60;
    assert.equal(cache.get('key'), undefined);
  });

  it('a failure is never', () => {
    const { clock, cache, put } = cacheOf();
    put('key', { rcode: 2 });
    clock.now = 5;
    assert.equal(cache.get('key'), undefined);
  });
});

it('an answer is hot in the last tenth of its time, if it was asked for often', () => {
  const { clock, cache, put } = cacheOf();
  const hot = (now: number) => {
    clock.now = now;
    return cache.get('key')!.hot;
  };
  put('key', answer(60));
  assert.deepEqual([10, 20, 30, 53, 55].map(hot), [false, false, false, false, true]);
  put('key', answer(60));
  assert.deepEqual([110, 111].map(hot), [false, false], 'a new answer must earn it anew');
});

describe('when it is full', () => {
  it('what was not used for longest is forgotten', () => {
    const { cache, put } = cacheOf({ bytes: 600 });
    for (const key of ['a', 'b']) put(key, answer());
    cache.get('a');
    put('c', answer());
    assert.deepEqual(
      ['a', 'b', 'c'].filter(key => cache.get(key)),
      ['a', 'c'],
    );
  });

  it('a hundred large answers take no more room than there is, and one that is larger than all is not kept', () => {
    const { cache, put } = cacheOf({ bytes: 10_000 });
    const answers = Array.from({ length: 60 }, (_, i) => record(`a. 60 IN A 192.0.2.${i}`));
    for (let i = 0; i < 100; i++) put(`${i}`, { answers });
    const kept = Array.from({ length: 100 }, (_, i) => `${i}`).filter(key => cache.get(key));
    assert.deepEqual(kept, ['92', '93', '94', '95', '96', '97', '98', '99']);
    put('larger', { answers: Array.from({ length: 12 }, () => answers).flat() });
    assert.equal(cache.get('larger'), undefined);
  });
});
