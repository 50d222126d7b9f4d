/** A process of its own, as an agent's start is one: Services from API objects into the namespace given, timed, as one line of JSON. */

import { openKernel } from '../src/host/kernel-port.js';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import { diff } from '../src/kernel/diff.js';
import { format, NFT_KINDS, stateOf } from '../src/kernel/kinds.js';
import type { KernelPort } from '../src/kernel/port.js';
import { buildCluster, ClusterBuilder } from '../src/model/builder.js';
import { Cidr } from '../src/net/cidr.js';
import { Ip } from '../src/net/ip.js';
import { Planner, plan } from '../src/plan/planner.js';
import type { Settings } from '../src/plan/settings.js';
import { Reconciler } from '../src/reconcile/reconciler.js';
import { ENDPOINTS, serviceObject, sliceObject } from './services-objects.js';

const WARM_UP = 500;
const CHANGES = 1_000;

/** Milliseconds of the parts of a cold start. `cpu`: of all of them, all threads together. */
export interface Cold {
  readonly model: number;
  readonly plan: number;
  /** Reconciler and kernel. */
  readonly program: number;
  readonly total: number;
  readonly cpu: number;
}

export interface Measured {
  readonly cold: Cold;
  /** Milliseconds for the planned state into the kernel and nothing else: what `nft -f` does with a finished file. */
  readonly load: number;
  /** Microseconds for one endpoint: median of the wall clock, mean of CPU, and how many netlink batches. */
  readonly change: { readonly wall: number; readonly cpu: number; readonly batches: number };
}

const SETTINGS: Settings = {
  addresses: [],
  podCidrs: [Cidr.of('10.128.0.0/24')],
  serviceCidrs: [Cidr.of('10.96.0.0/16')],
  dnsAddresses: [Ip.of('10.96.0.10')],
  dnsPeers: [],
  overlay: 'none',
  link: 'lo',
  mtu: 1500,
};

/** Counts what really goes to the kernel: one call is one batch. */
class CountingPort implements KernelPort {
  calls = 0;
  constructor(private readonly port: KernelPort) {}
  read: KernelPort['read'] = kinds => this.port.read(kinds);
  apply: KernelPort['apply'] = operations => {
    this.calls++;
    return this.port.apply(operations);
  };
  close(): void {
    this.port.close();
  }
}

function measure(netns: string, services: number): Measured {
  const port = new CountingPort(openKernel(netns));
  port.apply([{ verb: 'replace', object: { kind: 'link', type: 'other', driver: '', name: 'lo', up: true } }]);
  // Parsed JSON is what a list gives; making it is not part of the work.
  const objects = [...range(services, serviceObject), ...range(services, service => sliceObject(service))];
  const builder = new ClusterBuilder({ serviceCidrs: SETTINGS.serviceCidrs });
  const planner = new Planner(builder.cluster, 'n1', SETTINGS);
  const reconciler = new Reconciler(port);

  const cpu = process.cpuUsage();
  const begin = performance.now();
  for (const object of objects) builder.apply({ type: 'upsert', object });
  const modelled = performance.now();
  const owners = planner.start();
  const planned = performance.now();
  for (const [owner, wanted] of owners) reconciler.set(owner, wanted);
  flushed(reconciler);
  const end = performance.now();
  const cold = {
    model: modelled - begin,
    plan: planned - modelled,
    program: end - planned,
    total: end - begin,
    cpu: microseconds(cpu) / 1000,
  };

  const change = (i: number) => {
    const object = sliceObject((i * 7919) % services, {
      endpoint: i % ENDPOINTS,
      generation: 1 + (Math.floor(i / services) % 7),
    });
    const begin = performance.now();
    for (const [owner, wanted] of planner.apply(builder.apply({ type: 'upsert', object })))
      reconciler.set(owner, wanted);
    flushed(reconciler);
    return (performance.now() - begin) * 1000;
  };
  // An agent lives for weeks: what is compiled once is not what a change costs.
  for (let i = 0; i < WARM_UP; i++) change(i);
  port.calls = 0;
  const before = process.cpuUsage();
  const times = range(CHANGES, i => change(WARM_UP + i));
  const one = {
    wall: times.sort((a, b) => a - b)[CHANGES >> 1]!,
    cpu: microseconds(before) / CHANGES,
    batches: port.calls / CHANGES,
  };
  port.close();
  // At the end, since it would warm up what a cold start has to do cold.
  return { cold, load: loadAlone(services), change: one };
}

/** In a namespace of its own, which goes with it. */
function loadAlone(services: number): number {
  const netns = `/run/netns/podwire-bench-load-${process.pid}`;
  createNamespace(netns);
  const port = openKernel(netns);
  try {
    const objects = [...range(services, serviceObject), ...range(services, service => sliceObject(service))];
    const cluster = buildCluster(objects, { serviceCidrs: SETTINGS.serviceCidrs });
    const state = stateOf([...plan(cluster, 'n1', SETTINGS).values()].flat());
    const operations = diff(state, port.read()).filter(({ object }) => NFT_KINDS.has(object.kind));
    const begin = performance.now();
    const [failure] = port.apply(operations);
    const time = performance.now() - begin;
    if (failure) throw new Error(failure.message);
    return time;
  } finally {
    port.close();
    removeNamespace(netns);
  }
}

function flushed(reconciler: Reconciler): void {
  const [first] = reconciler.flush().failures;
  if (first)
    throw new Error(`the kernel refused ${first.operation.verb} ${format(first.operation.object)}: ${first.errno}`);
}

/** CPU time since then. */
function microseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

function range<T>(length: number, make: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => make(i));
}

const [netns, services] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(measure(netns!, Number(services)))}\n`);
