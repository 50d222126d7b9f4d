/** The order of a diff, told as the list of what happens; and what a diff leaves alone. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diff } from '../../src/kernel/diff.js';
import { format, stateOf } from '../../src/kernel/kinds.js';
import type { KernelObject } from '../../src/kernel/port.js';
import * as o from '../suites/kernel-objects.js';

function check(
  title: string,
  from: readonly KernelObject[],
  to: readonly KernelObject[],
  expected: readonly string[],
): void {
  it(title, () => {
    const operations = diff(stateOf(to), stateOf(from));
    assert.deepEqual(
      operations.map(({ verb, object }) => `${verb} ${format(object).split('\n')[0]!.replace(/ \{$/, '')}`),
      expected,
    );
  });
}

const verdicts = o.set('v', ['ipv4_addr'], { data: 'verdict' });
const lookup = o.chain('base', o.says({ vmap: [{ field: 'ip daddr' }], map: { set: 'v' } }));
const element = o.element('v', [o.ip('10.0.0.1')], o.goto('c'));

describe('diff: order', () => {
  check(
    'a Pod’s rules come before its link, its link before its routes',
    [],
    [
      o.route('10.244.1.2/32', [o.dev('pw0')]),
      o.neighbour('pw0', '10.244.1.2', '02:00:00:00:00:02'),
      o.veth('pw0'),
      element,
      o.chain('c'),
      verdicts,
      o.table,
    ],
    [
      'add table inet podwire',
      'add map v',
      'add chain c',
      'add element inet podwire v { 10.0.0.1 : goto c }',
      'add link pw0 type veth up',
      'add neighbour 10.244.1.2 dev pw0 lladdr 02:00:00:00:00:02 PERMANENT',
      'add route 10.244.1.2/32 dev pw0 proto 98',
    ],
  );
  check(
    'and leave in the opposite order',
    [o.table, verdicts, o.chain('c'), lookup, element, o.veth('pw0'), o.route('10.244.1.2/32', [o.dev('pw0')])],
    [],
    [
      'delete element inet podwire v { 10.0.0.1 : goto c }',
      'delete route 10.244.1.2/32 dev pw0 proto 98',
      'delete link pw0 type veth up',
      'delete chain base',
      'delete chain c',
      'delete map v',
      'delete table inet podwire',
    ],
  );
  check(
    'a bridge comes before its ports',
    [],
    [o.veth('pw0', { master: 'pw-br0' }), o.bridge('pw-br0')],
    ['add link pw-br0 type bridge up', 'add link pw0 type veth up master pw-br0'],
  );
  check(
    'a chain loses its jump before the chain it jumped to goes',
    [o.table, o.chain('old'), o.chain('a', o.says(o.jump('old')))],
    [o.table, o.chain('a', o.says(o.jump('new'))), o.chain('new')],
    ['add chain new', 'replace chain a', 'delete chain old'],
  );
  check(
    'an element goes before one comes that overlaps it',
    [o.table, o.set('s', ['ipv4_addr'], { interval: true }), o.element('s', [o.cidr('10.1.0.0/16')])],
    [o.table, o.set('s', ['ipv4_addr'], { interval: true }), o.element('s', [o.cidr('10.0.0.0/8')])],
    ['delete element inet podwire s { 10.1.0.0/16 }', 'add element inet podwire s { 10.0.0.0/8 }'],
  );
  check(
    'a set that must be made anew takes its elements and readers with it, in one go',
    [o.table, verdicts, o.chain('c'), lookup, element],
    [o.table, { ...verdicts, interval: true }, o.chain('c'), lookup, element],
    [
      'delete element inet podwire v { 10.0.0.1 : goto c }',
      'delete chain base',
      'delete map v',
      'add map v',
      'add chain base',
      'add element inet podwire v { 10.0.0.1 : goto c }',
    ],
  );
});

describe('diff: what is right or foreign stays', () => {
  const pair = [o.veth('pw0', { mtu: 1500, mac: '02:00:00:00:00:01', group: 0, alias: '' })];
  check(
    'what the kernel fills in is no difference',
    [
      ...pair,
      o.route('fd07::/64', [o.via('fd00::2', 'pw0', { weight: 1 })], { metric: 1024, scope: 'global', mtu: 1400 }),
    ],
    [o.veth('pw0'), o.route('fd07::/64', [o.via('fd00::2')])],
    [],
  );
  check(
    'the order of next hops is no difference',
    [o.route('10.7.0.0/16', [o.via('10.0.0.3', 'a'), o.via('10.0.0.2', 'a')])],
    [o.route('10.7.0.0/16', [o.via('10.0.0.2', 'a'), o.via('10.0.0.3', 'a')])],
    [],
  );
  check(
    'two spellings of one rule are no difference',
    [o.chain('a', o.says({ match: [{ field: 'meta l4proto' }], op: '==', to: ['udp', 'tcp'] }))],
    [o.chain('a', o.says({ match: [{ field: 'meta l4proto' }], op: '==', to: [6, 17] }))],
    [],
  );
  check(
    'routes, links, tables of others',
    [
      o.route('10.7.0.0/16', [o.dev('eth0')], { protocol: 3 }),
      o.veth('eth0'),
      o.address('eth0', '172.30.0.11/24'),
      { ...o.table, name: 'filter' },
      o.sysctl('net/ipv4/ip_forward', '1'),
    ],
    [],
    [],
  );
  check(
    'a link that is down is raised, not made again',
    [o.veth('eth0', { up: false }), { kind: 'link', type: 'other', driver: '', name: 'lo', up: false }],
    [o.veth('eth0'), { kind: 'link', type: 'other', driver: '', name: 'lo', up: true }],
    ['replace link eth0 type veth up', 'replace link lo type none up'],
  );
  it('nothing is removed when removal is off', () => {
    assert.deepEqual(diff(new Map(), stateOf([o.table, o.veth('pw0')]), { remove: false }), []);
  });
});
