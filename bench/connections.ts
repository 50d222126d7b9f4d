/** New connections per second through a ClusterIP: with one Service, with 40,000, and past Services; beside kube-proxy's iptables rules. */

import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { openKernel } from '../src/host/kernel-port.js';
import {
  AF_INET,
  bind,
  bindSocket,
  connect,
  listen,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  setsockopt,
  socket,
} from '../src/host/libc.js';
import { createNamespace, removeNamespace, withNamespace } from '../src/host/namespace.js';
import { sockaddr } from '../src/host/sockaddr.js';
import type { KernelObject } from '../src/kernel/port.js';
import { Cidr } from '../src/net/cidr.js';
import { Ip } from '../src/net/ip.js';
import type { KubeObject } from '../src/objects/meta.js';
import { PlannedNode } from '../test/lab/plan-node.js';
import { node, service, slice } from '../test/plan/world.js';
import { iptablesVersion, restoreServices } from './iptables-peer.js';
import { median } from './median.js';
import type { Row } from './row.js';
import { clusterIP, ENDPOINTS, endpointIP } from './services-objects.js';

const MANY = 40_000;
const MANY_RULES = 10_000;
const PORT = 8080;
const SERVER = '10.244.1.5';
const CLIENT = '10.244.1.6';
/** The Service whose endpoint answers. */
const WEB = '10.96.255.1';
const PASSES = 7;
/** Of one pass: few enough that conntrack's table, which keeps what has ended for ten seconds, never fills. */
const CONNECTIONS = 5000;

/** Where connections are made from and to. */
export interface Path {
  readonly client: string;
  readonly to: string;
  readonly port: number;
}

export async function bench(): Promise<Row[]> {
  if (process.getuid?.() !== 0) return [skipped('needs root, to make network namespaces')];
  const version = iptablesVersion();
  const places: Place[] = [];
  const made = (place: Place) => {
    places.push(place);
    return place;
  };
  try {
    const few = made(planned());
    const many = made(planned(manyServices()));
    const ruled = version ? made(routed(MANY_RULES)) : undefined;
    const paths: Record<string, Path> = {
      'past Services': { client: few.client, to: SERVER, port: PORT },
      'one Service': { client: few.client, to: WEB, port: 80 },
      many: { client: many.client, to: WEB, port: 80 },
      ...(ruled && { iptables: { client: ruled.client, to: WEB, port: 80 } }),
    };
    const rates = measure(paths);
    const row = (name: string, of: string, beside: string, label: string, goal: string): Row => ({
      name,
      ours: perSecond(rates[of]!),
      peer: `${perSecond(rates[beside]!)} (${label})`,
      ratio: `${median(ratios(rates[of]!, rates[beside]!)).toFixed(2)}×`,
      goal,
    });
    return [
      row(`connections through a ClusterIP, ${MANY} Services`, 'many', 'one Service', '1 Service', '≥ 0.97×'),
      row('… against the same way past Services', 'many', 'past Services', 'to the Pod', '≥ 0.95×'),
      ruled
        ? row(`… against the last of ${MANY_RULES} Services in iptables`, 'many', 'iptables', version!, '≥ 6×')
        : skipped('iptables-legacy-restore is not installed (Debian: iptables)'),
    ];
  } finally {
    for (const place of places) await place.close();
  }
}

/** In turns, so that whatever else the machine does meets all; connections per second of each pass. */
export function measure(paths: Readonly<Record<string, Path>>): Record<string, number[]> {
  const rates: Record<string, number[]> = {};
  for (let pass = 0; pass <= PASSES; pass++)
    for (const [name, path] of Object.entries(paths)) {
      const rate = connectMany(path);
      // The first pass is what is done for the first time.
      if (pass > 0) (rates[name] ??= []).push(rate);
    }
  return rates;
}

const SO_LINGER = 13;
/** struct linger: on, no time. A connection then ends by a reset, and leaves no socket behind that waits. */
const AT_ONCE = new Uint8Array(Int32Array.of(1, 0).buffer);

function connectMany({ client, to, port }: Path): number {
  const address = sockaddr(Ip.of(to), port);
  return withNamespace(client, () => {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < CONNECTIONS; i++) {
      const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      connect(fd, address, address.length);
      setsockopt(fd, SOL_SOCKET, SO_LINGER, AT_ONCE, AT_ONCE.length);
      closeSync(fd);
    }
    return CONNECTIONS / (Number(process.hrtime.bigint() - begin) / 1e9);
  });
}

interface Place {
  readonly client: string;
  close(): Promise<void>;
}

/** A planned node with a client Pod, a server Pod, a Service to that, and whatever others. */
function planned(others: Iterable<KubeObject> = []): Place {
  const planned = new PlannedNode('routed');
  planned.apply(node(1), service('web', [WEB]), slice('web-1', 'web', [SERVER]));
  planned.applyAll(others);
  const server = serveIn(planned.addPod('server', SERVER));
  return {
    client: planned.addPod('client', CLIENT),
    async close() {
      await server();
      planned.close();
    },
  };
}

/** The same without us: a router between two hosts, with kube-proxy's iptables rules for so many Services. */
function routed(services: number): Place {
  const path = (name: string) => `/run/netns/podwire-bench-${name}-${process.pid}`;
  const [router, client, host] = [path('router'), path('client'), path('server')];
  for (const netns of [router, client, host]) createNamespace(netns);
  const ends: readonly (readonly [string, string, string])[] = [
    [client, 'c0', CLIENT],
    [host, 's0', SERVER],
  ];
  put(router, [{ kind: 'sysctl', name: 'net/ipv4/ip_forward', value: '1' }]);
  for (const [netns, link, ip] of ends) {
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
  restoreServices(router, services, { clusterIP: WEB, endpoint: `${SERVER}:${PORT}` });
  const server = serveIn(host);
  return {
    client,
    async close() {
      await server();
      for (const netns of [router, client, host]) removeNamespace(netns);
    },
  };
}

/** A server in that namespace; what ends it. */
export function serveIn(netns: string): () => Promise<unknown> {
  const fd = withNamespace(netns, () => {
    const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const address = sockaddr(Ip.of('0.0.0.0'), PORT);
    bindSocket(fd, address, address.length);
    listen(fd, 4096);
    return fd;
  });
  const worker = new Worker(new URL('connections-server.js', import.meta.url), {
    workerData: fd,
    trackUnmanagedFds: false,
  });
  return () => {
    // accept(2) returns with an error, the thread ends, and the socket can be closed.
    const ended = new Promise(resolve => worker.once('exit', resolve));
    shutdown(fd, SHUT_RDWR);
    return ended.then(() => closeSync(fd));
  };
}

const shutdown = bind<[fd: number, how: number]>('int shutdown(int fd, int how)');
const SHUT_RDWR = 2;

function* manyServices() {
  for (let i = 0; i < MANY; i++) {
    yield service(`many-${i}`, [clusterIP(i)]);
    yield slice(
      `many-${i}-1`,
      `many-${i}`,
      Array.from({ length: ENDPOINTS }, (_, endpoint) => endpointIP(i, endpoint)),
    );
  }
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
  return {
    kind: 'route',
    destination: Cidr.of(destination),
    table: 254,
    type: 'unicast',
    nexthops,
    protocol: 4,
  } as const;
}

export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((rate, i) => rate / theirs[i]!);
}

function perSecond(rates: readonly number[]): string {
  return `${Math.round(median(rates))}/s`;
}

function skipped(reason: string): Row {
  return { name: 'connections', ours: `skipped: ${reason}`, peer: '', ratio: '', goal: '' };
}
