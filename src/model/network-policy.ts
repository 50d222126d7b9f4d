/** A NetworkPolicy as what it means (networking.k8s.io/v1): defaults, absent and empty lists as the API defines them. */

import type { NetworkPolicy } from '../objects/network-policy.js';
import type { Peer, PolicyEntry, PolicyRule, PortMatch } from './policy.js';
import { NOTHING, PolicyFields } from './policy-fields.js';
import { at, list, text, texts } from './read.js';

/** What is not understood of a rule allows nothing; a policy whose podSelector is not understood concerns nobody. */
export function networkPolicyEntry(namespace: string, name: string, object: NetworkPolicy): PolicyEntry {
  const key = `NetworkPolicy ${namespace}/${name}`;
  const fields = new PolicyFields(key);
  const types = texts(object, 'spec', 'policyTypes');
  // "Policies with an Egress section are assumed to affect egress, and all policies are assumed to affect ingress."
  const isOf = (type: string, unsaid: boolean) => (types.length > 0 ? types.includes(type) : unsaid);
  const rules = (direction: 'ingress' | 'egress') =>
    list(object, 'spec', direction).map((rule, i) =>
      rulesOf(rule, direction, `spec.${direction}[${i}]`, namespace, fields),
    );
  return {
    key,
    tier: 'NetworkPolicy',
    priority: 0,
    subject: {
      namespaces: { name: namespace },
      pods: fields.selector('spec.podSelector', at(object, 'spec', 'podSelector')) ?? NOTHING,
    },
    ...(isOf('Ingress', true) && { ingress: rules('ingress') }),
    ...(isOf('Egress', list(object, 'spec', 'egress').length > 0) && { egress: rules('egress') }),
    problems: fields.problems,
  };
}

/** "If this field is empty or missing, this rule matches all": of peers as of ports. */
function rulesOf(
  rule: unknown,
  direction: 'ingress' | 'egress',
  path: string,
  namespace: string,
  fields: PolicyFields,
): PolicyRule {
  const word = direction === 'ingress' ? 'from' : 'to';
  const peers = list(rule, word);
  const ports = list(rule, 'ports');
  return {
    action: 'Accept',
    ...(peers.length > 0 && {
      peers: peers.flatMap((peer, i) => peerOf(peer, `${path}.${word}[${i}]`, namespace, fields) ?? []),
    }),
    ...(ports.length > 0 && { ports: ports.flatMap((port, i) => portOf(port, `${path}.ports[${i}]`, fields) ?? []) }),
  };
}

function peerOf(peer: unknown, path: string, namespace: string, fields: PolicyFields): Peer | undefined {
  const [pods, namespaces, block] = [at(peer, 'podSelector'), at(peer, 'namespaceSelector'), at(peer, 'ipBlock')];
  if (block !== undefined) return fields.network(`${path}.ipBlock`, at(block, 'cidr'), list(block, 'except'));
  if (pods === undefined && namespaces === undefined) return fields.notUnderstood(path);
  const podSelector = fields.selector(`${path}.podSelector`, pods);
  const selector = fields.selector(`${path}.namespaceSelector`, namespaces);
  if (!podSelector || !selector) return undefined;
  // "Otherwise it selects the Pods matching podSelector in the policy's own namespace."
  return {
    kind: 'pods',
    pods: { namespaces: namespaces === undefined ? { name: namespace } : { selector }, pods: podSelector },
  };
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

function portOf(given: unknown, path: string, fields: PolicyFields): PortMatch | undefined {
  const written = text(given, 'protocol') ?? 'TCP';
  const protocol = PROTOCOLS.find(known => known === written);
  if (!protocol) return fields.notUnderstood(`${path}.protocol`);
  const port = at(given, 'port');
  if (port === undefined) return { protocol };
  if (typeof port === 'string') return { protocol, port: { name: port } };
  const range = fields.range(`${path}.port`, port, at(given, 'endPort'));
  return range && { protocol, port: range };
}
