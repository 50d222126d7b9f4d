/** Which endpoints a Service port sends new connections to. The same answer for every way of programming it. */

import type { Endpoint, ServiceEntry, ServicePort, SliceEntry, TrafficPolicy } from '../../model/cluster.js';
import type { Family, Ip } from '../../net/ip.js';

/** Where a connection may land: an endpoint and its own port, 1..65535. The very data of a slot. */
export type Target = readonly [ip: Ip, port: number];

/** The node that sends, as far as endpoints may be chosen by it. */
export interface Here {
  readonly node: string;
  /** topology.kubernetes.io/zone. */
  readonly zone?: string;
}

/**
 * The ready endpoints of that family; when there is none, those that still serve while they terminate, so that the last
 * ones to go take connections to the end (KEP-1669). Policy `Local` leaves only this node's; otherwise topology hints
 * choose among the ready ones. In the order of address and port, without repetition.
 */
export function select(
  service: ServiceEntry,
  family: Family,
  port: ServicePort,
  policy: TrafficPolicy,
  here: Here,
): readonly Target[] {
  const choose = (usable: Usable) =>
    collect(
      service,
      family,
      port,
      policy === 'Local' ? endpoint => endpoint.nodeName === here.node && usable(endpoint) : usable,
    );
  const isReady: Usable = endpoint => endpoint.ready || service.publishNotReadyAddresses;
  const ready = choose(isReady);
  if (ready.length === 0) return choose(endpoint => endpoint.serving && endpoint.terminating);
  const isNear = policy === 'Cluster' ? nearest(service, family, port, isReady, here) : undefined;
  return isNear ? choose(endpoint => isReady(endpoint) && isNear(endpoint)) : ready;
}

/** Whether some endpoint would take a connection, if not one that this node may choose: then what comes here is dropped, not refused. */
export function elsewhere(service: ServiceEntry, family: Family, port: ServicePort, here: Here): boolean {
  return select(service, family, port, 'Cluster', here).length > 0;
}

/** Every endpoint that still serves, wherever it is: where connections that exist may stay. */
export function serving(service: ServiceEntry, family: Family, port: ServicePort): readonly Target[] {
  return collect(service, family, port, ({ ready, serving }) => ready || serving || service.publishNotReadyAddresses);
}

type Usable = (endpoint: Endpoint) => boolean;

function collect(service: ServiceEntry, family: Family, port: ServicePort, usable: Usable): readonly Target[] {
  const found: Target[] = [];
  for (const slice of service.slices) {
    const number = targetPort(slice, family, port);
    if (number === undefined) continue;
    for (const endpoint of slice.endpoints) if (usable(endpoint)) found.push([endpoint.ip, number]);
  }
  return ordered(found);
}

/** A slice's port belongs to the Service's port of the same name; its number is the resolved target port. */
function targetPort(slice: SliceEntry, family: Family, port: ServicePort): number | undefined {
  if (slice.family !== family) return undefined;
  return slice.ports.find(other => other.name === port.name && other.protocol === port.protocol)?.port;
}

/**
 * Hints bind only when every ready endpoint has one and some are for us: half a set of hints is one that is being made
 * (KEP-2433); those for nodes go before those for zones (KEP-3015). Undefined when they do not bind.
 */
function nearest(service: ServiceEntry, family: Family, port: ServicePort, isReady: Usable, here: Here) {
  // Nearly no Service has hints, and every Service is asked.
  if (!service.slices.some(({ endpoints }) => endpoints.some(({ forNodes, forZones }) => forNodes || forZones)))
    return undefined;
  const slices = service.slices.filter(slice => targetPort(slice, family, port) !== undefined);
  const ready = slices.flatMap(({ endpoints }) => endpoints.filter(isReady));
  return hinted(ready, 'forNodes', here.node) ?? hinted(ready, 'forZones', here.zone);
}

function hinted(
  ready: readonly Endpoint[],
  hint: 'forNodes' | 'forZones',
  place: string | undefined,
): Usable | undefined {
  if (place === undefined || !ready.every(endpoint => endpoint[hint])) return undefined;
  const isOurs: Usable = endpoint => endpoint[hint]?.includes(place) ?? false;
  return ready.some(isOurs) ? isOurs : undefined;
}

/** While a slice is split, an endpoint may for a moment be in two of them. */
function ordered(targets: Target[]): readonly Target[] {
  // As controllers write them they mostly are in order.
  if (targets.every((target, i) => i === 0 || compare(targets[i - 1]!, target) < 0)) return targets;
  targets.sort(compare);
  return targets.filter((target, i) => i === 0 || compare(target, targets[i - 1]!) !== 0);
}

function compare(a: Target, b: Target): number {
  return a[0].compare(b[0]) || a[1] - b[1];
}
