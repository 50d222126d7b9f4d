/** Blocks with exceptions as disjoint ranges: asked address by address. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { type Block, union } from '../../src/net/ranges.js';

const block = (cidr: string, ...except: string[]): Block => ({ cidr: Cidr.of(cidr), except: except.map(Cidr.of) });
const text = (blocks: readonly Block[], family: 4 | 6 = 4) =>
  union(blocks, family).map(range => (range instanceof Cidr ? `${range}` : `${range.from}-${range.to}`));

const ROWS: readonly (readonly [blocks: readonly Block[], ranges: readonly string[]])[] = [
  [[], []],
  [[block('10.0.0.0/8')], ['10.0.0.0/8']],
  [[block('10.0.0.0/8'), block('10.1.0.0/16')], ['10.0.0.0/8']],
  [[block('10.0.0.0/9'), block('10.128.0.0/9')], ['10.0.0.0/8']],
  [[block('10.0.0.0/8', '10.0.0.0/9')], ['10.128.0.0/9']],
  [[block('10.0.0.0/30', '10.0.0.1/32')], ['10.0.0.0/32', '10.0.0.2/31']],
  [[block('10.0.0.0/29', '10.0.0.0/32', '10.0.0.7/32')], ['10.0.0.1-10.0.0.6']],
  [[block('10.0.0.0/24', '10.0.0.0/24')], []],
  [[block('10.0.0.0/24', '10.0.0.0/16')], []],
  [[block('10.0.0.0/24', '192.0.2.0/24', 'fd00::/8')], ['10.0.0.0/24']],
  // What one block leaves out another may give.
  [[block('10.0.0.0/24', '10.0.0.128/25'), block('10.0.0.128/25')], ['10.0.0.0/24']],
  [[block('0.0.0.0/0', '0.0.0.0/1')], ['128.0.0.0/1']],
  [[block('fd00::/8')], []],
];

describe('blocks of addresses together', () => {
  for (const [blocks, ranges] of ROWS)
    it(`${blocks.map(({ cidr, except }) => `${cidr}${except.map(hole => ` -${hole}`).join('')}`).join(', ') || 'none'}`, () =>
      assert.deepEqual(text(blocks), ranges));

  it('in the other family', () =>
    assert.deepEqual(text([block('fd00::/8', 'fd00::/9'), block('10.0.0.0/8')], 6), ['fd80::/9']));

  it('have each address exactly when a block has it', () => {
    const cidr = fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }))
      .map(([host, prefix]) => Cidr.containing(Ip.of(`10.0.0.${host}`), prefix));
    const blocks = fc.array(fc.record({ cidr, except: fc.array(cidr, { maxLength: 3 }) }), { maxLength: 4 });
    const property = fc.property(blocks, all => {
      const ranges = union(all, 4);
      for (let host = 0; host < 64; host++) {
        const ip = Ip.of(`10.0.0.${host}`);
        const wanted = all.some(({ cidr, except }) => cidr.contains(ip) && !except.some(hole => hole.contains(ip)));
        const having = ranges.filter(range =>
          range instanceof Cidr ? range.contains(ip) : ip.compare(range.from) >= 0 && ip.compare(range.to) <= 0,
        );
        assert.equal(having.length, wanted ? 1 : 0, `${ip}`);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
