/** Frames: who is asked for an address, which port a bridge takes, what a tunnel packs, and the rules that look at frames. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NftRule } from '../../src/kernel/nft-objects.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Ip } from '../../src/net/ip.js';
import { type Machine, type Packet, reply, type Trace, trace } from '../../src/trace/trace.js';
import { address, base, link, machine, packet, rule, sysctl, tiny } from './tiny.js';

const MAC = { client: '02:00:00:00:00:01', server: '02:00:00:00:00:02', bridge: '02:00:00:00:00:0b' };
const CLIENT = '10.0.0.1';
const SERVER = '10.0.0.2';
const SWITCH = '10.0.0.254';
const DROP = { verdict: 'drop' } as const;

describe('a bridge', () => {
  const entry = (port: string): KernelObject => ({ kind: 'fdb', link: port, mac: MAC.server, permanent: true });
  const spoofed = rule(
    { match: [{ field: 'meta iifname' }, { field: 'ether saddr' }], op: '!=', to: ['p1', '02:00:00:00:00:01'] },
    DROP,
  );
  /** The client takes itself for the neighbour. */
  const echo: KernelObject = {
    kind: 'neighbour',
    link: 'eth0',
    ip: Ip.of('10.0.0.7'),
    mac: MAC.client,
    permanent: true,
  };
  const rows: readonly (readonly [says: string, at: Machine, to: string, becomes: string])[] = [
    ['floods to whoever has the address', switched(), SERVER, 'server'],
    ['and by its entry, where it has one', switched([entry('p2')]), SERVER, 'server'],
    ['also when that is wrong', switched([entry('p3')]), SERVER, 'sent'],
    ['takes for itself what is for it', switched(), SWITCH, 'switch'],
    [
      'finds nobody by a port that is down',
      switched([port('p2', 'server', { up: false })]),
      SERVER,
      'neighbour unreachable',
    ],
    ['does not send back where it came from', switched([], [echo]), '10.0.0.7', 'neighbour unreachable'],
    [
      'unless the port is a hairpin',
      switched([port('p1', 'client', { hairpin: true })], [echo]),
      '10.0.0.7',
      'martian',
    ],
    [
      'asks its own rules',
      switched([bridged('f', 'forward', rule({ match: [{ field: 'meta oifname' }], op: '==', to: 'p2' }, DROP))]),
      SERVER,
      'dropped',
    ],
    ['not those of IP', switched([base('f', 'forward', 0, [rule(DROP)])]), SERVER, 'server'],
    [
      '… unless the kernel is told to, which is more than the trace knows',
      switched([sysctl('net/bridge/bridge-nf-call-iptables', '1')]),
      SERVER,
      'cannot tell',
    ],
    ['knows who sends', switched([bridged('p', 'prerouting', spoofed)]), SERVER, 'server'],
    [
      'and who does not',
      switched([
        bridged(
          'p',
          'prerouting',
          rule({ match: [{ field: 'ether saddr' }], op: '==', to: MAC.client.toUpperCase() }, DROP),
        ),
      ]),
      SERVER,
      'dropped',
    ],
    [
      'sees no connections',
      switched([bridged('p', 'prerouting', rule({ match: [{ field: 'ct state' }], op: '==', to: 'new' }, DROP))]),
      SERVER,
      'cannot tell',
    ],
  ];
  for (const [says, at, to, becomes] of rows)
    it(says, () => {
      const [one] = trace(at, packet(to));
      assert.equal(summary(one!), becomes, one!.why);
    });
});

describe('a link', () => {
  it('has rules of its own, as frames come in and go out', () => {
    const guard = (hook: 'ingress' | 'egress', device: string) => ({
      ...base('g', hook, 0, [rule(DROP)], { device }),
      family: 'netdev' as const,
    });
    const endings = (object: KernelObject) => trace(tiny({ router: [object] }), packet('10.0.2.2')).map(summary);
    assert.deepEqual(endings(guard('ingress', 'left')), ['dropped']);
    assert.deepEqual(endings(guard('egress', 'right')), ['dropped']);
    assert.deepEqual(endings(guard('ingress', 'right')), ['server']);
  });

  it('may bring a packet from somebody unknown, who gets the answer by it', () => {
    const at = machine({ server: [link('eth0'), address('eth0', '10.0.2.2/24')] });
    const asked: Packet = { ...packet('10.0.2.2'), netns: 'server', arrivesOn: 'eth0', source: Ip.of('10.0.2.9') };
    const [one] = trace(at, asked);
    assert.equal(summary(one!), 'server');
    assert.deepEqual(reply(one!).map(summary), ['sent']);
    const [nobody] = trace(at, { ...asked, source: undefined });
    assert.equal(nobody!.ending, 'no source');
  });
});

