/**
 * ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2), as SIG Network defines it with the `nodes` peer of its experimental
 * channel: a CustomResourceDefinition that the lab installs, and the resource that agents watch wherever it is served.
 */

import { resourcesOfCrd } from './crd.js';
import type { CustomResourceDefinition } from './custom-resource-definition.js';
import type { KubeObject } from './meta.js';
import type { Resource } from './resources.js';

type Json = Readonly<Record<string, unknown>>;

const text = (more: Json = {}): Json => ({ type: 'string', ...more });
const list = (items: Json, more: Json = {}): Json => ({ type: 'array', items, ...more });
const struct = (properties: Json, more: Json = {}): Json => ({ type: 'object', properties, ...more });
/** Which of the fields is there says what is meant. */
const oneOf = (properties: Json): Json => struct(properties, { minProperties: 1, maxProperties: 1 });

const selector = struct({
  matchLabels: { type: 'object', additionalProperties: text() },
  matchExpressions: list(
    struct({ key: text(), operator: text(), values: list(text()) }, { required: ['key', 'operator'] }),
  ),
});
const pods = struct({ namespaceSelector: selector, podSelector: selector }, { required: ['podSelector'] });
const port = { type: 'integer', format: 'int32', minimum: 1, maximum: 65_535 };
const transport = struct(
  {
    destinationPort: oneOf({
      number: port,
      range: struct({ start: port, end: port }, { required: ['start', 'end'] }),
    }),
  },
  { minProperties: 1 },
);
const protocol = oneOf({ tcp: transport, udp: transport, sctp: transport, destinationNamedPort: text() });
const networks = list(text({ maxLength: 43 }), { minItems: 1, maxItems: 25 });

/** A rule towards peers in that field. */
const rule = (peers: string, peer: Json): Json =>
  struct(
    {
      name: text({ maxLength: 100 }),
      action: text({ enum: ['Accept', 'Deny', 'Pass'] }),
      [peers]: list(peer, { minItems: 1, maxItems: 25 }),
      protocols: list(protocol, { minItems: 1, maxItems: 25 }),
    },
    { required: ['action', peers] },
  );

const spec = struct(
  {
    tier: text({ enum: ['Admin', 'Baseline'] }),
    priority: { type: 'integer', format: 'int32', minimum: 0, maximum: 1000 },
    subject: oneOf({ namespaces: selector, pods }),
    ingress: list(rule('from', oneOf({ namespaces: selector, pods })), { maxItems: 25 }),
    egress: list(rule('to', oneOf({ namespaces: selector, pods, nodes: selector, networks })), { maxItems: 25 }),
  },
  { required: ['tier', 'priority', 'subject'] },
);

export const CLUSTER_NETWORK_POLICIES = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'clusternetworkpolicies.policy.networking.k8s.io',
    // The API server of Kubernetes asks for this of every group below k8s.io.
    annotations: {
      'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/network-policy-api/pull/347',
    },
  },
  spec: {
    group: 'policy.networking.k8s.io',
    scope: 'Cluster',
    names: {
      kind: 'ClusterNetworkPolicy',
      listKind: 'ClusterNetworkPolicyList',
      plural: 'clusternetworkpolicies',
      singular: 'clusternetworkpolicy',
      shortNames: ['cnp'],
    },
    versions: [
      {
        name: 'v1alpha2',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Tier', type: 'string', jsonPath: '.spec.tier' },
          { name: 'Priority', type: 'string', jsonPath: '.spec.priority' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: struct(
            {
              apiVersion: text(),
              kind: text(),
              metadata: { type: 'object' },
              spec,
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
            { required: ['metadata', 'spec'] },
          ),
        },
      },
    ],
  },
} as unknown as CustomResourceDefinition;

export const clusterNetworkPolicies = resourcesOfCrd(CLUSTER_NETWORK_POLICIES)[0] as Resource<KubeObject>;
