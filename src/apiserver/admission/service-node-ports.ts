/** Which node ports a Service gets. Pure but for asking what is taken. */

import type { Service, ServicePort, ServiceSpec } from '../../objects/kinds.js';
import { type Cause, invalidValue } from '../status.js';
import type { PortsInUse } from './in-use.js';

interface Range {
  readonly first: number;
  readonly last: number;
}

/** The spec with every node port that its type needs; what is wrong is added to `causes`. */
export function assignNodePorts(service: Service, inUse: PortsInUse, range: Range, causes: Cause[]): ServiceSpec {
  const { spec } = service;
  const needs =
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  const mine = new Set<string>();
  const isTaken = (protocol: string, port: number) =>
    mine.has(`${protocol} ${port}`) || inUse.taken(protocol, port, service);
  const hold = (protocol: string, port: number) => {
    mine.add(`${protocol} ${port}`);
    return port;
  };
  // Ports that are asked for come first, so that none of them goes to one that is chosen.
  for (const [i, { protocol = 'TCP', nodePort }] of (spec.ports ?? []).entries()) {
    if (!nodePort || !offersNodePorts(spec)) continue;
    const field = `spec.ports[${i}].nodePort`;
    if (nodePort < range.first || nodePort > range.last) {
      const why = `provided port is not in the valid range. The range of valid ports is ${range.first}-${range.last}`;
      causes.push(invalidValue(field, nodePort, why));
    } else if (isTaken(protocol, nodePort))
      causes.push(invalidValue(field, nodePort, 'provided port is already allocated'));
    hold(protocol, nodePort);
  }
  const choose = (protocol: string, field: string) => {
    const port = freePort(range, candidate => isTaken(protocol, candidate));
    if (port === undefined) causes.push(invalidValue(field, 0, 'failed to allocate a nodePort: range is full'));
    return hold(protocol, port ?? 0);
  };
  const ports = spec.ports?.map((port, i): ServicePort => {
    if (port.nodePort || !needs) return port;
    return { ...port, nodePort: choose(port.protocol ?? 'TCP', `spec.ports[${i}].nodePort`) };
  });
  const health = healthCheckPort(spec, () => choose('TCP', 'spec.healthCheckNodePort'));
  const { healthCheckNodePort: _, ...rest } = spec;
  return { ...rest, ...(ports && { ports }), ...(health !== undefined && { healthCheckNodePort: health }) };
}

const offersNodePorts = ({ type }: ServiceSpec) => type === 'NodePort' || type === 'LoadBalancer';

function healthCheckPort(spec: ServiceSpec, choose: () => number): number | undefined {
  if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return undefined;
  return spec.healthCheckNodePort || choose();
}

/** From a random place on, as the real allocator does: ports that somebody guessed are less likely to collide. */
function freePort({ first, last }: Range, taken: (port: number) => boolean): number | undefined {
  const size = last - first + 1;
  const start = Math.floor(Math.random() * size);
  for (let i = 0; i < size; i++) {
    const port = first + ((start + i) % size);
    if (!taken(port)) return port;
  }
  return undefined;
}
