/** Where a packet goes and from which address: rules, tables, prefixes, metrics, several next hops. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicyRule } from '../../src/kernel/net-objects.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { type Packet, type Trace, trace } from '../../src/trace/trace.js';
import { address, base, LOOPBACK, link, machine, packet, route, rule } from './tiny.js';

const FAR = '10.9.0.9';
const FAR6 = 'fd00:9::9';

/** Three wires to nobody; where the packet leaves by `sent` tells the way. */
const HOST: readonly KernelObject[] = [
  LOOPBACK,
  link('a'),
  link('b'),
  link('c'),
  address('a', '10.1.0.2/24'),
  address('b', '10.2.0.2/24'),
  address('c', '10.3.0.2/24'),
  address('a', 'fd00:1::2/64'),
  address('b', 'fd00:2::2/64'),
  route('0.0.0.0/0', '10.1.0.1'),
  route('::/0', 'fd00:1::1'),
];

function policy(priority: number, table: number, more: Partial<PolicyRule>): PolicyRule {
  return { kind: 'rule', family: 4, priority, table, protocol: 4, ...more };
}

describe('routes', () => {
  const rows: readonly (readonly [says: string, objects: readonly KernelObject[], to: string, ...ways: string[]])[] = [
    ['the default one', [], FAR, '10.1.0.2 by a'],
    ['a network of its own', [], '10.2.0.7', '10.2.0.2 by b'],
    ['in IPv6, too', [], 'fd00:2::7', 'fd00:2::2 by b'],
    ['the longest prefix', [route('10.0.0.0/8', '10.2.0.1'), route('10.9.0.0/16', '10.3.0.1')], FAR, '10.3.0.2 by c'],
    [
      'the least metric',
      [route('10.9.0.0/16', '10.2.0.1', { metric: 20 }), route('10.9.0.0/16', '10.3.0.1', { metric: 10 })],
      FAR,
      '10.3.0.2 by c',
    ],
    ['a gateway that no link leads to is no way', [route('10.9.0.0/16', '192.168.0.1')], FAR, '10.1.0.2 by a'],
    [
      'onlink, whatever the gateway is',
      [route('10.9.0.0/16', [{ via: Ip.of('192.168.0.1'), link: 'b', onlink: true }])],
      FAR,
      '10.2.0.2 by b',
    ],
    [
      'a link that is down is no way',
      [link('c', undefined, { up: false }), route('10.9.0.0/16', '10.3.0.1')],
      FAR,
      '10.1.0.2 by a',
    ],
    [
      'another table, by who sends',
      [route('0.0.0.0/0', '10.3.0.1', { table: 7 }), policy(10, 7, { to: Cidr.of('10.9.0.0/24') })],
      FAR,
      '10.3.0.2 by c',
    ],
    ['a table without an answer is passed over', [policy(10, 8, {})], FAR, '10.1.0.2 by a'],
    [
      'rules in the order of priority',
      [
        route('0.0.0.0/0', '10.3.0.1', { table: 7 }),
        route('0.0.0.0/0', '10.2.0.1', { table: 8 }),
        policy(20, 7, {}),
        policy(10, 8, {}),
      ],
      FAR,
      '10.2.0.2 by b',
    ],
    [
      'a rule for what comes in by a link is not for what is sent',
      [route('0.0.0.0/0', '10.3.0.1', { table: 7 }), policy(10, 7, { iif: 'a' })],
      FAR,
      '10.1.0.2 by a',
    ],
    [
      'several next hops: each by its weight',
      [
        route('10.9.0.0/16', [
          { via: Ip.of('10.2.0.1'), weight: 3 },
          { via: Ip.of('10.3.0.1'), weight: 1 },
        ]),
      ],
      FAR,
      '10.2.0.2 by b 0.75',
      '10.2.0.2 by c 0.25',
    ],
    [
      '… of which one is down',
      [
        link('c', undefined, { up: false }),
        route('10.9.0.0/16', [
          { via: Ip.of('10.2.0.1'), link: 'b' },
          { via: Ip.of('10.3.0.1'), link: 'c' },
        ]),
      ],
      FAR,
      '10.2.0.2 by b',
    ],
  ];
  for (const [says, objects, to, ...ways] of rows) it(says, () => assert.deepEqual(wayOf(objects, to), ways));
});

describe('the source address', () => {
  const rows: readonly (readonly [says: string, objects: readonly KernelObject[], to: string, way: string])[] = [
    ['the route’s own', [route('10.9.0.0/16', '10.2.0.1', { source: Ip.of('10.3.0.2') })], FAR, '10.3.0.2 by b'],
    ['of the gateway’s network', [address('b', '10.4.0.2/24'), route('10.9.0.0/16', '10.4.0.1')], FAR, '10.4.0.2 by b'],
    [
      'of loopback when the link has none',
      [link('d'), address('lo', '10.96.0.10/32'), route('10.9.0.0/16', 'd')],
      FAR,
      '10.96.0.10 by d',
    ],
    ['never 127.0.0.1', [link('d'), address('lo', '127.0.0.1/8'), route('10.9.0.0/16', 'd')], FAR, '10.1.0.2 by d'],
    ['IPv6: of the link, before a longer prefix', [address('b', 'fd00:9::1/128')], FAR6, 'fd00:1::2 by a'],
    ['IPv6: of the link the longest common prefix', [address('a', 'fd00:9:1::1/64')], FAR6, 'fd00:9:1::1 by a'],
    [
      'IPv6: no link-local one to far away',
      [address('c', 'fe80::1/64'), route('fd00:9::/64', [{ link: 'c' }])],
      FAR6,
      'fd00:1::2 by c',
    ],
  ];
  for (const [says, objects, to, way] of rows) it(says, () => assert.deepEqual(wayOf(objects, to), [way]));
});

describe('a mark', () => {
  it('that a rule of the hook output sets is asked about anew', () => {
    const marks = base('o', 'output', -150, [rule({ setMark: 'meta', value: 5 })]);
    const more = [
      marks,
      route('0.0.0.0/0', '10.3.0.1', { table: 7 }),
      policy(10, 7, { mark: { value: 5, mask: 0xff } }),
    ];
    assert.deepEqual(wayOf(more, FAR), ['10.1.0.2 by c']);
  });
});

function wayOf(more: readonly KernelObject[], destination: string): string[] {
  const asked: Packet = packet(destination, { netns: 'host' });
  return trace(machine({ host: [...HOST, ...more] }), asked).map(wayText);
}

function wayText({ ending, why, sent, probability }: Trace): string {
  const out = /^out of (\S+) of host$/.exec(why)?.[1];
  const share = probability < 1 ? ` ${probability}` : '';
  return ending === 'sent' ? `${sent!.source} by ${out}${share}` : `${ending}: ${why}`;
}
