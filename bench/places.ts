/** A client, a server, and between them a router: a node of ours with Services, a plain one, or one with kube-proxy's iptables rules. */

import { openKernel } from '../src/host/kernel-port.js';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import type { KernelObject } from '../src/kernel/port.js';
import { Cidr } from '../src/net/cidr.js';
import { Ip } from '../src/net/ip.js';
import type { KubeObject } from '../src/objects/meta.js';
import { is, rule } from '../src/plan/nft.js';
import { PlannedNode } from '../test/lab/plan-node.js';
import { node, service, slice } from '../test/plan/world.js';
import { restoreServices } from './iptables-peer.js';
import { clusterIP, ENDPOINTS, endpointIP } from './services-objects.js';

export interface Place {
  /** Paths of the network namespaces. */
  readonly client: string;
  readonly server: string;
  /** The client's own address. */
  readonly from: Ip;
  /** Where the client reaches the server, by TCP and by UDP. */
  readonly to: { readonly ip: Ip; readonly port: number };
  close(): void;
}

/** Where the server listens. */
export const PORT = 8080;

const SERVER = '10.244.1.5';
const CLIENT = '10.244.1.6';
/** The Service whose endpoint answers. */
const WEB = '10.96.255.1';
const FRONT = { ip: Ip.of(WEB), port: 80 };

/** A node of ours with that Service and so many others. */
export function planned(others: number): Place {
  const planned = new PlannedNode('routed');
  const ports = ['TCP', 'UDP'].map(protocol => ({ name: protocol.toLowerCase(), protocol, port: 80 }));
  const endpoints = { ...slice('web-1', 'web', [SERVER]), ports: ports.map(port => ({ ...port, port: PORT })) };
  planned.apply(node(1), service('web', [WEB], { ports }), endpoints);
  planned.applyAll(services(others));
  const server = planned.addPod('server', SERVER);
  const client = planned.addPod('client', CLIENT);
  return { client, server, from: Ip.of(CLIENT), to: FRONT, close: () => planned.close() };
}

/** A router that tracks connections, and nothing else. */
export function plain(): Place {
  const { router, ...place } = routed('plain');
  const table = { family: 'inet', table: 'podwire' } as const;
  put(router, [
    { kind: 'table', family: 'inet', name: 'podwire' },
    {
      ...table,
      kind: 'chain',
      name: 'track',
      base: { type: 'filter', hook: 'forward', priority: 0, policy: 'accept' },
      rules: [rule('tracked', is('ct state', 'established'), { verdict: 'accept' })],
    },
  ]);
  return { ...place, to: { ip: Ip.of(SERVER), port: PORT } };
}

/** The Service is the last of so many. */
export function iptables(others: number): Place {
  const { router, ...place } = routed('iptables');
  const endpoints = [`${SERVER}:${PORT}`];
  restoreServices(router, others, [
    { clusterIP: WEB, protocol: 'tcp', endpoints },
    { clusterIP: WEB, protocol: 'udp', endpoints },
  ]);
  return { ...place, to: FRONT };
}

function* services(count: number): Generator<KubeObject> {
  for (let i = 0; i < count; i++) {
    const ips = Array.from({ length: ENDPOINTS }, (_, endpoint) => endpointIP(i, endpoint));
    yield service(`many-${i}`, [clusterIP(i)]);
    yield slice(`many-${i}-1`, `many-${i}`, ips);
  }
}

/** Two hosts and a router, as a node has its Pods. */
function routed(name: string) {
  const path = (what: string) => `/run/netns/podwire-bench-${name}-${what}-${process.pid}`;
  const [router, client, server] = [path('router'), path('client'), path('server')];
  const all = [router, client, server];
  for (const netns of all) createNamespace(netns);
  put(router, [{ kind: 'sysctl', name: 'net/ipv4/ip_forward', value: '1' }]);
  for (const [netns, link, ip] of [
    [client, 'c0', CLIENT],
    [server, 's0', SERVER],
  ] as const) {
    put(router, [
      { kind: 'link', type: 'veth', name: link, up: true, peer: { name: 'eth0', netns } },
      address(link, '169.254.1.1'),
      { ...route(`${ip}/32`, link), scope: 'link' },
    ]);
    put(netns, [
      { kind: 'link', type: 'other', driver: '', name: 'eth0', up: true },
      address('eth0', ip),
      { ...route('169.254.1.1/32', 'eth0'), scope: 'link' },
      { ...route('0.0.0.0/0', 'eth0'), nexthops: [{ via: Ip.of('169.254.1.1'), link: 'eth0' }] },
    ]);
  }
  const close = () => all.forEach(removeNamespace);
  return { router, client, server, from: Ip.of(CLIENT), close };
}

function put(netns: string, objects: readonly KernelObject[]): void {
  const kernel = openKernel(netns);
  const [failure] = kernel.apply(objects.map(object => ({ verb: 'replace', object })));
  kernel.close();
  if (failure) throw new Error(failure.message);
}

function address(link: string, ip: string): KernelObject {
  return { kind: 'address', link, ip: Ip.of(ip), prefix: 32 };
}

function route(destination: string, link: string) {
  const nexthops = [{ link }];
  const base = { kind: 'route', table: 254, type: 'unicast', protocol: 4 } as const;
  return { ...base, destination: Cidr.of(destination), nexthops };
}
