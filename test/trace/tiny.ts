/** States by hand, small enough to be read at once: a client, a router between two wires, a server. */

import { stateOf } from '../../src/kernel/kinds.js';
import type { NextHop, Route } from '../../src/kernel/net-objects.js';
import type { Hook, NftChain, NftRule, Statement } from '../../src/kernel/nft-objects.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import type { Machine, Packet } from '../../src/trace/trace.js';

export type Objects = readonly KernelObject[];

export function link(name: string, peer?: readonly [name: string, netns: string], more = {}): KernelObject {
  return {
    kind: 'link',
    type: 'veth',
    name,
    up: true,
    ...(peer && { peer: { name: peer[0], netns: peer[1] } }),
    ...more,
  };
}

export function address(link: string, text: string): KernelObject {
  const [ip, prefix] = text.split('/');
  return { kind: 'address', link, ip: Ip.of(ip!), prefix: Number(prefix) };
}

/** `via` an address; anything else is the name of a link. */
export function route(
  destination: string,
  to: string | readonly NextHop[] = [],
  more: Partial<Route> = {},
): KernelObject {
  const hop = (text: string): NextHop => (Ip.parse(text) ? { via: Ip.of(text) } : { link: text });
  const nexthops = typeof to === 'string' ? [hop(to)] : to;
  return {
    kind: 'route',
    destination: Cidr.of(destination),
    table: 254,
    type: 'unicast',
    nexthops,
    protocol: 4,
    ...more,
  };
}

export function sysctl(name: string, value: string): KernelObject {
  return { kind: 'sysctl', name, value };
}

export function base(
  name: string,
  hook: Hook['hook'],
  priority: number,
  rules: readonly NftRule[],
  more = {},
): NftChain {
  const type = priority === -100 || priority === 100 ? 'nat' : 'filter';
  return { kind: 'chain', family: 'inet', table: 't', name, base: { type, hook, priority, ...more }, rules };
}

export function chain(name: string, ...rules: readonly NftRule[]): NftChain {
  return { kind: 'chain', family: 'inet', table: 't', name, rules };
}

export function rule(...statements: readonly Statement[]): NftRule {
  return { statements };
}

export const LOOPBACK: KernelObject = { kind: 'link', type: 'other', driver: '', name: 'lo', up: true };
export const FORWARDING = [sysctl('net/ipv4/ip_forward', '1'), sysctl('net/ipv6/conf/all/forwarding', '1')];

export const CLIENT = '10.0.1.2';
export const SERVER = '10.0.2.2';
export const CLIENT6 = 'fd00:1::2';
export const SERVER6 = 'fd00:2::2';

/** What each has beside its links, addresses and default route; `router` forwards unless it is said otherwise. */
export interface Extra {
  readonly client?: Objects;
  readonly router?: Objects;
  readonly server?: Objects;
}

/** client eth0 ── left router right ── eth0 server. */
export function tiny({ client = [], router = [], server = [] }: Extra = {}): Machine {
  return machine({
    client: [
      LOOPBACK,
      link('eth0'),
      ...[`${CLIENT}/24`, `${CLIENT6}/64`].map(text => address('eth0', text)),
      ...['10.0.1.1', 'fd00:1::1'].map(byDefault),
      ...client,
    ],
    router: [
      LOOPBACK,
      link('left', ['eth0', 'client']),
      link('right', ['eth0', 'server']),
      ...['10.0.1.1/24', 'fd00:1::1/64'].map(text => address('left', text)),
      ...['10.0.2.1/24', 'fd00:2::1/64'].map(text => address('right', text)),
      ...FORWARDING,
      ...router,
    ],
    server: [
      LOOPBACK,
      link('eth0'),
      ...[`${SERVER}/24`, `${SERVER6}/64`].map(text => address('eth0', text)),
      ...['10.0.2.1', 'fd00:2::1'].map(byDefault),
      ...server,
    ],
  });
}

function byDefault(via: string): KernelObject {
  return route(via.includes(':') ? '::/0' : '0.0.0.0/0', via);
}

export function machine(states: Readonly<Record<string, Objects>>): Machine {
  return new Map(Object.entries(states).map(([netns, objects]) => [netns, stateOf(objects)]));
}

/** Merges objects into one namespace's state. */
export function withObjects(machine: Machine, netns: string, objects: Objects): Machine {
  return new Map([...machine, [netns, stateOf([...(machine.get(netns)?.values() ?? []), ...objects])]]);
}

/** From the client, by TCP to port 80, unless it is said otherwise. */
export function packet(destination: string, more: Partial<Packet> = {}): Packet {
  return { netns: 'client', protocol: 'tcp', destination: Ip.of(destination), destinationPort: 80, ...more };
}
