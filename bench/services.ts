/** Services into the kernel: from API objects through model, plan and reconciler, beside `nft -f` with kube-proxy's rules. */

import { openKernel } from '../src/host/kernel-port.js';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import { format } from '../src/kernel/kinds.js';
import type { KernelPort } from '../src/kernel/port.js';
import { ClusterBuilder } from '../src/model/builder.js';
import { Cidr } from '../src/net/cidr.js';
import { Ip } from '../src/net/ip.js';
import { Planner } from '../src/plan/planner.js';
import type { Settings } from '../src/plan/settings.js';
import { Reconciler } from '../src/reconcile/reconciler.js';
import type { Row } from './row.js';
import { ENDPOINTS, serviceObject, sliceObject } from './services-objects.js';
import { load, nftVersion, oneChange, wholeTable } from './services-peer.js';

const SERVICES = 10_000;
/** What `nft -f` takes grows with the square of the chains: 26 s for 10,000 Services, so only `--full` waits for that. */
const PEER_SERVICES = 2_000;
const WARM_UP = 500;
const CHANGES = 1_000;

export async function bench(): Promise<Row[]> {
  if (process.getuid?.() !== 0) return [skipped('needs root, to make network namespaces')];
  const version = nftVersion();
  if (!version) return [skipped('nft is not installed (Debian: nftables)')];
  const peerServices = process.argv.includes('--full') ? SERVICES : PEER_SERVICES;
  const peer = inNamespace('peer', netns => measurePeer(netns, peerServices));
  const ours = inNamespace('ours', measureOurs);
  const { model, plan, set, flush } = ours.cold;
  const cold = model + plan + set + flush;
  return [
    {
      name: `${SERVICES} Services × ${ENDPOINTS}, cold (peer: ${peerServices})`,
      ours: `${cold.toFixed(0)} ms (model ${model.toFixed(0)}, plan ${plan.toFixed(0)}, reconcile and kernel ${(set + flush).toFixed(0)})`,
      peer: `${peer.cold.toFixed(0)} ms (nft -f, ${version})`,
      ratio: `${(peer.cold / cold).toFixed(1)}×`,
      goal: `<= 300 ms; 88× with --full`,
    },
    {
      name: 'one endpoint changed',
      ours: `${ours.change.wall.toFixed(0)} µs (CPU ${ours.change.cpu.toFixed(0)} µs, ${ours.change.batches} batch)`,
      peer: `${(peer.change * 1000).toFixed(0)} µs (nft -f)`,
      ratio: `${((peer.change * 1000) / ours.change.wall).toFixed(0)}×`,
      goal: '<= 1000 µs CPU, 1 batch',
    },
  ];
}

function measureOurs(netns: string) {
  const port = new CountingPort(openKernel(netns));
  port.apply([{ verb: 'replace', object: { kind: 'link', type: 'other', driver: '', name: 'lo', up: true } }]);
  // Parsed JSON is what a list gives; making it is not part of the work.
  const objects = [...range(SERVICES, serviceObject), ...range(SERVICES, service => sliceObject(service))];
  const builder = new ClusterBuilder({ serviceCidrs: SETTINGS.serviceCidrs });
  const planner = new Planner(builder.cluster, 'n1', SETTINGS);
  const reconciler = new Reconciler(port);

  const model = milliseconds(() => {
    for (const object of objects) builder.apply({ type: 'upsert', object });
  });
  let owners: ReturnType<Planner['start']> = new Map();
  const plan = milliseconds(() => (owners = planner.start()));
  const set = milliseconds(() => {
    for (const [owner, wanted] of owners) reconciler.set(owner, wanted);
  });
  const flush = milliseconds(() => flushed(reconciler));

  const change = (i: number) => {
    const object = sliceObject((i * 7919) % SERVICES, { endpoint: i % ENDPOINTS, generation: 1 });
    const begin = performance.now();
    for (const [owner, wanted] of planner.apply(builder.apply({ type: 'upsert', object })))
      reconciler.set(owner, wanted);
    flushed(reconciler);
    return (performance.now() - begin) * 1000;
  };
  // An agent lives for weeks: what is compiled once is not what a change costs.
  for (let i = 0; i < WARM_UP; i++) change(i);
  port.calls = 0;
  const cpu = process.cpuUsage();
  const times = range(CHANGES, i => change(WARM_UP + i));
  const { user, system } = process.cpuUsage(cpu);
  port.close();
  const one = { wall: median(times), cpu: (user + system) / CHANGES, batches: port.calls / CHANGES };
  return { cold: { model, plan, set, flush }, change: one };
}

function measurePeer(netns: string, services: number) {
  const cold = load(netns, wholeTable(services));
  const times = range(9, i => load(netns, oneChange((i * 79) % services, i % ENDPOINTS, 1)));
  return { cold, change: median(times) };
}

const SETTINGS: Settings = {
  addresses: [],
  podCidrs: [Cidr.of('10.128.0.0/24')],
  serviceCidrs: [Cidr.of('10.96.0.0/16')],
  dnsAddresses: [Ip.of('10.96.0.10')],
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

function flushed(reconciler: Reconciler): void {
  const [first] = reconciler.flush().failures;
  if (first)
    throw new Error(`the kernel refused ${first.operation.verb} ${format(first.operation.object)}: ${first.errno}`);
}

function inNamespace<T>(name: string, work: (netns: string) => T): T {
  const netns = `/run/netns/podwire-bench-${name}-${process.pid}`;
  createNamespace(netns);
  try {
    return work(netns);
  } finally {
    removeNamespace(netns);
  }
}

function milliseconds(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function range<T>(length: number, make: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => make(i));
}

function skipped(reason: string): Row {
  return { name: 'Services', ours: `skipped: ${reason}`, peer: '', ratio: '', goal: '' };
}
