/** Where a Service is reached from outside the cluster: node ports, LoadBalancer addresses, external IPs. Refuses the cluster's own addresses. */

import { Cidr } from '../net/cidr.js';
import type { Protocol } from '../net/flow.js';
import { Ip } from '../net/ip.js';
import type { Service } from '../objects/service.js';
import type { ExternalFront, ServiceEntry, ServicePort } from './cluster.js';
import { isForbidden } from './forbidden.js';
import { type Problem, problem } from './problem.js';
import type { Owned, Ranges } from './ranges.js';
import { at, list, portNumber, text, texts } from './read.js';

/** In the order of node ports, LoadBalancer addresses, external IPs; each once. */
export function externalFronts(
  key: string,
  type: ServiceEntry['type'],
  object: Service,
  ports: readonly ServicePort[],
  ranges: Ranges & { readonly nodes: Owned },
  problems: Problem[],
): readonly ExternalFront[] {
  const given = texts(object, 'spec', 'externalIPs');
  if (type === 'ClusterIP' && given.length === 0) return NONE;
  const fronts: ExternalFront[] = [];
  if (type !== 'ClusterIP') fronts.push(...nodePorts(object, ports));
  const add = (via: 'LoadBalancer' | 'ExternalIP', text: string) => {
    const ip = Ip.parse(text);
    if (ip && fronts.some(front => front.ip?.equals(ip))) return;
    const wrong = refusal(ip, via, ranges);
    if (!ip || wrong) problems.push(problem(`Service ${key}`, wrong ?? 'PW-S405', { via, ip: text }));
    else for (const port of ports) fronts.push({ via, ip, number: port.port, port });
  };
  if (type === 'LoadBalancer') for (const ip of loadBalancerIPs(object)) add('LoadBalancer', ip);
  for (const ip of given) add('ExternalIP', ip);
  return fronts;
}

const NONE: readonly never[] = [];

/** The texts of all external addresses that the Service names, also of those that it may not take. */
export function namedAddresses(object: Service | undefined): readonly string[] {
  const [given, assigned] = [texts(object, 'spec', 'externalIPs'), loadBalancerIPs(object)];
  if (given.length + assigned.length === 0) return NONE;
  return [...given, ...assigned].map(text => `${Ip.parse(text)}`);
}

export function frontClaim({ ip, number, port }: ExternalFront): string {
  return claimText(ip, port.protocol, number);
}

/** The text by which Services contend for an external front. */
export function claimText(ip: Ip | undefined, protocol: Protocol, number: number): string {
  return `${ip ?? 'node'} ${protocol} ${number}`;
}

/**
 * Who may use the LoadBalancer addresses; undefined when nothing is said. A range that cannot be read lets nobody in, and one
 * inside another says nothing more.
 */
export function sourceRanges(key: string, object: Service, problems: Problem[]): readonly Cidr[] | undefined {
  const written = texts(object, 'spec', 'loadBalancerSourceRanges');
  if (written.length === 0) return undefined;
  const cidrs = written.flatMap(item => {
    const cidr = Cidr.parse(item.trim(), { mask: true });
    if (!cidr) problems.push(problem(`Service ${key}`, 'PW-S407', { cidr: item }));
    return cidr ?? [];
  });
  return cidrs.filter((cidr, i) => !cidrs.some((other, j) => other.contains(cidr) && (!cidr.contains(other) || j < i)));
}

function nodePorts(object: Service, ports: readonly ServicePort[]): ExternalFront[] {
  return list(object, 'spec', 'ports').flatMap(item => {
    const number = portNumber(at(item, 'nodePort'));
    // By number and protocol, the API's key of the list.
    const protocol = text(item, 'protocol') ?? 'TCP';
    const port = ports.find(other => other.port === at(item, 'port') && other.protocol === protocol);
    return number !== undefined && port ? { via: 'NodePort' as const, number, port } : [];
  });
}

/** core/v1 LoadBalancerIngress: what is sent to an address of ipMode Proxy must really go to that proxy (KEP-1860). */
function loadBalancerIPs(object: Service | undefined): string[] {
  return list(object, 'status', 'loadBalancer', 'ingress').flatMap(item =>
    text(item, 'ipMode') === 'Proxy' ? [] : (text(item, 'ip') ?? []),
  );
}

/** Why the address cannot be a Service's: it would take what is meant for the cluster itself. */
function refusal(
  ip: Ip | undefined,
  via: 'LoadBalancer' | 'ExternalIP',
  { serviceCidrs, podCidrs = [], externalIPs = [], nodes }: Parameters<typeof externalFronts>[4],
) {
  if (!ip || isForbidden(ip) || nodes.has(`${ip}`) || [...serviceCidrs, ...podCidrs].some(cidr => cidr.contains(ip)))
    return 'PW-S405';
  return via === 'ExternalIP' && !externalIPs.some(cidr => cidr.contains(ip)) ? 'PW-S406' : undefined;
}
