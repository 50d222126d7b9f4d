/** A lab as it would be planned, without making it: underlay, three nodes, their Pods, as kernel state for the tracer. */

import { stateOf } from '../../../src/kernel/kinds.js';
import type { KernelObject } from '../../../src/kernel/port.js';
import { addresses, type LabConfig, labConfig } from '../../../src/lab/config.js';
import { places } from '../../../src/lab/places.js';
import { topology } from '../../../src/lab/topology.js';
import { buildCluster } from '../../../src/model/builder.js';
import type { Family, Ip } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import { type Attachment, gateways, type Profile } from '../../../src/plan/attachment.js';
import { plan } from '../../../src/plan/planner.js';
import { podSide } from '../../../src/plan/pods/pod-side.js';
import { podMtu, type Settings } from '../../../src/plan/settings.js';
import type { Machine } from '../../../src/trace/trace.js';
import { fixedAddresses, NODES, nodes, RANGES } from './fixed.js';
import { PLACES, type PlaceName, ZONES } from './places.js';

const at = places('trace');

/** A plan's own lab: the suite's Pods on their nodes, and these objects. */
export function plannedMachine(
  objects: readonly KubeObject[],
  options: {
    readonly profile?: Profile;
    readonly overlay?: LabConfig['overlay'];
    readonly underlay?: readonly KernelObject[];
  } = {},
): Machine {
  const { profile = 'routed', overlay = 'none', underlay = [] } = options;
  const config = labConfig({ nodes: NODES.length, profile, overlay });
  const cluster = buildCluster([...nodes, ...objects], RANGES);
  const machine = new Map<string, KernelObject[]>();
  for (const { netns, objects } of topology(config, at)) if (netns !== undefined) machine.set(netns, [...objects]);
  machine.get(at.netns('gateway'))!.push(...underlay);
  for (const node of NODES) {
    const settings = settingsOf(node, config, cluster);
    const attachments = podsOf(node).map(name => attachment(name, profile, settings));
    for (const objects of plan(cluster, node, settings, attachments).values())
      machine.get(at.netns(node))!.push(...objects);
    for (const one of attachments)
      machine.set(one.netns, [{ kind: 'link', type: 'other', driver: '', name: 'lo', up: true }, ...podSide(one)]);
  }
  return new Map([...machine].map(([netns, objects]) => [netns, stateOf(objects)]));
}

export function netnsOf(name: PlaceName): string {
  const { kind, node } = PLACES[name];
  return kind === 'Pod' ? `/pods/${name}` : at.netns(kind === 'node' ? node : 'internet');
}

export function gatewayNetns(): string {
  return at.netns('gateway');
}

function settingsOf(
  node: (typeof NODES)[number],
  config: LabConfig,
  { nodes }: ReturnType<typeof buildCluster>,
): Settings {
  const own = addresses(config);
  return {
    addresses: own.node(node),
    podCidrs: nodes.get(node)!.podCidrs,
    serviceCidrs: RANGES.serviceCidrs,
    dnsAddresses: own.dns,
    dnsPeers: [],
    overlay: config.overlay,
    zone: ZONES[node],
    link: 'eth0',
    mtu: 1500,
  };
}

function podsOf(node: string): PlaceName[] {
  return (Object.keys(PLACES) as PlaceName[]).filter(name => PLACES[name].kind === 'Pod' && PLACES[name].node === node);
}

function attachment(name: PlaceName, profile: Profile, settings: Settings): Attachment {
  const serial = Buffer.from(name).toString('hex');
  const mac = (end: number) => `02:00:00:0${end}:${serial.slice(0, 2)}:${serial.slice(2, 4)}`;
  return {
    id: name,
    namespace: 'default',
    name,
    profile,
    ips: ([4, 6] as Family[]).map((family): Ip => fixedAddresses.place(name, family)),
    link: `pw0000000${serial}`,
    ifname: 'eth0',
    hostMac: mac(1),
    podMac: mac(2),
    netns: netnsOf(name),
    gateways: gateways(profile, settings.podCidrs),
    mtu: podMtu(settings),
    hostPorts: [],
  };
}
