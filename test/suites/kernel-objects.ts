/** Short names for the kernel objects of tests: a pair of links, its addresses, and a table with everything in it. */

import { PROTOCOL, TABLE } from '../../src/kernel/kind.js';
import type {
  Address,
  Fdb,
  Neighbour,
  NextHop,
  PolicyRule,
  Route,
  Sysctl,
  Veth,
  Vxlan,
} from '../../src/kernel/net-objects.js';
import type {
  DataType,
  Hook,
  NftChain,
  NftElement,
  NftRule,
  NftSet,
  NftSlots,
  NftTable,
  Statement,
  Value,
} from '../../src/kernel/nft-objects.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';

export const ip = Ip.of;
export const cidr = Cidr.of;

export const veth = (name: string, more: Partial<Veth> = {}): Veth => ({
  kind: 'link',
  type: 'veth',
  name,
  up: true,
  ...more,
});
export const vxlan = (name: string, more: Partial<Vxlan> = {}): Vxlan => ({
  kind: 'link',
  type: 'vxlan',
  name,
  up: true,
  vni: 42,
  port: 4789,
  learning: false,
  ...more,
});
export const bridge = (name: string): KernelObject => ({ kind: 'link', type: 'bridge', name, up: true });

/** `10.0.0.1/24`. */
export function address(link: string, text: string): Address {
  const [at, prefix] = text.split('/');
  return { kind: 'address', link, ip: ip(at!), prefix: Number(prefix), nodad: true };
}

export const via = (gateway: string, link?: string, more: Partial<NextHop> = {}): NextHop => ({
  via: ip(gateway),
  link,
  ...more,
});
export const dev = (link: string): NextHop => ({ link });

export const route = (destination: string, nexthops: readonly NextHop[], more: Partial<Route> = {}): Route => ({
  kind: 'route',
  destination: cidr(destination),
  table: 254,
  type: 'unicast',
  nexthops,
  protocol: PROTOCOL,
  ...more,
});

export const rule = (priority: number, table: number, more: Partial<PolicyRule> = {}): PolicyRule => ({
  kind: 'rule',
  family: 4,
  priority,
  table,
  protocol: PROTOCOL,
  ...more,
});

export const neighbour = (link: string, at: string, mac: string): Neighbour => ({
  kind: 'neighbour',
  link,
  ip: ip(at),
  mac,
  permanent: true,
});

export const fdb = (link: string, mac: string, destination?: string): Fdb => ({
  kind: 'fdb',
  link,
  mac,
  destination: destination === undefined ? undefined : ip(destination),
  permanent: true,
});

export const sysctl = (name: string, value: string): Sysctl => ({ kind: 'sysctl', name, value });

const at = { family: 'inet', table: TABLE } as const;

export const table: NftTable = { kind: 'table', family: 'inet', name: TABLE };
export const set = (name: string, key: readonly DataType[], more: Partial<NftSet> = {}): NftSet => ({
  ...at,
  kind: 'set',
  name,
  key,
  ...more,
});
export const element = (name: string, key: readonly Value[], data?: NftElement['data']): NftElement => ({
  ...at,
  kind: 'element',
  set: name,
  key,
  data,
});
export const slots = (name: string, key: readonly Value[], ...data: readonly (readonly Value[])[]): NftSlots => ({
  ...at,
  kind: 'slots',
  set: name,
  key,
  data,
});
export const chain = (name: string, ...rules: readonly NftRule[]): NftChain => ({ ...at, kind: 'chain', name, rules });
export const baseChain = (name: string, base: Hook, ...rules: readonly NftRule[]): NftChain => ({
  ...chain(name, ...rules),
  base,
});
export const says = (...statements: readonly Statement[]): NftRule => ({ statements });
export const because = (cause: string, ...statements: readonly Statement[]): NftRule => ({ statements, cause });

export const accept: Statement = { verdict: 'accept' };
export const drop: Statement = { verdict: 'drop' };
export const jump = (name: string): Statement => ({ verdict: 'jump', chain: name });
export const goto = (name: string) => ({ verdict: 'goto', chain: name }) as const;
