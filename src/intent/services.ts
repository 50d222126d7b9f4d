/**
 * What the Kubernetes API promises of a packet to a Service, clause by clause. Written to be obviously right; it never sees a
 * plan or a kernel, so that both can be held against it.
 */

import type { Cluster, Endpoint, ExternalFront, NodeEntry, ServiceEntry, ServicePort } from '../model/cluster.js';
import type { Protocol } from '../net/flow.js';
import type { Family, Ip } from '../net/ip.js';

/** Who sends. A Pod is on its node; from outside a packet comes in at the node that it was routed to. */
export interface Client {
  readonly kind: 'Pod' | 'node' | 'outside';
  /** Name of that node. */
  readonly node: string;
  /** Its address of the packet's family. */
  readonly ip: Ip;
}

export interface ServiceRequest {
  readonly from: Client;
  readonly destination: Ip;
  readonly protocol: Protocol;
  /** 1..65535. */
  readonly port: number;
}

export interface Landing {
  readonly ip: Ip;
  readonly port: number;
}

export type ServiceAnswer =
  | {
      readonly verdict: 'forward';
      readonly endpoints: readonly Landing[];
      /** Whether every endpoint must see the client's own address; otherwise the API promises nothing. */
      readonly sourceKept: boolean;
      /** The same client comes to the same endpoint again, until it was silent for so many seconds. */
      readonly affinitySeconds?: number;
      readonly because: string;
    }
  | { readonly verdict: 'refuse' | 'drop'; readonly because: string };

/** Undefined when the packet is for no Service. */
export function serviceIntent(cluster: Cluster, request: ServiceRequest): ServiceAnswer | undefined {
  const byClusterIP = cluster.serviceByClusterIP(String(request.destination));
  return byClusterIP ? toClusterIP(byClusterIP, cluster, request) : toExternal(cluster, request);
}

function toClusterIP(service: ServiceEntry, cluster: Cluster, request: ServiceRequest): ServiceAnswer {
  const { from, protocol } = request;
  const port = service.ports.find(other => other.protocol === protocol && other.port === request.port);
  // Nobody else can serve at a Service's own address, so a client is told at once.
  if (!port) return { verdict: 'refuse', because: `${service.key} has no port ${protocol}/${request.port}` };
  // core/v1 ServiceSpec.internalTrafficPolicy: with Local a node's clients reach that node's endpoints alone.
  const isLocal = service.internalTrafficPolicy === 'Local';
  // "Using Source IP": what goes from a Pod to a ClusterIP keeps its source. To a node, the network model promises that to nobody.
  return answer(cluster, service, port, isLocal, cluster.nodes.get(from.node), request, from.kind === 'Pod');
}

function toExternal(cluster: Cluster, request: ServiceRequest): ServiceAnswer | undefined {
  const { from, destination } = request;
  const owner = nodeOf(cluster, destination);
  const found = findFront(cluster, request, owner);
  if (!found) return unknownPort(cluster, destination);
  const { service, front } = found;
  // core/v1 ServiceSpec.loadBalancerSourceRanges: who comes by the load balancer must be one of these.
  if (front.via === 'LoadBalancer' && service.sourceRanges?.every(range => !range.contains(from.ip)))
    return { verdict: 'drop', because: `${from.ip} is not of the source ranges of ${service.key}` };
  // core/v1 ServiceSpec.externalTrafficPolicy: with Local what comes from outside stays on the node that it came to, under
  // its own address; inside the cluster an external address always has the meaning of Cluster.
  const isLocal = service.externalTrafficPolicy === 'Local' && from.kind === 'outside';
  const node = owner ?? cluster.nodes.get(from.node);
  return answer(cluster, service, front.port, isLocal, node, request, isLocal);
}

function nodeOf(cluster: Cluster, ip: Ip): NodeEntry | undefined {
  return [...cluster.nodes.values()].find(({ addresses }) => addresses.some(own => own.equals(ip)));
}

/** A node port is at the addresses of every node; any other external address is at none of them. */
function findFront(cluster: Cluster, { protocol, port, destination }: ServiceRequest, owner: NodeEntry | undefined) {
  const isMeant = ({ ip, number, port: of }: ExternalFront) =>
    number === port && of.protocol === protocol && (ip ? !owner && ip.equals(destination) : owner !== undefined);
  for (const service of cluster.services.values()) {
    const front = service.externals.find(isMeant);
    if (front) return { service, front };
  }
  return undefined;
}

