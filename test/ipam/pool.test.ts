/** The pool against the simplest thing that could be right: a set of used addresses and a pointer. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pool } from '../../src/ipam/pool.js';
import { allocate, claim, poolsOf, release } from '../../src/ipam/pools.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';

/** [prefix, what the first allocations give, how many there are] */
const FIRSTS: readonly [string, readonly string[], number][] = [
  ['10.244.1.0/24', ['10.244.1.2', '10.244.1.3', '10.244.1.4'], 253],
  ['10.0.0.0/29', ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', 'none'], 5],
  ['10.0.0.8/30', ['10.0.0.10', 'none'], 1],
  ['10.0.0.8/31', ['none'], 0],
  ['10.0.0.8/32', ['none'], 0],
  ['fd00:10:244:1::/64', ['fd00:10:244:1::2', 'fd00:10:244:1::3'], 65_534],
  ['fd00::/126', ['fd00::2', 'fd00::3', 'none'], 2],
  ['fd00::/128', ['none'], 0],
];

test('addresses are given from the start, without network, gateway and broadcast', () => {
  for (const [prefix, expected, capacity] of FIRSTS) {
    let pool = Pool.of(Cidr.of(prefix));
    assert.equal(pool.capacity, capacity, prefix);
    for (const want of expected) {
      const given = pool.allocate();
      assert.equal(String(given?.ip ?? 'none'), want, prefix);
      pool = given?.pool ?? pool;
    }
  }
});

test('a freed address comes again only after all others had their turn', () => {
  let pool = Pool.of(Cidr.of('10.0.0.0/29'));
  const take = () => {
    const given = pool.allocate()!;
    pool = given.pool;
    return String(given.ip);
  };
  take();
  pool = pool.release(Ip.of('10.0.0.2'));
  assert.deepEqual(
    [take(), take(), take(), take(), take()],
    ['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.2'],
  );
});

test('what a pool never gives cannot be claimed', () => {
  const pool = Pool.of(Cidr.of('10.0.0.0/29'));
  for (const ip of ['10.0.0.0', '10.0.0.1', '10.0.0.7', '10.0.0.8', 'fd00::2'])
    assert.equal(pool.claim(Ip.of(ip)), undefined, ip);
  const claimed = pool.claim(Ip.of('10.0.0.4'))!;
  assert.equal(claimed.claim(Ip.of('10.0.0.4')), undefined, 'claimed twice');
  assert.equal(pool.has(Ip.of('10.0.0.4')), false, 'the old value did not change');
});

test('both families or none: an exhausted pool takes nothing from the other', () => {
  let pools = poolsOf([Cidr.of('10.0.0.0/24'), Cidr.of('fd00::/126')]);
  for (const want of ['10.0.0.2,fd00::2', '10.0.0.3,fd00::3']) {
    const given = allocate(pools);
    assert.ok('ips' in given);
    assert.equal(given.ips.join(), want);
    pools = given.pools;
  }
  const refused = allocate(pools);
  assert.ok('exhausted' in refused);
  assert.equal(String(refused.exhausted.cidr), 'fd00::/126');
  assert.deepEqual(
    pools.map(pool => pool.used),
    [2, 2],
  );
  pools = release(pools, [Ip.of('10.0.0.2'), Ip.of('fd00::2')]);
  assert.deepEqual(
    pools.map(pool => pool.used),
    [1, 1],
  );
  pools = claim(pools, [Ip.of('10.0.0.2'), Ip.of('fd00::2'), Ip.of('192.0.2.1')]);
  assert.deepEqual(
    pools.map(pool => pool.used),
    [2, 2],
  );
});

type Step = { readonly do: 'allocate' } | { readonly do: 'claim' | 'release'; readonly offset: number };

test('any sequence of operations agrees with a set and a pointer', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant('allocate' as const) }),
    fc.record({ do: fc.constantFrom('claim' as const, 'release' as const), offset: fc.integer({ min: 0, max: 40 }) }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('10.1.2.0/28', '10.1.2.32/27', 'fd00:1::/124'),
      fc.array(step, { maxLength: 120 }),
      (prefix, steps) => {
        const cidr = Cidr.of(prefix);
        const end = Number(cidr.size) - (cidr.family === 4 ? 1 : 0);
        const used = new Set<number>();
        let last = 1;
        let pool = Pool.of(cidr);
        for (const { do: verb, ...rest } of steps) {
          const offset = 'offset' in rest ? rest.offset : 0;
          if (verb === 'allocate') {
            const order = Array.from({ length: end - 2 }, (_, i) => 2 + ((last - 1 + i) % (end - 2)));
            const want = order.find(candidate => !used.has(candidate));
            const given = pool.allocate();
            assert.equal(String(given?.ip), String(want === undefined ? undefined : cidr.at(want)));
            if (!given || want === undefined) continue;
            pool = given.pool;
            used.add((last = want));
          } else if (verb === 'claim') {
            const legal = offset >= 2 && offset < end && !used.has(offset);
            const next = pool.claim(cidr.ip.plus(offset));
            assert.equal(next !== undefined, legal);
            pool = next ?? pool;
            if (legal) used.add((last = offset));
          } else {
            pool = pool.release(cidr.ip.plus(offset));
            used.delete(offset);
          }
          assert.equal(pool.used, used.size);
          for (let i = 0; i < Number(cidr.size); i++) assert.equal(pool.has(cidr.at(i)), used.has(i));
        }
      },
    ),
  );
});
