/**
 * What the policy APIs promise of a connection, clause by clause: may it pass, and by which rule. Written to be obviously right;
 * it never sees a plan or a kernel, so that both can be held against it.
 */

import type { Cluster, NodeEntry, PodEntry } from '../model/cluster.js';
import type { Peer, PodSet, PolicyEntry, PolicyRule, PortMatch } from '../model/policy.js';
import type { Protocol } from '../net/flow.js';
import type { Ip } from '../net/ip.js';
import { labelSelector } from '../objects/selectors.js';

/** A connection by its real ends: who began it, before any SNAT, and where DNAT sent it. */
export interface PolicyRequest {
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: Protocol;
  /** At the destination, 1..65535. */
  readonly port: number;
}

export interface PolicyAnswer {
  /** Both directions must allow it. */
  readonly allowed: boolean;
  readonly egress: Decision;
  readonly ingress: Decision;
}

export interface Decision {
  readonly allowed: boolean;
  /** The rule that decided, `NetworkPolicy default/web ingress 1`, or why none did. */
  readonly because: string;
}

type Direction = 'ingress' | 'egress';

export function policyIntent(cluster: Cluster, request: PolicyRequest): PolicyAnswer {
  const egress = sideOf(cluster, 'egress', request);
  const ingress = sideOf(cluster, 'ingress', request);
  return { allowed: egress.allowed && ingress.allowed, egress, ingress };
}

/** What the policies of the Pod at that end say of the other one. */
function sideOf(cluster: Cluster, direction: Direction, request: PolicyRequest): Decision {
  const [own, other] =
    direction === 'egress' ? [request.source, request.destination] : [request.destination, request.source];
  const pod = podAt(cluster, own);
  // NetworkPolicySpec.podSelector selects Pods; those of the host's network are their node.
  if (!pod) return { allowed: true, because: 'no Pod' };
  // "A Pod cannot block access to itself."
  if (podAt(cluster, other) === pod) return { allowed: true, because: 'the Pod itself' };
  const isOwnNode = nodeAt(cluster, other)?.name === pod.nodeName && pod.nodeName !== undefined;
  // "Traffic to and from the node where a Pod is running is always allowed": the kubelet probes it.
  if (isOwnNode && direction === 'ingress') return { allowed: true, because: 'own node' };
  const selecting = [...cluster.policies.values()].filter(
    policy => policy[direction] !== undefined && selects(cluster, policy.subject, pod),
  );
  // A ClusterNetworkPolicy can speak of nodes, and then means the own one, too.
  const policies = isOwnNode ? selecting.filter(({ tier }) => tier !== 'NetworkPolicy') : selecting;
  return (
    byTier(cluster, policies, 'Admin', direction, request) ??
    byNetworkPolicies(cluster, policies, direction, request) ??
    byTier(cluster, policies, 'Baseline', direction, request) ?? {
      allowed: true,
      because: `no policy decides of ${direction}`,
    }
  );
}

/** "Policies with lower priority values have higher precedence": rule by rule, the first that matches. Undefined: the next tier decides. */
function byTier(
  cluster: Cluster,
  policies: readonly PolicyEntry[],
  tier: 'Admin' | 'Baseline',
  direction: Direction,
  request: PolicyRequest,
): Decision | undefined {
  const ordered = policies
    .filter(policy => policy.tier === tier)
    // Of equal ones the API leaves the order open; we take their names.
    .sort((a, b) => a.priority - b.priority || (a.key < b.key ? -1 : 1));
  for (const policy of ordered)
    for (const [i, rule] of policy[direction]!.entries()) {
      if (!matches(cluster, rule, direction, request)) continue;
      // "Pass: skips all further ClusterNetworkPolicy rules in the current tier."
      if (rule.action === 'Pass') return undefined;
      return { allowed: rule.action === 'Accept', because: `${policy.key} ${direction} ${i + 1}` };
    }
  return undefined;
}

/** Policies add up: isolated by any that selects the Pod, allowed by any rule of any of them. */
function byNetworkPolicies(
  cluster: Cluster,
  policies: readonly PolicyEntry[],
  direction: Direction,
  request: PolicyRequest,
): Decision | undefined {
  const isolating = policies.filter(({ tier }) => tier === 'NetworkPolicy').sort((a, b) => (a.key < b.key ? -1 : 1));
  if (isolating.length === 0) return undefined;
  for (const policy of isolating)
    for (const [i, rule] of policy[direction]!.entries())
      if (matches(cluster, rule, direction, request))
        return { allowed: true, because: `${policy.key} ${direction} ${i + 1}` };
  const names = isolating.map(({ key }) => key).join(', ');
  return { allowed: false, because: `isolated for ${direction} by ${names}` };
}

/** "Rules match traffic which matches both the from (to) and the ports sections." */
function matches(
  cluster: Cluster,
  { peers, ports }: PolicyRule,
  direction: Direction,
  request: PolicyRequest,
): boolean {
  const other = direction === 'egress' ? request.destination : request.source;
  return (
    (peers === undefined || peers.some(peer => isPeer(cluster, peer, other))) &&
    (ports === undefined || ports.some(port => isPort(cluster, port, request)))
  );
}

function isPeer(cluster: Cluster, peer: Peer, ip: Ip): boolean {
  switch (peer.kind) {
    case 'network':
      return peer.cidr.contains(ip) && !peer.except.some(cidr => cidr.contains(ip));
    case 'nodes': {
      const node = nodeAt(cluster, ip);
      return node !== undefined && labelSelector(peer.selector)(node.object.metadata.labels);
    }
    case 'pods': {
      const pod = podAt(cluster, ip);
      return pod !== undefined && selects(cluster, peer.pods, pod);
    }
  }
}

/** "A named port on a Pod": of the destination, whatever number it has there. */
function isPort(cluster: Cluster, { protocol, port }: PortMatch, request: PolicyRequest): boolean {
  if (protocol !== undefined && protocol !== request.protocol) return false;
  if (port === undefined) return true;
  if ('from' in port) return port.from <= request.port && request.port <= port.to;
  const { containers = [], initContainers = [] } = podAt(cluster, request.destination)?.object.spec ?? {};
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...containers, ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .some(
      one =>
        one.name === port.name && (one.protocol ?? 'TCP') === request.protocol && one.containerPort === request.port,
    );
}

/** A namespace that the API does not know selects nobody. */
function selects({ namespaces }: Cluster, { namespaces: which, pods }: PodSet, pod: PodEntry): boolean {
  const labels = namespaces.get(pod.namespace)?.labels;
  const isWhere =
    'name' in which
      ? which.name === pod.namespace
      : labels !== undefined && labelSelector(which.selector)(Object.fromEntries(labels));
  return isWhere && labelSelector(pods)(Object.fromEntries(pod.labels));
}

/** Host-network Pods have none of their own. */
function podAt({ podsByIp }: Cluster, ip: Ip): PodEntry | undefined {
  return podsByIp.get(`${ip}`);
}

function nodeAt({ nodes }: Cluster, ip: Ip): NodeEntry | undefined {
  return [...nodes.values()].find(({ addresses }) => addresses.some(own => own.equals(ip)));
}
