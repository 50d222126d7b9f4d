/** Policies by chance over the suite's cluster: both APIs, few labels and ports so that they meet, and what nobody would write on purpose. */

import fc from 'fast-check';
import type { KubeObject } from '../../../src/objects/meta.js';
import { QUESTIONS, type Question } from './suite.js';
import { NAMESPACES } from './world.js';

/** Shrinks to the smallest that still shows a difference. */
export function policies(): fc.Arbitrary<KubeObject[]> {
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: networkPolicy() }, { weight: 2, arbitrary: clusterPolicy() }), {
      maxLength: 6,
    })
    .map(all => all.map((policy, i) => ({ ...policy, metadata: { ...policy.metadata, name: `p${i}` } })));
}

export function questions(most: number): fc.Arbitrary<Question[]> {
  return fc.array(fc.constantFrom(...QUESTIONS), { minLength: most, maxLength: most });
}

/** Fields that are left out as often as not. */
const maybe = <T extends Record<string, unknown>>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] });

function podSelector(): fc.Arbitrary<object> {
  const expression = fc.oneof(
    fc.constantFrom(
      { key: 'pod', operator: 'In', values: ['a', 'b'] },
      { key: 'pod', operator: 'NotIn', values: ['a'] },
      { key: 'tier', operator: 'Exists' },
      { key: 'nosuch', operator: 'DoesNotExist' },
      { key: 'nosuch', operator: 'NotIn', values: ['a'] },
    ),
  );
  return fc.oneof(
    fc.constant({}),
    fc.constantFrom('a', 'b', 'c', 'nobody').map(pod => ({ matchLabels: { pod } })),
    fc.constantFrom('app', 'db').map(tier => ({ matchLabels: { tier } })),
    fc.array(expression, { maxLength: 2 }).map(matchExpressions => ({ matchExpressions })),
  );
}

function namespaceSelector(): fc.Arbitrary<object> {
  return fc.oneof(
    fc.constant({}),
    fc.constantFrom(...NAMESPACES, 'nowhere').map(ns => ({ matchLabels: { ns } })),
    fc.constantFrom(
      { matchLabels: { team: 'red' } },
      { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] },
      { matchExpressions: [{ key: 'ns', operator: 'NotIn', values: ['x', 'y'] }] },
    ),
  );
}

/** Around Pods, nodes and the outside, of both families; some within others. */
const BLOCKS = [
  '0.0.0.0/0',
  '10.244.0.0/16',
  '10.244.1.0/24',
  '10.244.1.10/31',
  '10.244.2.11/32',
  '172.30.0.0/24',
  '172.30.0.11/32',
  '203.0.113.0/24',
  '::/0',
  'fd00:10:244::/56',
  'fd00:10:244:1::/64',
  'fd00:10:244:1::10/128',
  'fd00:172:30::/64',
  '2001:db8::7/128',
] as const;

const blocks = () => fc.constantFrom(...BLOCKS);

function networkPeer(): fc.Arbitrary<object> {
  return fc.oneof(
    podSelector().map(podSelector => ({ podSelector })),
    namespaceSelector().map(namespaceSelector => ({ namespaceSelector })),
    fc.record({ podSelector: podSelector(), namespaceSelector: namespaceSelector() }),
    fc.record({ cidr: blocks(), except: fc.array(blocks(), { maxLength: 3 }) }).map(ipBlock => ({ ipBlock })),
  );
}

function networkPort(): fc.Arbitrary<object> {
  return fc.oneof(
    fc.constantFrom('TCP', 'UDP', 'SCTP').map(protocol => ({ protocol })),
    fc.constantFrom('web', 'dns', 'nosuch').map(port => ({ port })),
    fc.constant({ port: 'dns', protocol: 'UDP' }),
    fc.record({ port: fc.constantFrom(79, 80, 81), protocol: fc.constantFrom('TCP', 'UDP') }),
    fc.constantFrom({ port: 1, endPort: 80 }, { port: 81, endPort: 65_535 }, { port: 80, endPort: 81 }),
  );
}

function networkPolicy(): fc.Arbitrary<KubeObject> {
  const ports = fc.array(networkPort(), { maxLength: 3 });
  const peers = fc.array(networkPeer(), { maxLength: 3 });
  const spec = maybe({
    ingress: fc.array(maybe({ from: peers, ports }), { maxLength: 3 }),
    egress: fc.array(maybe({ to: peers, ports }), { maxLength: 3 }),
    policyTypes: fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
  });
  return fc.tuple(fc.constantFrom(...NAMESPACES), podSelector(), spec).map(([namespace, podSelector, spec]) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name: '' },
    spec: { podSelector, ...spec },
  }));
}

function clusterPolicy(): fc.Arbitrary<KubeObject> {
  const pods = fc.oneof(
    namespaceSelector().map(namespaces => ({ namespaces })),
    fc.record({ namespaceSelector: namespaceSelector(), podSelector: podSelector() }).map(pods => ({ pods })),
  );
  const nodes = fc.constantFrom(
    {},
    { matchLabels: { 'kubernetes.io/hostname': 'n1' } },
    { matchLabels: { no: 'such' } },
  );
  const elsewhere = fc.oneof(
    nodes.map(nodes => ({ nodes })),
    fc.array(blocks(), { minLength: 1, maxLength: 3 }).map(networks => ({ networks })),
  );
  const number = fc.constantFrom(79, 80, 81).map(number => ({ number }));
  const range = fc.constantFrom({ range: { start: 1, end: 80 } }, { range: { start: 81, end: 9000 } });
  const protocol = fc.oneof(
    fc
      .tuple(fc.constantFrom('tcp', 'udp'), fc.oneof(number, range))
      .map(([word, destinationPort]) => ({ [word]: { destinationPort } })),
    fc.constantFrom('tcp', 'udp', 'sctp').map(word => ({ [word]: {} })),
    fc.constantFrom('web', 'dns', 'nosuch').map(destinationNamedPort => ({ destinationNamedPort })),
  );
  const rules = (word: string, peer: fc.Arbitrary<object>) =>
    fc.array(
      fc.record(
        {
          action: fc.constantFrom('Accept', 'Deny', 'Pass'),
          [word]: fc.array(peer, { minLength: 1, maxLength: 3 }),
          protocols: fc.array(protocol, { minLength: 1, maxLength: 2 }),
        },
        { requiredKeys: ['action', word] },
      ),
      { maxLength: 3 },
    );
  const spec = fc.record({
    tier: fc.constantFrom('Admin', 'Baseline'),
    priority: fc.integer({ min: 0, max: 3 }),
    subject: pods,
    ingress: rules('from', pods),
    egress: rules('to', fc.oneof(pods, elsewhere)),
  });
  return spec.map(spec => ({
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: '' },
    spec,
  }));
}
