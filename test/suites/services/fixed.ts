/** The suite's cluster under the addresses of every example: for backends that need no machine. */

import type { Ranges } from '../../../src/model/ranges.js';
import { Cidr } from '../../../src/net/cidr.js';
import { type Family, Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { type Addresses, PLACES, type PlaceName, ZONES } from './places.js';

export const RANGES: Ranges = {
  serviceCidrs: [Cidr.of('10.96.0.0/16'), Cidr.of('fd00:10:96::/112')],
  podCidrs: [Cidr.of('10.244.0.0/16'), Cidr.of('fd00:10:244::/56')],
  externalIPs: [Cidr.of('192.0.2.128/25'), Cidr.of('2001:db8:1::8000/113')],
};

const PODS: Partial<Record<PlaceName, readonly [string, string]>> = {
  a1: ['10.244.0.2', 'fd00:10:244::2'],
  a2: ['10.244.0.3', 'fd00:10:244::3'],
  b1: ['10.244.1.2', 'fd00:10:244:1::2'],
  c1: ['10.244.2.2', 'fd00:10:244:2::2'],
  outside: ['203.0.113.100', '2001:db8::64'],
};

export const NODES = ['n1', 'n2', 'n3'] as const;

export function nodeAddress(node: string, family: Family): Ip {
  const number = Number(node.slice(1));
  return family === 4 ? Ip.of(`172.30.0.${10 + number}`) : Ip.of(`fd00:172:30::${(10 + number).toString(16)}`);
}

export const fixedAddresses: Addresses = {
  place(name, family) {
    const own = PODS[name];
    return own ? Ip.of(own[family === 4 ? 0 : 1]) : nodeAddress(PLACES[name].node, family);
  },
  clusterIP: (n, family) => Ip.of(family === 4 ? `10.96.200.${n}` : `fd00:10:96::c8${n.toString(16).padStart(2, '0')}`),
  balancerIP: (n, family) =>
    Ip.of(family === 4 ? `192.0.2.${n}` : `2001:db8:1::${(n < 128 ? n : 0x8000 + n).toString(16)}`),
};

/** The Nodes, as the API has them. */
export const nodes: readonly KubeObject[] = NODES.map((name, i) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'topology.kubernetes.io/zone': ZONES[name] } },
  spec: { podCIDRs: [`10.244.${i}.0/24`, i === 0 ? 'fd00:10:244::/64' : `fd00:10:244:${i}::/64`] },
  status: {
    addresses: ([4, 6] as const).map(family => ({ type: 'InternalIP', address: String(nodeAddress(name, family)) })),
  },
}));
