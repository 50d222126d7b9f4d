/** Which endpoints a Service port sends new connections to. The same answer for every way of programming it. */

import type { Endpoint, ServiceEntry, ServicePort, SliceEntry } from '../../model/cluster.js';
import type { Family, Ip } from '../../net/ip.js';

/** Where a connection may land: an endpoint and its own port, 1..65535. The very data of an element. */
export type Target = readonly [ip: Ip, port: number];

/**
 * The ready endpoints of that family; when there is none, those that still serve while they terminate, so that the
 * last ones to go take connections to the end. In the order of address and port, without repetition.
 */
export function select(service: ServiceEntry, family: Family, port: ServicePort): readonly Target[] {
  const ready = collect(service, family, port, endpoint => endpoint.ready || service.publishNotReadyAddresses);
  return ready.length ? ready : collect(service, family, port, endpoint => endpoint.serving && endpoint.terminating);
}

function collect(
  service: ServiceEntry,
  family: Family,
  port: ServicePort,
  usable: (endpoint: Endpoint) => boolean,
): Target[] {
  const targets: Target[] = [];
  for (const slice of service.slices) {
    const number = slice.family === family ? targetPort(slice, port) : undefined;
    if (number === undefined) continue;
    for (const endpoint of slice.endpoints) if (usable(endpoint)) targets.push([endpoint.ip, number]);
  }
  targets.sort(compare);
  // While a slice is split, an endpoint may for a moment be in two of them.
  return targets.filter((target, i) => i === 0 || compare(target, targets[i - 1]!) !== 0);
}

/** A slice's port belongs to the Service's port of the same name; its number is the resolved target port. */
function targetPort(slice: SliceEntry, port: ServicePort): number | undefined {
  return slice.ports.find(other => other.name === port.name && other.protocol === port.protocol)?.port;
}

function compare(a: Target, b: Target): number {
  return a[0].compare(b[0]) || a[1] - b[1];
}
