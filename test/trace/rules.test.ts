/** nftables as the trace reads it: one row is one rule or a few, one packet, and whether it passes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Field, NftRule, NftSet, Statement, Value } from '../../src/kernel/nft-objects.js';
import { formatRule } from '../../src/kernel/nft-text.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { type Packet, trace } from '../../src/trace/trace.js';
import { base, CLIENT, CLIENT6, chain, packet, rule, SERVER, SERVER6, tiny } from './tiny.js';

const DROP: Statement = { verdict: 'drop' };
const ACCEPT: Statement = { verdict: 'accept' };

function is(field: Field, to: Value | readonly Value[], op: '==' | '!=' | '<' | '<=' | '>' | '>=' = '=='): Statement {
  return { match: [{ field }], op, to };
}

const [client, server] = [Ip.of(CLIENT), Ip.of(SERVER)];
const TCP: Packet = packet(SERVER);
const UDP: Packet = packet(SERVER, { protocol: 'udp' });
const PING: Packet = packet(SERVER, { protocol: 'icmp' });
const TCP6: Packet = packet(SERVER6);
const PING6: Packet = packet(SERVER6, { protocol: 'icmp' });

describe('a rule that drops what it matches', () => {
  const rows: readonly (readonly [Statement, Packet, 'dropped' | 'delivered' | 'cannot tell'])[] = [
    [is('ip saddr', client), TCP, 'dropped'],
    [is('ip saddr', client), TCP6, 'delivered'],
    [is('ip saddr', client, '!='), TCP6, 'delivered'],
    [is('ip saddr', server, '!='), TCP, 'dropped'],
    [is('ip daddr', Cidr.of('10.0.2.0/24')), TCP, 'dropped'],
    [is('ip daddr', Cidr.of('10.0.3.0/24'), '!='), TCP, 'dropped'],
    [is('ip daddr', { from: Ip.of('10.0.2.1'), to: Ip.of('10.0.2.2') }), TCP, 'dropped'],
    [is('ip daddr', { from: Ip.of('10.0.2.3'), to: Ip.of('10.0.2.9') }), TCP, 'delivered'],
    [is('ip protocol', 'tcp'), TCP, 'dropped'],
    [is('ip6 saddr', Ip.of(CLIENT6)), TCP6, 'dropped'],
    [is('ip6 daddr', Cidr.of('fd00:2::/64')), TCP6, 'dropped'],
    [is('ip6 nexthdr', 17), TCP6, 'delivered'],
    [is('th dport', 80), TCP, 'dropped'],
    [is('th dport', [79, 81]), TCP, 'delivered'],
    [is('th dport', [79, { from: 80, to: 90 }]), UDP, 'dropped'],
    [is('th dport', 1024, '<'), TCP, 'dropped'],
    [is('th dport', 80, '>'), TCP, 'delivered'],
    [is('th dport', 80, '>='), TCP, 'dropped'],
    [is('th sport', 1024, '<='), TCP, 'delivered'],
    [is('th dport', 80), PING, 'cannot tell'],
    [is('tcp dport', 80), UDP, 'delivered'],
    [is('udp dport', 80), UDP, 'dropped'],
    [is('udp sport', [67, 547]), UDP, 'delivered'],
    [is('tcp sport', 1024, '>'), TCP, 'dropped'],
    [{ match: [{ field: 'tcp flags', mask: 0x17 }], op: '==', to: 'syn' }, TCP, 'dropped'],
    [is('tcp flags', 'ack'), TCP, 'delivered'],
    [is('icmp type', 'echo-request'), PING, 'dropped'],
    [is('icmp type', 8), PING6, 'delivered'],
    [is('icmpv6 type', ['nd-redirect', 'echo-request']), PING6, 'dropped'],
    [is('meta l4proto', [6, 17]), UDP, 'dropped'],
    [is('meta nfproto', 'ipv6'), TCP, 'delivered'],
    [is('meta protocol', 'ip6'), TCP6, 'dropped'],
    [is('meta iifname', 'left'), TCP, 'dropped'],
    [is('meta iifname', 'le*'), TCP, 'dropped'],
    [is('meta oifname', 'le*'), TCP, 'delivered'],
    [is('meta oifname', 'right'), TCP, 'dropped'],
    [is('meta mark', 0), TCP, 'dropped'],
    [is('ct state', 'new'), TCP, 'dropped'],
    [is('ct state', 'established,related'), TCP, 'delivered'],
    [is('ct state', ['established', 'new']), TCP, 'dropped'],
    [is('ct status', 'dnat'), TCP, 'delivered'],
    [is('ct direction', 'original'), TCP, 'dropped'],
    [is('ct original ip daddr', server), TCP, 'dropped'],
    [is('ct original ip6 daddr', Ip.of(SERVER6)), TCP, 'delivered'],
    [is('ct original proto-dst', 80), TCP, 'dropped'],
    [is('ct original protocol', 'tcp'), TCP, 'dropped'],
    [is('ct reply ip saddr', server), TCP, 'dropped'],
    [is('ct reply ip6 saddr', Ip.of(SERVER6)), TCP, 'delivered'],
    [is('ct reply proto-src', 80), TCP, 'dropped'],
    [is('fib daddr type', 'local'), TCP, 'delivered'],
    [is('fib daddr type', 'unicast'), TCP6, 'dropped'],
    [is('fib saddr . iif oif', 'exists'), TCP, 'dropped'],
    [is('fib saddr . iif oif', 0), packet(SERVER, { source: Ip.of('10.0.2.7') }), 'dropped'],
    // Nobody gave these links an Ethernet address.
    [is('ether saddr', '02:00:00:00:00:01'), TCP, 'cannot tell'],
    [is('arp operation', 'request'), TCP, 'delivered'],
    [{ match: [{ field: 'meta iifname' }, { field: 'th dport' }], op: '==', to: ['left', 80] }, TCP, 'dropped'],
    [{ match: [{ field: 'meta iifname' }, { field: 'th dport' }], op: '!=', to: ['left', 80] }, TCP, 'delivered'],
    [{ unknown: 'socket' }, TCP, 'cannot tell'],
  ];
  for (const [statement, packet, becomes] of rows)
    it(`${formatRule(rule(statement))}: ${packet.protocol} to ${packet.destination} ${becomes}`, () => {
      const forward = base('forward', 'forward', 0, [rule(statement, DROP)]);
      assert.deepEqual(endings([forward], packet), [becomes]);
    });
});

describe('verdicts', () => {
  const jump: NftRule = rule({ verdict: 'jump', chain: 'c' });
  const go: NftRule = rule({ verdict: 'goto', chain: 'c' });
  const rows: readonly (readonly [string, readonly KernelObject[], 'dropped' | 'delivered' | 'cannot tell'])[] = [
    ['after a jump it comes back', [forward(jump, rule(DROP)), chain('c')], 'dropped'],
    ['after a goto it does not', [forward(go, rule(DROP)), chain('c')], 'delivered'],
    [
      '… and meets the policy',
      [{ ...forward(go), base: { ...forward().base!, policy: 'drop' } }, chain('c')],
      'dropped',
    ],
    [
      'return goes back at once',
      [forward(jump, rule(DROP)), chain('c', rule({ verdict: 'return' }), rule(ACCEPT))],
      'dropped',
    ],
    [
      'a goto inside of a jump comes back to where was jumped',
      [forward(jump, rule(DROP)), chain('c', rule({ verdict: 'goto', chain: 'd' }), rule(ACCEPT)), chain('d')],
      'dropped',
    ],
    ['continue is the next rule', [forward(rule({ verdict: 'continue' }), rule(DROP))], 'dropped'],
    [
      'accept ends one chain, not the next',
      [forward(rule(ACCEPT)), base('later', 'forward', 1, [rule(DROP)])],
      'dropped',
    ],
    ['drop ends all', [forward(rule(ACCEPT)), base('earlier', 'forward', -1, [rule(DROP)])], 'dropped'],
    ['a chain that is not there', [forward(jump)], 'cannot tell'],
    ['a chain that leads to itself', [forward(jump), chain('c', jump)], 'cannot tell'],
    [
      'counters, logs and limits let pass',
      [
        forward(
          rule({ counter: true }, { log: 'x' }, { limit: { rate: 1, per: 'second', burst: 5 } }, ACCEPT),
          rule(DROP),
        ),
      ],
      'delivered',
    ],
  ];
  for (const [says, objects, becomes] of rows) it(says, () => assert.deepEqual(endings(objects, TCP), [becomes]));
});

describe('sets and maps', () => {
  const set = (key: NftSet['key'], more: Partial<NftSet> = {}): NftSet => ({
    kind: 'set',
    family: 'inet',
    table: 't',
    name: 's',
    key,
    ...more,
  });
  const element = (
    key: readonly Value[],
    data?: readonly Value[] | { verdict: 'drop' | 'accept' | 'continue' },
  ): KernelObject => ({ kind: 'element', family: 'inet', table: 't', set: 's', key, data });
  const inSet = (...fields: readonly Field[]) =>
    forward(rule({ match: fields.map(field => ({ field })), op: '==', to: { set: 's' } }, DROP));
  const vmap = (...fields: readonly Field[]) =>
    forward(rule({ vmap: fields.map(field => ({ field })), map: { set: 's' } }), rule(ACCEPT));
  const prefixes = set(['ipv4_addr', 'inet_service'], { interval: true });
  const verdicts = set(['ipv4_addr', 'inet_proto', 'inet_service'], { data: 'verdict' });
  const front = ['ip daddr', 'meta l4proto', 'th dport'] as const;
  const rows: readonly (readonly [string, readonly KernelObject[], Packet, 'dropped' | 'delivered' | 'cannot tell'])[] =
    [
      ['an address in a set', [set(['ipv4_addr']), element([server]), inSet('ip daddr')], TCP, 'dropped'],
      ['an address that is not', [set(['ipv4_addr']), element([client]), inSet('ip daddr')], TCP, 'delivered'],
      [
        'the longest prefix is not asked for, any will do',
        [set(['ipv4_addr'], { interval: true }), element([Cidr.of('10.0.0.0/14')]), inSet('ip daddr')],
        TCP,
        'dropped',
      ],
      [
        'a range',
        [set(['inet_service'], { interval: true }), element([{ from: 1, to: 80 }]), inSet('th dport')],
        TCP,
        'dropped',
      ],
      [
        'a concatenation',
        [set(['ifname', 'ipv4_addr']), element(['left', client]), inSet('meta iifname', 'ip saddr')],
        TCP,
        'dropped',
      ],
      [
        'one part that differs',
        [set(['ifname', 'ipv4_addr']), element(['right', client]), inSet('meta iifname', 'ip saddr')],
        TCP,
        'delivered',
      ],
      [
        'a prefix inside of a concatenation',
        [prefixes, element([Cidr.of('10.0.2.0/24'), 80]), inSet('ip daddr', 'th dport')],
        TCP,
        'dropped',
      ],
      [
        '… and with a range',
        [prefixes, element([Cidr.of('10.0.2.0/24'), { from: 81, to: 90 }]), inSet('ip daddr', 'th dport')],
        TCP,
        'delivered',
      ],
      ['a verdict', [verdicts, element([server, 6, 80], { verdict: 'drop' }), vmap(...front)], TCP, 'dropped'],
      [
        'names are numbers',
        [verdicts, element([server, 'tcp', 80], { verdict: 'drop' }), vmap(...front)],
        TCP,
        'dropped',
      ],
      [
        'a verdict for somebody else',
        [verdicts, element([server, 17, 80], { verdict: 'drop' }), vmap(...front)],
        TCP,
        'delivered',
      ],
      ['a catch-all', [verdicts, element(['*'], { verdict: 'drop' }), vmap(...front)], TCP, 'dropped'],
      [
        'ping has no port, and needs none where no element is of its protocol',
        [verdicts, element([server, 6, 80], { verdict: 'drop' }), vmap(...front)],
        PING,
        'delivered',
      ],
      [
        '… but where one is',
        [verdicts, element([server, 1, 80], { verdict: 'drop' }), vmap(...front)],
        PING,
        'cannot tell',
      ],
      ['a set that is not there', [inSet('ip daddr')], TCP, 'cannot tell'],
    ];
  for (const [says, objects, packet, becomes] of rows)
    it(says, () => assert.deepEqual(endings(objects, packet), [becomes]));
});

describe('what rules leave behind', () => {
  it('a mark, under its mask, for the rules after it', () => {
    const mark = rule({ setMark: 'meta', value: 0xff, mask: 0x0f });
    const more = rule({ setMark: 'meta', value: 0xf0, mask: 0xf0 });
    assert.deepEqual(endings([forward(mark, rule(is('meta mark', 0x0f), DROP))], TCP), ['dropped']);
    assert.deepEqual(endings([forward(mark, more, rule(is('meta mark', 0xff), DROP))], TCP), ['dropped']);
  });

  it('a mark on the connection, which the packet alone does not have', () => {
    const mark = rule({ setMark: 'ct', value: 1 });
    assert.deepEqual(endings([forward(mark, rule(is('ct mark', 1), DROP))], TCP), ['dropped']);
    assert.deepEqual(endings([forward(mark, rule(is('meta mark', 1), DROP))], TCP), ['delivered']);
  });

  it('notrack, before conntrack sees it', () => {
    const raw = base('raw', 'prerouting', -300, [rule({ notrack: true })]);
    assert.deepEqual(endings([raw, forward(rule(is('ct state', 'untracked'), DROP))], TCP), ['dropped']);
    assert.deepEqual(endings([forward(rule({ notrack: true }), rule(is('ct state', 'untracked'), DROP))], TCP), [
      'delivered',
    ]);
  });

  it('before conntrack a packet has no state that a rule could want', () => {
    const raw = base('raw', 'prerouting', -300, [rule(is('ct state', 'new'), DROP)]);
    assert.deepEqual(endings([raw], TCP), ['delivered']);
  });

  it('an element in a set that rules fill, as a step', () => {
    const learn = rule({
      update: { set: 'seen' },
      key: [{ field: 'ip saddr' }],
      data: [{ field: 'ip daddr' }, { field: 'th dport' }],
    });
    const [one] = trace(tiny({ router: [forward(learn)] }), TCP);
    const outcomes = one!.hops.flatMap(({ steps }) => steps.map(({ outcome }) => outcome));
    assert.ok(outcomes.includes(`update @seen { ${CLIENT} : ${SERVER} . 80 }`), outcomes.join('\n'));
  });
});

function forward(...rules: readonly NftRule[]) {
  return base('forward', 'forward', 0, rules);
}

function endings(objects: readonly KernelObject[], packet: Packet): string[] {
  return trace(tiny({ router: objects }), packet).map(({ ending }) => ending);
}