describe('a tunnel', () => {
  const rows: readonly (readonly [says: string, left: readonly KernelObject[], becomes: string])[] = [
    ['takes a frame to the other end', [entry('02:00:00:00:00:0e', '10.0.0.2')], 'right'],
    ['and floods what it has no entry for', [entry('00:00:00:00:00:00', '10.0.0.2')], 'right'],
    ['has no end without an entry', [], 'neighbour unreachable'],
    ['nor where nobody has its number', [entry('02:00:00:00:00:0e', '10.0.0.3')], 'neighbour unreachable'],
    [
      'goes by the rules of what lies between',
      [
        entry('02:00:00:00:00:0e', '10.0.0.2'),
        base('o', 'output', 0, [rule({ match: [{ field: 'udp dport' }], op: '==', to: 4789 }, DROP)]),
      ],
      'dropped',
    ],
  ];
  for (const [says, left, becomes] of rows)
    it(says, () => {
      const [one] = trace(tunnelled(left), packet('10.5.0.2', { netns: 'left' }));
      assert.equal(summary(one!), becomes, one!.why);
    });

  function entry(mac: string, end: string): KernelObject {
    return { kind: 'fdb', link: 'vx', mac, destination: Ip.of(end), permanent: true };
  }
});

/** client ── p1 br0 p2 ── server; behind p3 is nobody known. */
function switched(ofSwitch: readonly KernelObject[] = [], ofClient: readonly KernelObject[] = []): Machine {
  return machine({
    client: [link('eth0', undefined, { mac: MAC.client }), address('eth0', `${CLIENT}/24`), ...ofClient],
    server: [link('eth0', undefined, { mac: MAC.server }), address('eth0', `${SERVER}/24`)],
    switch: [
      { kind: 'link', type: 'bridge', name: 'br0', up: true, mac: MAC.bridge },
      port('p1', 'client'),
      port('p2', 'server'),
      link('p3', undefined, { master: 'br0' }),
      address('br0', `${SWITCH}/24`),
      ...ofSwitch,
    ],
  });
}

function port(name: string, of: string, more = {}): KernelObject {
  return link(name, ['eth0', of], { master: 'br0', ...more });
}

function bridged(name: string, hook: 'prerouting' | 'forward', ...rules: readonly NftRule[]): KernelObject {
  return { ...base(name, hook, 0, rules), family: 'bridge' };
}

/** left vx ══ right vx, over a wire of 10.0.0.0/24. */
function tunnelled(ofLeft: readonly KernelObject[]): Machine {
  const end = (mac: string, vni: number): KernelObject => ({
    kind: 'link',
    type: 'vxlan',
    name: 'vx',
    up: true,
    mac,
    vni,
    port: 4789,
    learning: false,
  });
  const side = (number: number, mac: string, vni: number) => [
    end(mac, vni),
    address('eth0', `10.0.0.${number}/24`),
    address('vx', `10.5.0.${number}/24`),
  ];
  return machine({
    left: [
      ...side(1, '02:00:00:00:00:0d', 7),
      link('eth0', ['eth0', 'middle']),
      { kind: 'neighbour', link: 'vx', ip: Ip.of('10.5.0.2'), mac: '02:00:00:00:00:0e', permanent: true },
      ...ofLeft,
    ],
    middle: [
      { kind: 'link', type: 'bridge', name: 'br0', up: true },
      ...['eth0', 'eth1', 'eth2'].map(name => link(name, undefined, { master: 'br0' })),
    ],
    right: [...side(2, '02:00:00:00:00:0e', 7), link('eth0', ['eth1', 'middle'])],
    // Has the address that an entry may name, and a tunnel with another number.
    other: [...side(3, '02:00:00:00:00:0f', 8), link('eth0', ['eth2', 'middle'])],
  });
}

function summary({ ending, arrived }: Trace): string {
  return ending === 'delivered' ? arrived!.netns : ending;
}
