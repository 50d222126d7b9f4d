/** The suite's cluster as it would be planned, without making it: three nodes on one wire, their Pods, and somebody outside, for the tracer. */

import { stateOf } from '../../../src/kernel/kinds.js';
import type { KernelObject, KernelState } from '../../../src/kernel/port.js';
import { buildCluster } from '../../../src/model/builder.js';
import type { Cluster } from '../../../src/model/cluster.js';
import { Cidr } from '../../../src/net/cidr.js';
import type { Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import type { Profile } from '../../../src/plan/attachment.js';
import { plan } from '../../../src/plan/planner.js';
import { podSide } from '../../../src/plan/pods/pod-side.js';
import type { Settings } from '../../../src/plan/settings.js';
import type { Machine } from '../../../src/trace/trace.js';
import { attachmentOf } from '../../plan/attachment.js';
import { node1, RANGES } from '../../plan/world.js';
import { ipOf, nodeOf, OUTSIDE, objects, PODS } from './world.js';

export interface Planned {
  readonly cluster: Cluster;
  readonly machine: Machine;
}

const NODES = [1, 2, 3] as const;
const FAMILIES = [4, 6] as const;

export const netnsOf = (place: string) => `/${place}`;

export function planned(more: readonly KubeObject[], profile: Profile = 'routed'): Planned {
  const cluster = buildCluster([...objects(), ...more], RANGES);
  const machine = new Map<string, KernelState>();
  for (const number of NODES) {
    const settings = settingsOf(number);
    const attachments = PODS.filter(pod => nodeOf(pod) === number).map(pod => {
      const [namespace, name] = pod.split('/') as [string, string];
      const ips = FAMILIES.map(family => ipOf(pod, family));
      return attachmentOf({ id: pod, namespace, name, ips, netns: netnsOf(pod), profile, settings });
    });
    for (const one of attachments) machine.set(one.netns, stateOf([LOOPBACK, ...podSide(one)]));
    const wanted = [...plan(cluster, `n${number}`, settings, attachments).values()].flat();
    machine.set(`/n${number}`, stateOf([...underlay(`n${number}`), ...outwards(), ...wanted]));
  }
  machine.set(netnsOf(OUTSIDE), stateOf([...underlay(OUTSIDE), ...inwards()]));
  machine.set('/fabric', stateOf(fabric()));
  return { cluster, machine };
}

function settingsOf(number: number): Settings {
  return {
    ...node1(),
    addresses: FAMILIES.map(family => ipOf(`n${number}`, family)),
    podCidrs: [Cidr.of(`10.244.${number}.0/24`), Cidr.of(`fd00:10:244:${number}::/64`)],
  };
}

const LOOPBACK: KernelObject = { kind: 'link', type: 'other', driver: '', name: 'lo', up: true };

/** Each on a port of the fabric that is called as it is. */
function underlay(place: string): KernelObject[] {
  return [
    LOOPBACK,
    { kind: 'link', type: 'veth', name: 'eth0', up: true, peer: { name: place, netns: '/fabric' } },
    ...FAMILIES.map(family => {
      const ip = place === OUTSIDE ? ipOf(OUTSIDE, family) : ipOf(place, family);
      return { kind: 'address', link: 'eth0', ip, prefix: family === 4 ? 24 : 64, nodad: true } as const;
    }),
  ];
}

function fabric(): KernelObject[] {
  return [
    { kind: 'link', type: 'bridge', name: 'br0', up: true },
    ...['n1', 'n2', 'n3', OUTSIDE].map(
      place =>
        ({
          kind: 'link',
          type: 'veth',
          name: place,
          up: true,
          master: 'br0',
          peer: { name: 'eth0', netns: netnsOf(place) },
        }) as const,
    ),
  ];
}

function route(destination: string, via?: Ip): KernelObject {
  const nexthops = [{ link: 'eth0', ...(via && { via }) }];
  return { kind: 'route', destination: Cidr.of(destination), table: 254, type: 'unicast', nexthops, protocol: 4 };
}

const outwards = () => [route('203.0.113.0/24'), route('2001:db8::/64')];

const inwards = () => [
  route('172.30.0.0/24'),
  route('fd00:172:30::/64'),
  ...NODES.flatMap(number => [
    route(`10.244.${number}.0/24`, ipOf(`n${number}`, 4)),
    route(`fd00:10:244:${number}::/64`, ipOf(`n${number}`, 6)),
  ]),
];
