/** The lab's fixed addresses as settings and objects, for tests of the plan. */

import type { Ranges } from '../../src/model/ranges.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import type { Settings } from '../../src/plan/settings.js';

export const SERVICE_CIDRS = [Cidr.of('10.96.0.0/16'), Cidr.of('fd00:10:96::/112')];

export const RANGES: Ranges = {
  serviceCidrs: SERVICE_CIDRS,
  podCidrs: [Cidr.of('10.244.0.0/16'), Cidr.of('fd00:10:244::/56')],
  externalIPs: [Cidr.of('192.0.2.128/25')],
};

/** Node n1's settings; families other than dual stack leave the other one's addresses out. */
export function node1(options: { overlay?: Settings['overlay']; family?: 4 | 6 } = {}): Settings {
  const ofFamily = <T extends { readonly family: number }>(values: T[]) =>
    values.filter(value => !options.family || value.family === options.family);
  return {
    addresses: ofFamily([Ip.of('172.30.0.11'), Ip.of('fd00:172:30::11')]),
    podCidrs: ofFamily([Cidr.of('10.244.1.0/24'), Cidr.of('fd00:10:244:1::/64')]),
    serviceCidrs: ofFamily(SERVICE_CIDRS),
    dnsAddresses: ofFamily([Ip.of('10.96.0.10'), Ip.of('fd00:10:96::a')]),
    dnsPeers: ofFamily([Ip.of('172.30.0.12'), Ip.of('fd00:172:30::12')]),
    overlay: options.overlay ?? 'none',
    zone: 'a',
    link: 'eth0',
    mtu: 1500,
  };
}

export function node(number: number, podCidrs = [`10.244.${number}.0/24`, `fd00:10:244:${number}::/64`]): KubeObject {
  const addresses = [`172.30.0.1${number}`, `fd00:172:30::1${number}`].map(address => ({
    type: 'InternalIP',
    address,
  }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `n${number}` },
    spec: { podCIDRs: podCidrs },
    status: { addresses },
  };
}

export function service(name: string, clusterIPs: string[], spec: Record<string, unknown> = {}): KubeObject {
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 }];
  const metadata = { name, namespace: 'default' };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { clusterIP: clusterIPs[0], clusterIPs, ports, ...spec },
  };
}

type Conditions = { ready?: boolean; serving?: boolean; terminating?: boolean };

/** A slice of that Service; `ips` with their conditions, ready when none are given, and what else an endpoint says. */
export function slice(
  name: string,
  service: string,
  ips: readonly (string | [ip: string, conditions: Conditions, more?: object])[],
  options: { port?: number; portName?: string; protocol?: string } = {},
): KubeObject {
  const first = typeof ips[0] === 'string' ? ips[0] : (ips[0]?.[0] ?? '');
  const { port = 8080, portName = 'http', protocol = 'TCP' } = options;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
    addressType: first.includes(':') ? 'IPv6' : 'IPv4',
    ports: [{ name: portName, protocol, port }],
    endpoints: ips.map(item =>
      typeof item === 'string'
        ? { addresses: [item], conditions: { ready: true } }
        : { addresses: [item[0]], conditions: item[1], ...item[2] },
    ),
  };
}
