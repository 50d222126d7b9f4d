/** A Service and its EndpointSlices as one entry. Knows the Service CIDRs; refuses to choose among endpoints. */

import type { Cidr } from '../net/cidr.js';
import type { Protocol } from '../net/flow.js';
import { Ip } from '../net/ip.js';
import type { Service } from '../objects/service.js';
import type { ServiceEntry, ServicePort, SliceEntry } from './cluster.js';
import { type Problem, problem } from './problem.js';
import { at, created, flag, list, text, texts } from './read.js';

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;
const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];

/** The entry of that Service; `slices` are ordered by key. */
export function serviceEntry(
  namespace: string,
  name: string,
  object: Service,
  slices: readonly SliceEntry[],
  serviceCidrs: readonly Cidr[],
): ServiceEntry {
  const key = `${namespace}/${name}`;
  const problems: Problem[] = [];
  const type = asType(text(object, 'spec', 'type'));
  const written = texts(object, 'spec', 'clusterIPs');
  const addresses = written.length ? written : [text(object, 'spec', 'clusterIP') ?? ''];
  const clusterIPs: Ip[] = [];
  for (const item of type === 'ExternalName' ? [] : addresses) {
    if (item === '' || item === 'None') continue;
    const ip = Ip.parse(item);
    if (ip && clusterIPs.some(other => other.equals(ip))) continue;
    if (ip && serviceCidrs.some(cidr => cidr.contains(ip))) clusterIPs.push(ip);
    else problems.push(problem(`Service ${key}`, 'PW-S401', { ip: item, cidrs: serviceCidrs.join(', ') }));
  }
  return {
    key,
    namespace,
    name,
    object,
    type,
    created: created(object),
    headless: type !== 'ExternalName' && addresses[0] === 'None',
    clusterIPs,
    ports: servicePorts(list(object, 'spec', 'ports')),
    publishNotReadyAddresses: flag(object, 'spec', 'publishNotReadyAddresses') ?? false,
    slices,
    problems,
  };
}

function asType(text: string | undefined): ServiceEntry['type'] {
  return TYPES.find(known => known === text) ?? 'ClusterIP';
}

/** The same Service with other slices: nothing of the Service is read again, so that one endpoint's change stays cheap. */
export function withSlices(entry: ServiceEntry, slices: readonly SliceEntry[]): ServiceEntry {
  return { ...entry, slices };
}

/** The same Service without an address that an older one owns. */
export function withoutAddress(entry: ServiceEntry, ip: Ip, owner: string): ServiceEntry {
  const taken = problem(`Service ${entry.key}`, 'PW-S402', { ip: `${ip}`, other: `Service ${owner}` });
  return {
    ...entry,
    clusterIPs: entry.clusterIPs.filter(other => !other.equals(ip)),
    problems: [...entry.problems, taken],
  };
}

/** Ports of a Service or of a slice. One that has no usable number is left out, as is a repeated one. */
export function servicePorts(items: readonly unknown[]): readonly ServicePort[] {
  const ports: ServicePort[] = [];
  for (const item of items) {
    const port = at(item, 'port');
    const protocol = text(item, 'protocol') ?? 'TCP';
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65535) continue;
    if (!PROTOCOLS.includes(protocol)) continue;
    const name = text(item, 'name') ?? '';
    if (ports.some(other => other.name === name || (other.protocol === protocol && other.port === port))) continue;
    ports.push({ name, protocol: protocol as Protocol, port });
  }
  return ports;
}
