/** A planned cluster as the trace sees it: the lab's underlay, three nodes with their plans, and their Pods; no kernel has any of it. */

import { stateOf } from '../../src/kernel/kinds.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { addresses, labConfig, nodeNames, ranges } from '../../src/lab/config.js';
import { places } from '../../src/lab/places.js';
import { topology } from '../../src/lab/topology.js';
import { ClusterBuilder } from '../../src/model/builder.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import type { Attachment, Profile } from '../../src/plan/attachment.js';
import { plan } from '../../src/plan/planner.js';
import { podSide } from '../../src/plan/pods/pod-side.js';
import type { Settings } from '../../src/plan/settings.js';
import type { Machine } from '../../src/trace/trace.js';
import { attachmentOf } from '../plan/attachment.js';
import { RANGES } from '../plan/world.js';

export interface World {
  readonly machine: Machine;
  /** The path of a namespace: `n1`, `gateway`, `internet`, `fabric`, `host`, or a Pod's name. */
  netns(role: string): string;
  /** The other way round, for texts. */
  name(netns: string): string;
}

export interface WorldOptions {
  readonly profile?: Profile;
  readonly overlay?: Settings['overlay'];
  /** Beside the Nodes, which are `n1` to `n3` with the lab's addresses. */
  readonly objects?: readonly KubeObject[];
  /** By name: the node, and the addresses. */
  readonly pods?: Readonly<Record<string, readonly [node: string, ...ips: string[]]>>;
}

/** The path that the topology has for the machine's own namespace. */
const HOST = '/proc/self/ns/net';

export function world({ profile = 'routed', overlay = 'none', objects = [], pods = {} }: WorldOptions): World {
  const config = labConfig({ name: 'test', nodes: 3, profile, overlay });
  const at = places('test', {});
  const states = new Map<string, KernelObject[]>();
  for (const { netns = HOST, objects } of topology(config, at)) states.set(netns, [...objects]);
  const { cluster, apply } = builder();
  for (const object of [...nodeNames(config).map(nodeObject), ...objects]) apply(object);
  for (const [i, name] of nodeNames(config).entries()) {
    const settings: Settings = {
      addresses: addresses(config).node(name),
      podCidrs: podCidrs(i),
      serviceCidrs: ranges(config).services,
      dnsAddresses: addresses(config).dns,
      dnsPeers: [],
      overlay,
      link: 'eth0',
      mtu: 1500,
    };
    const attachments: Attachment[] = [];
    for (const [pod, [where, ...ips]] of Object.entries(pods)) {
      if (where !== name) continue;
      const attachment = attachmentOf({
        id: pod,
        name: pod,
        ips: ips.map(Ip.of),
        netns: at.netns(pod),
        profile,
        settings,
      });
      attachments.push(attachment);
      states.set(attachment.netns, [LOOPBACK, ...podSide(attachment)]);
    }
    for (const objects of plan(cluster, name, settings, attachments).values())
      states.get(at.netns(name))!.push(...objects);
  }
  return {
    machine: new Map(Array.from(states, ([netns, objects]) => [netns, stateOf(objects)])),
    netns: role => (role === 'host' ? HOST : at.netns(role)),
    name: netns => (netns === HOST ? 'host' : netns.slice(at.netns('').length)),
  };
}

/** The Node as the lab has it. */
function nodeObject(name: string, i: number): KubeObject {
  const config = labConfig({});
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: { podCIDRs: podCidrs(i).map(String) },
    status: {
      addresses: addresses(config)
        .node(name)
        .map(ip => ({ type: 'InternalIP', address: `${ip}` })),
    },
  };
}

function podCidrs(i: number) {
  return ranges(labConfig({})).pods.map(cidr => cidr.subnet(cidr.family === 4 ? 24 : 64, i + 1));
}

function builder() {
  const made = new ClusterBuilder(RANGES);
  return { cluster: made.cluster, apply: (object: KubeObject) => made.apply({ type: 'upsert', object }) };
}

/** A Pod's runtime brings it up. */
const LOOPBACK: KernelObject = { kind: 'link', type: 'other', driver: '', name: 'lo', up: true };
