/** A Service and its EndpointSlices as one entry. Knows which addresses may be a Service's; refuses to choose among endpoints. */

import type { Cidr } from '../net/cidr.js';
import type { Protocol } from '../net/flow.js';
import { Ip } from '../net/ip.js';
import type { Service } from '../objects/service.js';
import type { ExternalFront, ServiceEntry, ServicePort, SliceEntry, TrafficPolicy } from './cluster.js';
import { externalFronts, frontClaim, sourceRanges } from './external.js';
import { type Problem, problem } from './problem.js';
import type { Owned, Ranges } from './ranges.js';
import { at, created, flag, list, portNumber, text, texts } from './read.js';

const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;
const PROTOCOLS: readonly string[] = ['TCP', 'UDP', 'SCTP'];
/** core/v1 ClientIPConfig: three hours. */
const AFFINITY_SECONDS = 10_800;

/** The entry of that Service; `slices` are ordered by key, `nodes` has the addresses of the nodes. */
export function serviceEntry(
  namespace: string,
  name: string,
  object: Service,
  slices: readonly SliceEntry[],
  ranges: Ranges,
  nodes: Owned,
): ServiceEntry {
  const key = `${namespace}/${name}`;
  const problems: Problem[] = [];
  const type = asType(text(object, 'spec', 'type'));
  const written = texts(object, 'spec', 'clusterIPs');
  const addresses = written.length ? written : [text(object, 'spec', 'clusterIP') ?? ''];
  const headless = type !== 'ExternalName' && addresses[0] === 'None';
  const ports = servicePorts(list(object, 'spec', 'ports'));
  return {
    key,
    namespace,
    name,
    object,
    type,
    created: created(object),
    headless,
    clusterIPs: type === 'ExternalName' ? NONE : clusterIPs(key, addresses, ranges.serviceCidrs, problems),
    externals:
      type === 'ExternalName' || headless
        ? NONE
        : externalFronts(key, type, object, ports, { ...ranges, nodes }, problems),
    ports,
    internalTrafficPolicy: policy(object, 'internalTrafficPolicy'),
    externalTrafficPolicy: policy(object, 'externalTrafficPolicy'),
    affinitySeconds: affinity(object),
    sourceRanges: type === 'LoadBalancer' ? sourceRanges(key, object, problems) : undefined,
    healthCheckNodePort: type === 'LoadBalancer' ? portNumber(at(object, 'spec', 'healthCheckNodePort')) : undefined,
    publishNotReadyAddresses: flag(object, 'spec', 'publishNotReadyAddresses') ?? false,
    slices,
    problems,
  };
}

const NONE: readonly never[] = [];

function asType(text: string | undefined): ServiceEntry['type'] {
  return TYPES.find(known => known === text) ?? 'ClusterIP';
}

function clusterIPs(key: string, written: readonly string[], serviceCidrs: readonly Cidr[], problems: Problem[]) {
  const ips: Ip[] = [];
  for (const item of written) {
    if (item === '' || item === 'None') continue;
    const ip = Ip.parse(item);
    if (ip && ips.some(other => other.equals(ip))) continue;
    if (ip && serviceCidrs.some(cidr => cidr.contains(ip))) ips.push(ip);
    else problems.push(problem(`Service ${key}`, 'PW-S401', { ip: item, cidrs: serviceCidrs.join(', ') }));
  }
  return ips;
}

function policy(object: Service, field: 'internalTrafficPolicy' | 'externalTrafficPolicy'): TrafficPolicy {
  return text(object, 'spec', field) === 'Local' ? 'Local' : 'Cluster';
}

function affinity(object: Service): number | undefined {
  if (text(object, 'spec', 'sessionAffinity') !== 'ClientIP') return undefined;
  const seconds = at(at(object, 'spec', 'sessionAffinityConfig', 'clientIP'), 'timeoutSeconds');
  return typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400
    ? seconds
    : AFFINITY_SECONDS;
}

/** The same Service with other slices: nothing of the Service is read again, so that one endpoint's change stays cheap. */
export function withSlices(entry: ServiceEntry, slices: readonly SliceEntry[]): ServiceEntry {
  return { ...entry, slices };
}

/** What no other Service may have, as the texts of Claims: ClusterIPs by address, external fronts by address and port. */
export function claimsOf(entry: ServiceEntry | undefined): readonly string[] {
  if (!entry) return NONE;
  const claims: string[] = [];
  for (const ip of entry.clusterIPs) claims.push(ip.toString());
  for (const front of entry.externals) claims.push(frontClaim(front));
  return claims;
}

/** The same Service without what an older one owns; `owner` gives the key of the Service that has a claim. */
export function withoutClaims(entry: ServiceEntry, owner: (claim: string) => string): ServiceEntry {
  const problems: Problem[] = [];
  const isMine = (claim: string, what: string) => {
    const other = owner(claim);
    if (other !== entry.key)
      problems.push(problem(`Service ${entry.key}`, 'PW-S402', { what, other: `Service ${other}` }));
    return other === entry.key;
  };
  const clusterIPs = entry.clusterIPs.filter(ip => isMine(ip.toString(), `ClusterIP ${ip}`));
  const externals = entry.externals.filter(front => isMine(frontClaim(front), describe(front)));
  return problems.length ? { ...entry, clusterIPs, externals, problems: [...entry.problems, ...problems] } : entry;
}

function describe({ via, ip, number, port }: ExternalFront): string {
  return ip ? `${via} address ${ip} port ${port.protocol}/${number}` : `node port ${port.protocol}/${number}`;
}

/** Ports of a Service or of a slice. One that has no usable number is left out, as is a repeated one. */
export function servicePorts(items: readonly unknown[]): readonly ServicePort[] {
  const ports: ServicePort[] = [];
  for (const item of items) {
    const port = portNumber(at(item, 'port'));
    const protocol = text(item, 'protocol') ?? 'TCP';
    if (port === undefined || !PROTOCOLS.includes(protocol)) continue;
    const name = text(item, 'name') ?? '';
    if (ports.some(other => other.name === name || (other.protocol === protocol && other.port === port))) continue;
    ports.push({ name, protocol: protocol as Protocol, port });
  }
  return ports;
}
