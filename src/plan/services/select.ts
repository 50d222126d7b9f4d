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
  const found = candidates(service, family, port);
  const reachable = policy === 'Local' ? found.filter(({ endpoint }) => endpoint.nodeName === here.node) : found;
  const ready = reachable.filter(({ endpoint }) => endpoint.ready || service.publishNotReadyAddresses);
  if (ready.length === 0) return targets(reachable.filter(({ endpoint }) => endpoint.serving && endpoint.terminating));
  return targets(policy === 'Local' ? ready : nearest(ready, here));
}

/** Whether some endpoint would take a connection, if not one that this node may choose: then what comes here is dropped, not refused. */
export function elsewhere(service: ServiceEntry, family: Family, port: ServicePort, here: Here): boolean {
  return select(service, family, port, 'Cluster', here).length > 0;
}

interface Candidate {
  readonly endpoint: Endpoint;
  readonly port: number;
}

function candidates(service: ServiceEntry, family: Family, port: ServicePort): Candidate[] {
  const found: Candidate[] = [];
  for (const slice of service.slices) {
    const number = slice.family === family ? targetPort(slice, port) : undefined;
    if (number !== undefined) for (const endpoint of slice.endpoints) found.push({ endpoint, port: number });
  }
  return found;
}

/** A slice's port belongs to the Service's port of the same name; its number is the resolved target port. */
function targetPort(slice: SliceEntry, port: ServicePort): number | undefined {
  return slice.ports.find(other => other.name === port.name && other.protocol === port.protocol)?.port;
}

/**
 * Hints bind only when every ready endpoint has one and some are for us: half a set of hints is one that is being made
 * (KEP-2433); those for nodes go before those for zones (KEP-3015).
 */
function nearest(ready: Candidate[], { node, zone }: Here): readonly Candidate[] {
  if (!ready[0]!.endpoint.forNodes && !ready[0]!.endpoint.forZones) return ready;
  return hinted(ready, 'forNodes', node) ?? hinted(ready, 'forZones', zone) ?? ready;
}

function hinted(ready: readonly Candidate[], hint: 'forNodes' | 'forZones', place: string | undefined) {
  if (place === undefined || !ready.every(({ endpoint }) => endpoint[hint])) return undefined;
  const ours = ready.filter(({ endpoint }) => endpoint[hint]!.includes(place));
  return ours.length > 0 ? ours : undefined;
}

function targets(candidates: readonly Candidate[]): readonly Target[] {
  const found = candidates.map(({ endpoint, port }): Target => [endpoint.ip, port]).sort(compare);
  // While a slice is split, an endpoint may for a moment be in two of them.
  return found.filter((target, i) => i === 0 || compare(target, found[i - 1]!) !== 0);
}

function compare(a: Target, b: Target): number {
  return a[0].compare(b[0]) || a[1] - b[1];
}
