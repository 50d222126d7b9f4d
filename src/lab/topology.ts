/** The lab's underlay as data: which namespaces there are, and what each one's kernel holds. Opens nothing, changes nothing. */

import { TABLE } from '../kernel/kind.js';
import type { Address, Link, Route, Sysctl, Veth } from '../kernel/net-objects.js';
import type { NftChain, NftElement, NftObject, NftSet } from '../kernel/nft-objects.js';
import type { KernelObject } from '../kernel/port.js';
import { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import { addresses, type LabConfig, nodeNames, ranges } from './config.js';
import type { Places } from './places.js';

/** What one namespace holds; `netns` is its path, undefined for the machine's own. Built in the order of the list. */
export interface Segment {
  readonly role: string;
  readonly netns: string | undefined;
  readonly objects: readonly KernelObject[];
}

const MAIN_TABLE = 254;
/** RTPROT_STATIC, an administrator's route: the agents own protocol 98 in their nodes, and would remove what they did not plan. */
const STATIC = 4;

/**
 *     n1 n2 n3 … ──┐
 *                  br0 (fabric) ── gateway ── internet
 *     the host ────┘
 */
export function topology(config: LabConfig, at: Places): readonly Segment[] {
  const nodes = nodeNames(config);
  return [
    fabric([...nodes, 'gateway'], at),
    ...nodes.map(name => node(name, config, at)),
    gateway(config, at),
    internet(config, at),
    host(config, at),
  ];
}

/** A switch: one bridge, one port per member, named after it. The members' ends are made together with the ports. */
function fabric(members: readonly string[], at: Places): Segment {
  const port = (name: string, peer: Veth['peer']): Link => ({ ...veth(name), master: 'br0', peer });
  return {
    role: 'fabric',
    netns: at.netns('fabric'),
    objects: [
      loopback,
      { kind: 'link', type: 'bridge', name: 'br0', up: true },
      ...members.map(name => port(name, { name: 'eth0', netns: at.netns(name) })),
      port('host', { name: at.hostLink, netns: '/proc/self/ns/net' }),
    ],
  };
}

function node(name: string, config: LabConfig, at: Places): Segment {
  const known = addresses(config);
  const own = known.node(name);
  return {
    role: name,
    netns: at.netns(name),
    objects: [
      loopback,
      ...noDad,
      veth('eth0'),
      ...own.map((ip, i) => address('eth0', ip, ranges(config).nodes[i]!.prefix)),
      // With the source named: the agent puts Service addresses on `lo`, and the kernel might prefer one of those.
      ...known.gateway.map((via, i) => ({ ...route(defaultOf(via), { via }), source: own[i]! })),
    ],
  };
}

/** The Internet gateway of the cluster's network: each node has a public address there, translated one to one. */
function gateway(config: LabConfig, at: Places): Segment {
  const known = addresses(config);
  const { nodes, internet: outside } = ranges(config);
  const publicAddresses = nodeNames(config).flatMap(name => known.publicNode(name));
  return {
    role: 'gateway',
    netns: at.netns('gateway'),
    objects: [
      loopback,
      ...forwarding,
      ...noDad,
      veth('eth0'),
      { ...veth('inet0'), peer: { name: 'eth0', netns: at.netns('internet') } },
      ...known.gateway.map((ip, i) => address('eth0', ip, nodes[i]!.prefix)),
      ...known.internetGateway.map((ip, i) => address('inet0', ip, outside[i]!.prefix)),
      ...publicAddresses.map(ip => address('inet0', ip, Cidr.host(ip).prefix)),
      ...oneToOneNat(config),
    ],
  };
}

function internet(config: LabConfig, at: Places): Segment {
  const known = addresses(config);
  return {
    role: 'internet',
    netns: at.netns('internet'),
    objects: [
      loopback,
      ...noDad,
      veth('eth0'),
      ...known.internetServer.map((ip, i) => address('eth0', ip, ranges(config).internet[i]!.prefix)),
      ...known.internetGateway.map(via => route(defaultOf(via), { via })),
    ],
  };
}

/** The machine itself is one more host on the fabric, so that its browser and curl reach every Pod, Service and node. */
function host(config: LabConfig, at: Places): Segment {
  const known = addresses(config);
  const { nodes, services } = ranges(config);
  const firstNode = known.node(nodeNames(config)[0]!);
  return {
    role: 'host',
    netns: undefined,
    objects: [
      veth(at.hostLink),
      ...known.host.map((ip, i) => address(at.hostLink, ip, nodes[i]!.prefix)),
      ...services.map(cidr => route(cidr, { via: firstNode.find(ip => ip.family === cidr.family)! })),
    ],
  };
}

function oneToOneNat(config: LabConfig): readonly NftObject[] {
  const known = addresses(config);
  const table = { family: 'inet', table: TABLE } as const;
  const perFamily = ([4, 6] as const).flatMap((family): readonly (NftSet | NftElement)[] => {
    const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
    const map = (name: string): NftSet => ({
      kind: 'set',
      ...table,
      name: `${name}${family}`,
      key: [type],
      data: [type],
    });
    const pairs = nodeNames(config).map(name => {
      const ofFamily = (ips: readonly Ip[]) => ips.find(ip => ip.family === family)!;
      return { inside: ofFamily(known.node(name)), outside: ofFamily(known.publicNode(name)) };
    });
    const element = (set: string, from: Ip, to: Ip): NftElement => ({
      kind: 'element',
      ...table,
      set: `${set}${family}`,
      key: [from],
      data: [to],
    });
    return [
      map('inward'),
      map('outward'),
      ...pairs.flatMap(pair => [
        element('inward', pair.outside, pair.inside),
        element('outward', pair.inside, pair.outside),
      ]),
    ];
  });
  const translate = (
    nat: 'dnat' | 'snat',
    field: 'saddr' | 'daddr',
    map: string,
    link: 'iifname' | 'oifname',
  ): NftChain['rules'] =>
    (['ip', 'ip6'] as const).map(family => ({
      statements: [
        { match: [{ field: `meta ${link}` }], op: '==', to: 'inet0' },
        {
          nat,
          family,
          to: { key: [{ field: `${family} ${field}` }], map: { set: `${map}${family === 'ip' ? 4 : 6}` }, port: false },
        },
      ],
      cause: `Internet gateway, ${map}`,
    }));
  return [
    { kind: 'table', family: 'inet', name: TABLE },
    ...perFamily,
    {
      kind: 'chain',
      ...table,
      name: 'prerouting',
      base: { type: 'nat', hook: 'prerouting', priority: -100, policy: 'accept' },
      rules: translate('dnat', 'daddr', 'inward', 'iifname'),
    },
    {
      kind: 'chain',
      ...table,
      name: 'postrouting',
      base: { type: 'nat', hook: 'postrouting', priority: 100, policy: 'accept' },
      rules: translate('snat', 'saddr', 'outward', 'oifname'),
    },
  ];
}

const loopback: Link = { kind: 'link', type: 'other', driver: '', name: 'lo', up: true };

/**
 * Without duplicate address detection: a router asks for its neighbours from its link-local address, which would be tentative
 * for the link's first second, and the first packets with it. `default` is what links have that come later.
 */
const noDad: readonly Sysctl[] = ['all', 'default'].map(links => ({
  kind: 'sysctl',
  name: `net/ipv6/conf/${links}/accept_dad`,
  value: '0',
}));

const forwarding: readonly Sysctl[] = [
  { kind: 'sysctl', name: 'net/ipv4/ip_forward', value: '1' },
  { kind: 'sysctl', name: 'net/ipv6/conf/all/forwarding', value: '1' },
];

function veth(name: string): Veth {
  return { kind: 'link', type: 'veth', name, up: true };
}

/** Without duplicate address detection: the lab knows that it gave each address once, and nobody waits a second for it. */
function address(link: string, ip: Ip, prefix: number): Address {
  return { kind: 'address', link, ip, prefix, nodad: true };
}

export function route(destination: Cidr, nexthop: { via: Ip }): Route {
  return { kind: 'route', destination, table: MAIN_TABLE, type: 'unicast', nexthops: [nexthop], protocol: STATIC };
}

function defaultOf(ip: Ip): Cidr {
  return Cidr.containing(ip, 0);
}
