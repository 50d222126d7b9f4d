/** Which node ports a Service gets. Pure but for asking what is taken. */

import type { Service, ServicePort, ServiceSpec } from '../../objects/kinds.js';
import { type Cause, invalidValue } from '../status.js';
import { staticBand, upperFirst } from './free-address.js';
import type { PortsInUse } from './in-use.js';

interface Range {
  readonly first: number;
  readonly last: number;
}

const HEALTH = 'spec.healthCheckNodePort';

/**
 * The spec with every node port that its type needs; what is wrong is added to `causes`. Ports of one number and several
 * protocols share a node port, as DNS wants it.
 */
export function assignNodePorts(service: Service, inUse: PortsInUse, range: Range, causes: Cause[]): ServiceSpec {
  const { spec } = service;
  /** By number: what it is for, within this Service. */
  const mine = new Map<number, string>();
  const isTaken = (port: number) => mine.has(port) || inUse.taken(port, service);
  const claim = (port: number, purpose: string, field: string) => {
    const held = mine.get(port);
    if (port < range.first || port > range.last) {
      const why = `provided port is not in the valid range. The range of valid ports is ${range.first}-${range.last}`;
      causes.push(invalidValue(field, port, why));
    } else if ((held !== undefined && held !== purpose) || inUse.taken(port, service)) {
      causes.push(invalidValue(field, port, 'provided port is already allocated'));
    }
    mine.set(port, purpose);
  };
  const choose = (purpose: string, field: string): number => {
    const port = freePort(range, isTaken);
    if (port === undefined) causes.push(invalidValue(field, 0, 'failed to allocate a nodePort: range is full'));
    else mine.set(port, purpose);
    return port ?? 0;
  };
  // Ports that are asked for come first, so that none of them goes to one that is chosen.
  const asked = new Map<number, number>();
  for (const [i, { port, nodePort }] of (offersNodePorts(spec) ? (spec.ports ?? []) : []).entries()) {
    if (!nodePort) continue;
    claim(nodePort, 'traffic', `spec.ports[${i}].nodePort`);
    if (!asked.has(port)) asked.set(port, nodePort);
  }
  const checked = needsHealthCheck(spec);
  if (checked && spec.healthCheckNodePort) claim(spec.healthCheckNodePort, 'health', HEALTH);
  const ports = spec.ports?.map((port, i): ServicePort => {
    if (port.nodePort || !needsNodePorts(spec)) return port;
    const known = asked.get(port.port);
    const shared = known !== undefined && !hasTwin(spec.ports!, port, known);
    const nodePort = shared ? known : choose('traffic', `spec.ports[${i}].nodePort`);
    asked.set(port.port, nodePort);
    return { ...port, nodePort };
  });
  const { healthCheckNodePort: given, ...rest } = spec;
  return {
    ...rest,
    ...(ports && { ports }),
    ...(checked && { healthCheckNodePort: given || choose('health', HEALTH) }),
  };
}

const offersNodePorts = ({ type }: ServiceSpec) => type === 'NodePort' || type === 'LoadBalancer';
const needsNodePorts = (spec: ServiceSpec) => offersNodePorts(spec) && spec.allocateLoadBalancerNodePorts !== false;
const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec) =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/** Whether another port of the same protocol has that node port. */
function hasTwin(ports: readonly ServicePort[], { protocol }: ServicePort, nodePort: number): boolean {
  return ports.some(port => port.nodePort === nodePort && port.protocol === protocol);
}

/** From a random place on, as the real allocator does; the lower end, where people choose themselves, last (KEP-3668). */
function freePort({ first, last }: Range, taken: (port: number) => boolean): number | undefined {
  const size = last - first + 1;
  const start = Math.floor(Math.random() * size);
  for (const offset of upperFirst(0, size, staticBand(size, 32, 128), start))
    if (!taken(first + offset)) return first + offset;
  return undefined;
}
