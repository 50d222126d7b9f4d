/** A node in a namespace of its own, its Pods in theirs, and one neighbour outside, all made by the plan through a real kernel. */

import { openKernel } from '../../src/host/kernel-port.js';
import { createNamespace, removeNamespace } from '../../src/host/namespace.js';
import { diff } from '../../src/kernel/diff.js';
import { format, stateOf } from '../../src/kernel/kinds.js';
import type { KernelObject, KernelPort } from '../../src/kernel/port.js';
import { ClusterBuilder } from '../../src/model/builder.js';
import type { Change, ClusterEvent } from '../../src/model/cluster.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import type { Profile } from '../../src/plan/attachment.js';
import type { Feature } from '../../src/plan/feature.js';
import { Planner } from '../../src/plan/planner.js';
import { podSide } from '../../src/plan/pods/pod-side.js';
import type { Settings } from '../../src/plan/settings.js';
import { Reconciler } from '../../src/reconcile/reconciler.js';
import { attachmentOf } from '../plan/attachment.js';
import { node1, RANGES } from '../plan/world.js';

let nodes = 0;

export class PlannedNode {
  readonly #prefix = `/run/netns/pwt-plan-${process.pid}-${++nodes}`;
  readonly netns = `${this.#prefix}-node`;
  readonly outside = `${this.#prefix}-outside`;
  readonly #namespaces: string[] = [];
  readonly #ports: KernelPort[] = [];
  readonly #settings: Settings;
  readonly #builder: ClusterBuilder;
  readonly #planner: Planner;
  /** Its kernel. */
  readonly port: KernelPort;
  readonly #reconciler: Reconciler;
  readonly #wanted = new Map<string, readonly KernelObject[]>();

  constructor(
    private readonly profile: Profile,
    settings: Partial<Settings> = {},
    features?: readonly Feature[],
  ) {
    this.#settings = { ...node1(), ...settings };
    const outside = this.#namespace(this.outside);
    this.port = this.#namespace(this.netns);
    must(this.port, [...LOOPBACK, ...underlay(this.outside)]);
    must(outside, [...LOOPBACK, ...neighbourhood()]);
    this.#builder = new ClusterBuilder(RANGES);
    this.#planner = new Planner(this.#builder.cluster, 'n1', this.#settings, [], features);
    this.#reconciler = new Reconciler(this.port);
    this.#set(this.#planner.start());
  }

  /** What changed by it. */
  apply(...objects: readonly KubeObject[]): Change {
    return this.applyAll(objects);
  }

  applyAll(objects: Iterable<KubeObject>): Change {
    return this.#events('upsert', objects);
  }

  removeAll(objects: Iterable<KubeObject>): Change {
    return this.#events('delete', objects);
  }

  #events(type: ClusterEvent['type'], objects: Iterable<KubeObject>): Change {
    const changes = Array.from(objects, object => {
      const change = this.#builder.apply({ type, object });
      this.#set(this.#planner.apply(change));
      return change;
    }).flat();
    this.#flush();
    return changes;
  }

  /** The same for what is no more. */
  forget(...objects: readonly KubeObject[]): void {
    for (const object of objects) this.#set(this.#planner.apply(this.#builder.apply({ type: 'delete', object })));
    this.#flush();
  }

  /** What the plan is made of. */
  get node() {
    return { cluster: this.#builder.cluster, nodeName: 'n1', settings: this.#settings };
  }

  /** `name`, or `namespace/name`. The path of its network namespace. */
  addPod(named: string, ...addresses: readonly string[]): string {
    const [name = '', namespace = 'default'] = named.split('/').reverse();
    const netns = `${this.#prefix}-${name}`;
    const port = this.#namespace(netns);
    const ips = addresses.map(address => Ip.of(address));
    const { profile } = this;
    const attachment = attachmentOf({ id: name, namespace, name, ips, netns, profile, settings: this.#settings });
    this.#set(this.#planner.attach(attachment));
    this.#flush();
    const inside = new Reconciler(port);
    inside.set('pod', podSide(attachment));
    refuse(
      inside.flush().failures.map(({ operation, errno }) => `${operation.verb} ${format(operation.object)}: ${errno}`),
    );
    return netns;
  }

  /** Puts objects into one of the namespaces, beside the plan. */
  meddle(netns: string, ...objects: readonly KernelObject[]): void {
    const port = openKernel(netns);
    must(port, objects);
    port.close();
  }

  /** What the kernel has otherwise than wanted, read back anew. */
  differences(): readonly string[] {
    const wanted = stateOf([...this.#wanted.values()].flat());
    return diff(wanted, this.port.read()).map(({ verb, object }) => `${verb} ${format(object)}`);
  }

  close(): void {
    for (const port of this.#ports) port.close();
    for (const path of this.#namespaces) removeNamespace(path);
  }

  #namespace(path: string): KernelPort {
    createNamespace(path);
    this.#namespaces.push(path);
    const port = openKernel(path);
    this.#ports.push(port);
    return port;
  }

  #set(owners: ReadonlyMap<string, readonly KernelObject[]>): void {
    for (const [owner, objects] of owners) {
      this.#reconciler.set(owner, objects);
      this.#wanted.set(owner, objects);
    }
  }

  #flush(): void {
    const { failures } = this.#reconciler.flush();
    refuse(failures.map(({ operation, errno }) => `${operation.verb} ${format(operation.object)}: ${errno}`));
  }
}

const LOOPBACK: KernelObject[] = [{ kind: 'link', type: 'other', driver: '', name: 'lo', up: true }];

/** As the lab lays it: eth0 to the neighbour, who is also the way out. */
function underlay(outside: string): KernelObject[] {
  return [
    { kind: 'link', type: 'veth', name: 'eth0', up: true, peer: { name: 'eth0', netns: outside } },
    address('172.30.0.11', 24),
    address('fd00:172:30::11', 64),
  ];
}

/** The neighbour knows the node as the way to Services and LoadBalancer addresses, and no way to any Pod. */
function neighbourhood(): KernelObject[] {
  return [
    { kind: 'link', type: 'veth', name: 'eth0', up: true },
    address('172.30.0.1', 24),
    address('fd00:172:30::1', 64),
    route('10.96.0.0/16', '172.30.0.11'),
    route('fd00:10:96::/112', 'fd00:172:30::11'),
    route('192.0.2.0/24', '172.30.0.11'),
    route('2001:db8:1::/64', 'fd00:172:30::11'),
  ];
}

export function address(ip: string, prefix: number, link = 'eth0'): KernelObject {
  return { kind: 'address', link, ip: Ip.of(ip), prefix, nodad: true };
}

export function route(destination: string, via: string): KernelObject {
  const nexthops = [{ via: Ip.of(via), link: 'eth0' }];
  return { kind: 'route', destination: Cidr.of(destination), table: 254, type: 'unicast', nexthops, protocol: 4 };
}

function must(port: KernelPort, objects: readonly KernelObject[]): void {
  const failures = port.apply(objects.map(object => ({ verb: 'replace', object })));
  refuse(failures.map(({ operation, errno }) => `${operation.verb} ${format(operation.object)}: ${errno}`));
}

function refuse(failures: readonly string[]): void {
  if (failures.length) throw new Error(`the kernel refused\n${failures.slice(0, 10).join('\n')}`);
}
