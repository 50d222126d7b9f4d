/** Where on this node packets for a Service arrive, and what becomes of them there. Knows no kernel object: every way of programming it renders this. */

import type { ExternalFront, ServiceEntry, ServicePort, TrafficPolicy } from '../../model/cluster.js';
import { PROTOCOL_NUMBERS } from '../../net/flow.js';
import type { Ip } from '../../net/ip.js';
import type { World } from '../feature.js';
import { elsewhere, type Here, select, type Target } from './select.js';

/** What fronts depend on beside their Service. */
type Node = Pick<World, 'nodeName' | 'settings'>;

/** One address and port. */
export interface Front {
  readonly ip: Ip;
  /** IANA protocol number. */
  readonly protocol: number;
  /** 1..65535. */
  readonly port: number;
  /**
   * `any`: for packets from everywhere. `outside`: goes before it for packets from outside the cluster, which
   * externalTrafficPolicy Local keeps on the node that they came to.
   */
  readonly from: 'any' | 'outside';
  readonly targets: readonly Target[];
  /** What happens without targets: `refuse` where nobody serves, `drop` where only this node does not. */
  readonly otherwise: 'refuse' | 'drop';
  /** Only clients of the Service's sourceRanges may use it. */
  readonly guarded: boolean;
}

/** All fronts of a Service on the node; none for a headless or an ExternalName one, for which DNS alone answers. */
export function frontsOf(service: ServiceEntry, world: Node): Front[] {
  const here = hereOf(world);
  const fronts: Front[] = [];
  for (const ip of service.clusterIPs)
    if (!isAnsweredHere(ip, world))
      for (const port of service.ports)
        fronts.push(front(service, ip, port, port.port, service.internalTrafficPolicy, here));
  for (const external of service.externals)
    for (const ip of addressesOf(external, world)) fronts.push(...externalFronts(service, external, ip, here));
  return fronts;
}

/** From inside the cluster an external address has policy Cluster whatever the Service says (core/v1 externalTrafficPolicy). */
function externalFronts(service: ServiceEntry, { via, number, port }: ExternalFront, ip: Ip, here: Here): Front[] {
  const guarded = via === 'LoadBalancer' && service.sourceRanges !== undefined;
  const any = { ...front(service, ip, port, number, 'Cluster', here), guarded };
  if (service.externalTrafficPolicy === 'Cluster') return [any];
  const local = front(service, ip, port, number, 'Local', here);
  // Nobody serves anywhere: then that is what is said to everybody.
  if (local.otherwise === 'refuse' && local.targets.length === 0) return [any];
  return [any, { ...local, from: 'outside', guarded }];
}

function front(
  service: ServiceEntry,
  ip: Ip,
  port: ServicePort,
  number: number,
  policy: TrafficPolicy,
  here: Here,
): Front {
  const targets = select(service, ip.family, port, policy, here);
  const drop = targets.length === 0 && policy === 'Local' && elsewhere(service, ip.family, port, here);
  return {
    ip,
    protocol: PROTOCOL_NUMBERS[port.protocol],
    port: number,
    from: 'any',
    targets,
    otherwise: drop ? 'drop' : 'refuse',
    guarded: false,
  };
}

function hereOf({ nodeName, settings }: Node): Here {
  return { node: nodeName, zone: settings.zone };
}

/** A node port is the node's own; no Service takes an address of the node itself, whatever its status says. */
function addressesOf({ ip }: ExternalFront, { settings }: Node): readonly Ip[] {
  if (!ip) return settings.addresses;
  return settings.addresses.some(own => own.equals(ip)) ? [] : [ip];
}

function isAnsweredHere(ip: Ip, { settings }: Node): boolean {
  return settings.dnsAddresses.some(own => own.equals(ip));
}
