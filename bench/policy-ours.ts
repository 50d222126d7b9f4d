/** A process of its own, as an agent's start is one: policies from API objects into the namespace given, timed, as one line of JSON. */

import { openKernel } from '../src/host/kernel-port.js';
import { NFT_KINDS } from '../src/kernel/kinds.js';
import { ClusterBuilder } from '../src/model/builder.js';
import { Cidr } from '../src/net/cidr.js';
import { Ip } from '../src/net/ip.js';
import type { KubeObject } from '../src/objects/meta.js';
import type { Attachment } from '../src/plan/attachment.js';
import type { PlanChange } from '../src/plan/feature.js';
import { Planner } from '../src/plan/planner.js';
import type { Settings } from '../src/plan/settings.js';
import { Reconciler } from '../src/reconcile/reconciler.js';
import * as objects from './policy-objects.js';

const CHANGES = 500;

export interface Measured {
  /** Milliseconds of the parts of a cold start, and the objects that the kernel took. */
  readonly cold: { readonly model: number; readonly plan: number; readonly program: number; readonly objects: number };
  /** Microseconds of CPU for one Pod's change of labels, on a node that it concerns and on another. */
  readonly change: { readonly concerned: number; readonly elsewhere: number };
  /** Milliseconds from a policy's event to the kernel's answer, of 99 in 100. */
  readonly effect: number;
}

const SETTINGS: Settings = {
  addresses: [],
  podCidrs: [Cidr.of('10.128.0.0/24')],
  serviceCidrs: [Cidr.of('10.96.0.0/16')],
  dnsAddresses: [],
  dnsPeers: [],
  overlay: 'none',
  link: 'lo',
  mtu: 1500,
};

const local: readonly Attachment[] = range(objects.LOCAL, i => ({
  id: `pod-${i}`,
  ...objects.podName(i),
  profile: 'routed',
  ips: [Ip.of(objects.podIP(i))],
  link: `pw${i.toString(16).padStart(11, '0')}`,
  hostMac: '02:00:00:00:00:01',
  podMac: '02:00:00:00:00:02',
  ifname: 'eth0',
  netns: '/none',
  gateways: [],
  hostPorts: [],
  mtu: 1500,
}));

/** The tables alone: what Pods' links take is measured where they are made. */
class Node {
  readonly planner: Planner;
  readonly reconciler: Reconciler;

  constructor(
    readonly builder: ClusterBuilder,
    netns: string,
    attachments: readonly Attachment[],
  ) {
    this.planner = new Planner(builder.cluster, 'n1', SETTINGS, attachments);
    this.reconciler = new Reconciler(openKernel(netns));
  }

  set(change: PlanChange): void {
    for (const [owner, wanted] of change)
      this.reconciler.set(
        owner,
        wanted.filter(({ kind }) => NFT_KINDS.has(kind)),
      );
    const { failures } = this.reconciler.flush();
    if (failures[0]) throw new Error(failures[0].message);
  }

  apply(object: KubeObject, type: 'upsert' | 'delete' = 'upsert'): void {
    this.set(this.planner.apply(this.builder.apply({ type, object })));
  }
}

function measure(netns: string): Measured {
  const all = [
    ...range(objects.NAMESPACES, objects.namespaceObject),
    ...range(objects.PODS, i => objects.podObject(i)),
    ...range(objects.POLICIES, objects.policyObject),
  ];
  const begin = performance.now();
  const builder = new ClusterBuilder({ serviceCidrs: SETTINGS.serviceCidrs });
  for (const object of all) builder.apply({ type: 'upsert', object });
  const modelled = performance.now();
  const node = new Node(builder, netns, local);
  const change = node.planner.start();
  const planned = performance.now();
  node.set(change);
  const end = performance.now();
  const count = [...change.values()].flat().filter(({ kind }) => NFT_KINDS.has(kind)).length;
  const cold = { model: modelled - begin, plan: planned - modelled, program: end - planned, objects: count };

  // Of a namespace with a Pod of this node, whose policies look at it; and of one that no policy here speaks of.
  const concerned = cpuOf(i => node.apply(objects.podObject(objects.NAMESPACES + 5, { app: `app-${i % 2}` })));
  const other = new Planner(builder.cluster, 'n2', SETTINGS);
  other.start();
  const elsewhere = cpuOf(i => {
    other.apply(
      builder.apply({ type: 'upsert', object: objects.podObject(objects.NAMESPACES + 500, { round: `${i}` }) }),
    );
  });
  const policy = { ...objects.policyObject(3), metadata: { namespace: 'ns-7', name: 'new' } };
  const times = range(200, i => {
    const begin = performance.now();
    node.apply(policy, i % 2 ? 'delete' : 'upsert');
    return performance.now() - begin;
  });
  return { cold, change: { concerned, elsewhere }, effect: times.sort((a, b) => a - b)[197]! };
}

/** Microseconds of each, once what is compiled is compiled. */
function cpuOf(change: (i: number) => void): number {
  for (let i = 0; i < CHANGES; i++) change(i);
  const before = process.cpuUsage();
  for (let i = 0; i < CHANGES; i++) change(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CHANGES;
}

function range<T>(length: number, make: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => make(i));
}

process.stdout.write(`${JSON.stringify(measure(process.argv[2]!))}\n`);
