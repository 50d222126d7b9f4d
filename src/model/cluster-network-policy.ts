/** A ClusterNetworkPolicy as what it means (policy.networking.k8s.io/v1alpha2): tiers, priorities, and rules of which the first that matches decides. */

import type { Peer, PodSet, PolicyEntry, PolicyRule, PortMatch } from './policy.js';
import { NOTHING, PolicyFields } from './policy-fields.js';
import { at, list, text } from './read.js';

const LAST = 1000;

export function clusterNetworkPolicyEntry(name: string, object: unknown): PolicyEntry {
  const key = `ClusterNetworkPolicy ${name}`;
  const fields = new PolicyFields(key);
  const tier = text(object, 'spec', 'tier');
  const priority = at(object, 'spec', 'priority');
  const isPriority = typeof priority === 'number' && Number.isInteger(priority) && priority >= 0 && priority <= LAST;
  if (tier !== 'Admin' && tier !== 'Baseline') fields.notUnderstood('spec.tier');
  if (!isPriority) fields.notUnderstood('spec.priority');
  const rules = (direction: 'ingress' | 'egress') =>
    list(object, 'spec', direction).map((rule, i) => ruleOf(rule, direction, `spec.${direction}[${i}]`, fields));
  const [ingress, egress] = [rules('ingress'), rules('egress')];
  return {
    key,
    tier: tier === 'Admin' ? 'Admin' : 'Baseline',
    priority: isPriority ? priority : LAST,
    subject: podSetOf(at(object, 'spec', 'subject'), 'spec.subject', fields) ?? NOBODY,
    // "CNPs with no ingress rules do not affect ingress traffic."
    ...(ingress.length > 0 && { ingress }),
    ...(egress.length > 0 && { egress }),
    problems: fields.problems,
  };
}

const NOBODY: PodSet = { namespaces: { selector: NOTHING }, pods: NOTHING };

const ACTIONS = ['Accept', 'Deny', 'Pass'] as const;

/**
 * A rule of which something is not understood fails closed, as the API asks: an Accept matches no traffic, a Deny or Pass is
 * "Deny all".
 */
function ruleOf(rule: unknown, direction: 'ingress' | 'egress', path: string, fields: PolicyFields): PolicyRule {
  const name = text(rule, 'name');
  const action = ACTIONS.find(known => known === text(rule, 'action'));
  const word = direction === 'ingress' ? 'from' : 'to';
  const peers = list(rule, word).map((peer, i) => peersOf(peer, direction, `${path}.${word}[${i}]`, fields));
  const given = at(rule, 'protocols');
  const ports = list(rule, 'protocols').map((port, i) => portOf(port, `${path}.protocols[${i}]`, fields));
  const areUnderstood =
    action !== undefined &&
    peers.length > 0 &&
    peers.every(peer => peer !== undefined) &&
    ports.every(port => port !== undefined) &&
    (given === undefined || ports.length > 0);
  if (!areUnderstood) {
    if (!action) fields.notUnderstood(`${path}.action`);
    if (peers.length === 0) fields.notUnderstood(`${path}.${word}`);
    return action === 'Accept' ? { action, name, peers: [] } : { action: 'Deny', name };
  }
  return { action, ...(name !== undefined && { name }), peers: peers.flat(), ...(ports.length > 0 && { ports }) };
}

/** Exactly one field, and one that is known: a later version of the API may have others. */
function peersOf(
  peer: unknown,
  direction: 'ingress' | 'egress',
  path: string,
  fields: PolicyFields,
): readonly Peer[] | undefined {
  const [networks, nodes] = [at(peer, 'networks'), at(peer, 'nodes')];
  if (direction === 'egress' && networks !== undefined) {
    const found = list(peer, 'networks').map((cidr, i) => fields.network(`${path}.networks[${i}]`, cidr));
    return found.length > 0 && found.every(network => network !== undefined) ? found : fields.notUnderstood(path);
  }
  if (direction === 'egress' && nodes !== undefined) {
    const selector = fields.selector(`${path}.nodes`, nodes);
    return selector && [{ kind: 'nodes', selector }];
  }
  const pods = podSetOf(peer, path, fields);
  return pods && [{ kind: 'pods', pods }];
}

/** `namespaces`: all Pods in them; `pods`: those that match, of all namespaces where none are named. */
function podSetOf(given: unknown, path: string, fields: PolicyFields): PodSet | undefined {
  const [namespaces, pods] = [at(given, 'namespaces'), at(given, 'pods')];
  if (namespaces !== undefined) {
    const selector = fields.selector(`${path}.namespaces`, namespaces);
    return selector && { namespaces: { selector }, pods: {} };
  }
  if (pods === undefined) return fields.notUnderstood(path);
  const selector = fields.selector(`${path}.pods.namespaceSelector`, at(pods, 'namespaceSelector'));
  const podSelector = fields.selector(`${path}.pods.podSelector`, at(pods, 'podSelector'));
  return selector && podSelector && { namespaces: { selector }, pods: podSelector };
}

const PROTOCOLS = [
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['sctp', 'SCTP'],
] as const;

function portOf(given: unknown, path: string, fields: PolicyFields): PortMatch | undefined {
  const name = text(given, 'destinationNamedPort');
  if (name !== undefined) return { port: { name } };
  const [word, protocol] = PROTOCOLS.find(([word]) => at(given, word) !== undefined) ?? [];
  if (!protocol) return fields.notUnderstood(path);
  const port = at(given, word!, 'destinationPort');
  if (port === undefined) return { protocol };
  const range = at(port, 'range');
  const found =
    range === undefined
      ? fields.range(`${path}.${word}.destinationPort`, at(port, 'number'))
      : fields.range(`${path}.${word}.destinationPort.range`, at(range, 'start'), at(range, 'end'));
  return found && { protocol, port: found };
}