/** At a balancer's address, too, nobody else can serve; a node's or an external address may have servers of its own. */
function unknownPort(cluster: Cluster, destination: Ip): ServiceAnswer | undefined {
  const isTaken = ({ externals }: ServiceEntry) =>
    externals.some(({ via, ip }) => via === 'LoadBalancer' && ip?.equals(destination));
  const known = [...cluster.services.values()].find(isTaken);
  return known && { verdict: 'refuse', because: `${known.key} has no such port at ${destination}` };
}

function answer(
  cluster: Cluster,
  service: ServiceEntry,
  port: ServicePort,
  isLocal: boolean,
  node: NodeEntry | undefined,
  { from, destination }: ServiceRequest,
  sourceKept: boolean,
): ServiceAnswer {
  const all = endpointsOf(service, destination.family, port);
  if (usable(service, all).length === 0) return { verdict: 'refuse', because: `${service.key} has no ready endpoint` };
  const local = all.filter(({ endpoint }) => endpoint.nodeName === node?.name);
  const chosen = isLocal ? usable(service, local) : nearest(usable(service, all), node);
  // Both traffic policies: Local drops where the node has no endpoint, so that a balancer notices.
  if (chosen.length === 0) return { verdict: 'drop', because: `${service.key} has no endpoint on ${node?.name}` };
  const endpoints = chosen.map(({ endpoint: { ip }, port }) => ({ ip, port }));
  // A client that reaches itself would answer itself directly, so it must see somebody else.
  const hairpins = endpoints.some(({ ip }) => ip.equals(from.ip));
  const toNode = endpoints.some(({ ip }) => nodeOf(cluster, ip) !== undefined);
  const { affinitySeconds } = service;
  return {
    verdict: 'forward',
    endpoints,
    sourceKept: sourceKept && !hairpins && !toNode,
    ...(affinitySeconds !== undefined && { affinitySeconds }),
    because: `${service.key} port ${port.protocol}/${port.port}, policy ${isLocal ? 'Local' : 'Cluster'}`,
  };
}

interface Candidate {
  readonly endpoint: Endpoint;
  readonly port: number;
}

/** discovery.k8s.io/v1: of the slices of that address type, those with a port of the Service port's name. */
function endpointsOf(service: ServiceEntry, family: Family, { name, protocol }: ServicePort): Candidate[] {
  return service.slices
    .filter(slice => slice.family === family)
    .flatMap(({ ports, endpoints }) => {
      const port = ports.find(other => other.name === name && other.protocol === protocol);
      return port ? endpoints.map(endpoint => ({ endpoint, port: port.port })) : [];
    });
}

/** EndpointConditions: new connections go to ready ones; while there is none, to those that still serve as they end (KEP-1669). */
function usable({ publishNotReadyAddresses }: ServiceEntry, candidates: readonly Candidate[]): readonly Candidate[] {
  const ready = candidates.filter(({ endpoint }) => endpoint.ready || publishNotReadyAddresses);
  if (ready.length > 0) return ready;
  return candidates.filter(({ endpoint }) => endpoint.serving && endpoint.terminating);
}

/**
 * EndpointHints: which nodes (KEP-3015), else which zones (KEP-2433), an endpoint should serve. They are followed when each
 * of the ready endpoints has them and one is for us; and only among ready ones.
 */
function nearest(candidates: readonly Candidate[], node: NodeEntry | undefined): readonly Candidate[] {
  const ready = candidates.filter(({ endpoint }) => endpoint.ready);
  const byHint = (hint: 'forNodes' | 'forZones', place: string | undefined) => {
    if (place === undefined || ready.length === 0 || ready.some(({ endpoint }) => !endpoint[hint])) return [];
    return ready.filter(({ endpoint }) => endpoint[hint]!.includes(place));
  };
  const forNode = byHint('forNodes', node?.name);
  const forZone = byHint('forZones', node?.zone);
  return forNode.length > 0 ? forNode : forZone.length > 0 ? forZone : candidates;
}
