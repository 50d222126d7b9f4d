/** Rules as registers and back, without a kernel: the instructions are those that `nft --debug=netlink` shows for the same text. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { delinearize } from '../../src/host/nft/delinearize.js';
import { linearize } from '../../src/host/nft/linearize.js';
import { paddedSize, typesOfId } from '../../src/host/nft/types.js';
import type { Expression, Field, NftRule, Statement, TableFamily, Value } from '../../src/kernel/nft-objects.js';
import { formatRule } from '../../src/kernel/nft-text.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { LITTLE_ENDIAN } from '../../src/wire/netlink-attributes.js';
import { formatExpression } from '../../src/wire/nftables-expression.js';

const fields = (...names: readonly Field[]): Expression[] => names.map(field => ({ field }));
const is = (field: Field, to: Value): Statement => ({ match: fields(field), op: '==', to });

const SETS = {
  endpoints: ['ipv4_addr', 'inet_proto', 'inet_service', 'mark'],
  services: ['ipv4_addr', 'inet_proto', 'inet_service'],
} as const;

function check(
  text: string,
  statements: readonly Statement[],
  instructions: readonly string[],
  family: TableFamily = 'inet',
): void {
  it(`${family}: ${text}`, () => {
    const rule: NftRule = { statements };
    assert.equal(formatRule(rule), text);
    const { expressions } = linearize(rule, family, () => 1);
    assert.deepEqual(expressions.map(formatExpression), instructions);
    const back = delinearize(expressions, family, name => {
      const key = SETS[name as keyof typeof SETS];
      return { keyLength: key.reduce((sum, type) => sum + paddedSize(type), 0), key };
    });
    assert.deepEqual(back, statements);
  });
}

const NFPROTO_IPV4 = ['meta key 15 dreg 1', 'cmp sreg 1 op 0 data 0x02'];
const TCP = ['meta key 16 dreg 1', 'cmp sreg 1 op 0 data 0x06'];
const SERVICE = [
  'payload base 1 offset 16 len 4 dreg 1',
  'meta key 16 dreg 9',
  'payload base 2 offset 2 len 2 dreg 10',
];

describe('rules and registers', { skip: LITTLE_ENDIAN ? false : 'the instructions below are little-endian' }, () => {
  check(
    'ip saddr 10.0.0.1 accept',
    [is('ip saddr', Ip.of('10.0.0.1')), { verdict: 'accept' }],
    [
      ...NFPROTO_IPV4,
      'payload base 1 offset 12 len 4 dreg 1',
      'cmp sreg 1 op 0 data 0x0a000001',
      'immediate dreg 0 data {"code":1}',
    ],
  );
  check(
    'ip saddr 10.0.0.1',
    [is('ip saddr', Ip.of('10.0.0.1'))],
    ['payload base 1 offset 12 len 4 dreg 1', 'cmp sreg 1 op 0 data 0x0a000001'],
    'ip',
  );
  check(
    'ip saddr 10.0.0.1',
    [is('ip saddr', Ip.of('10.0.0.1'))],
    [
      'meta key 1 dreg 1',
      'cmp sreg 1 op 0 data 0x0800',
      'payload base 1 offset 12 len 4 dreg 1',
      'cmp sreg 1 op 0 data 0x0a000001',
    ],
    'bridge',
  );
  // A dependency is written once, and stands before all that needs it.
  check(
    'ip daddr 10.64.0.0/10 ip saddr 10.0.0.1 tcp dport 80',
    [is('ip daddr', Cidr.of('10.64.0.0/10')), is('ip saddr', Ip.of('10.0.0.1')), is('tcp dport', 80)],
    [
      ...NFPROTO_IPV4,
      'payload base 1 offset 16 len 4 dreg 1',
      'bitwise sreg 1 dreg 1 len 4 mask 0xffc00000 xor 0x00000000',
      'cmp sreg 1 op 0 data 0x0a400000',
      'payload base 1 offset 12 len 4 dreg 1',
      'cmp sreg 1 op 0 data 0x0a000001',
      ...TCP,
      'payload base 2 offset 2 len 2 dreg 1',
      'cmp sreg 1 op 0 data 0x0050',
    ],
  );
  // What was meant stays, beside what is implied.
  check(
    'meta nfproto ipv4 ip saddr 10.0.0.1',
    [is('meta nfproto', 'ipv4'), is('ip saddr', Ip.of('10.0.0.1'))],
    [...NFPROTO_IPV4, ...NFPROTO_IPV4, 'payload base 1 offset 12 len 4 dreg 1', 'cmp sreg 1 op 0 data 0x0a000001'],
  );
  check(
    'meta l4proto tcp reject with tcp reset',
    [is('meta l4proto', 6), { reject: 'tcp-reset' }],
    [...TCP, 'reject type 1 code 0'],
  );
  check(
    'ip daddr . meta l4proto . th dport vmap @services',
    [{ vmap: fields('ip daddr', 'meta l4proto', 'th dport'), map: { set: 'services' } }],
    [...NFPROTO_IPV4, ...SERVICE, 'lookup set services sreg 1 dreg 0'],
  );
  check(
    'dnat ip to ip daddr . meta l4proto . th dport . numgen random mod 3 map @endpoints',
    [
      {
        nat: 'dnat',
        family: 'ip',
        to: {
          key: [...fields('ip daddr', 'meta l4proto', 'th dport'), { numgen: 'random', mod: 3 }],
          map: { set: 'endpoints' },
          port: true,
        },
      },
    ],
    [
      ...NFPROTO_IPV4,
      ...SERVICE,
      'numgen dreg 11 modulus 3 type 1 offset 0',
      'lookup set endpoints sreg 1 dreg 1',
      'nat type 1 family 2 addrMin 1 protoMin 9 flags 2',
    ],
  );
  check(
    'ct state established,related',
    [is('ct state', 'established,related')],
    [
      'ct key 0 dreg 1',
      'bitwise sreg 1 dreg 1 len 4 mask 0x06000000 xor 0x00000000',
      'cmp sreg 1 op 1 data 0x00000000',
    ],
  );
  // The kernel compares bytes: a number of the host is turned round before it is less than another.
  check(
    'meta mark < 0x00000100',
    [{ match: fields('meta mark'), op: '<', to: 0x100 }],
    ['meta key 3 dreg 1', 'byteorder sreg 1 dreg 1 op 1 len 4 size 4', 'cmp sreg 1 op 2 data 0x00000100'],
  );
  check('iifname "pw*"', [is('meta iifname', 'pw*')], ['meta key 6 dreg 1', 'cmp sreg 1 op 0 data 0x7077']);
  check(
    'meta mark set meta mark & 0xffff01ff | 0x00000100',
    [{ setMark: 'meta', value: 0x100, mask: 0xff00 }],
    ['meta key 3 dreg 1', 'bitwise sreg 1 dreg 1 len 4 mask 0xff00ffff xor 0x00010000', 'meta key 3 sreg 1'],
  );

  it('what has no word is said to be unknown, and the rest of the rule is kept', () => {
    const none = () => undefined;
    const rule = delinearize(
      [
        { name: 'unknown', kernelName: 'tproxy' },
        { name: 'payload', base: 1, offset: 1, len: 1, dreg: 1 },
        { name: 'cmp', sreg: 1, op: 0, data: Uint8Array.of(8) },
        { name: 'lookup', set: 'gone', sreg: 1 },
        { name: 'immediate', dreg: 0, data: { code: 0 } },
      ],
      'inet',
      none,
    );
    assert.deepEqual(rule, [{ unknown: 'tproxy' }, { unknown: 'cmp' }, { unknown: 'lookup' }, { verdict: 'drop' }]);
  });

  it('values that do not fit are refused', () => {
    for (const statement of [
      is('ip saddr', Ip.of('fd00::1')),
      is('tcp dport', 65536),
      is('meta l4proto', 256),
      is('ether saddr', 'no address'),
      is('meta iifname', 'a-name-of-16-byt'),
      is('ct state', 'nonsense'),
      { match: fields('ip saddr', 'tcp dport'), op: '==', to: 80 },
      { unknown: 'tproxy' },
    ] satisfies Statement[])
      assert.throws(() => linearize({ statements: [statement] }, 'inet', () => 1), { name: 'ValueError' });
  });

  it('types of sets are told from their number', () => {
    assert.deepEqual(typesOfId((7 << 12) | (12 << 6) | 13), ['ipv4_addr', 'inet_proto', 'inet_service']);
    assert.equal(typesOfId(38), undefined);
    assert.equal(typesOfId(0), undefined);
  });
});
