/** What policies do on one node, as a table: policies, and who may go where. Written from the API's documents, by hand. */

import type { KubeObject } from '../../../src/objects/meta.js';

/** `outside` is a neighbour of the node's, `node` a process of its own. */
export type PlaceName = 'web' | 'client' | 'other' | 'node' | 'outside';

/** `web:8080`, `service:80` (leads to web:8080), `node:30080` (so does that). */
export type Target = string;

export interface Case {
  readonly title: string;
  readonly policies: readonly KubeObject[];
  /** What passes and what does not; UDP where the target ends with `/UDP`. */
  readonly passes?: readonly (readonly [from: PlaceName, ...to: Target[]])[];
  readonly dropped?: readonly (readonly [from: PlaceName, ...to: Target[]])[];
}

const WEB = { matchLabels: { app: 'web' } };
const CLIENT = { matchLabels: { app: 'client' } };
const TEAM = { matchLabels: { team: 'a' } };

function policy(spec: Record<string, unknown>, name = 'p', namespace = 'default'): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: { podSelector: WEB, ...spec },
  };
}

const EVERYBODY = { namespaces: {} };

function cluster(tier: 'Admin' | 'Baseline', priority: number, spec: Record<string, unknown>, name = 'c'): KubeObject {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: `${name}-${priority}` },
    spec: { tier, priority, subject: EVERYBODY, ...spec },
  };
}

/** Both families at once. */
const block = (cidr4: string, cidr6: string, except4: string[] = [], except6: string[] = []) => [
  { ipBlock: { cidr: cidr4, except: except4 } },
  { ipBlock: { cidr: cidr6, except: except6 } },
];

export const CASES: readonly Case[] = [
  {
    title: 'without policies everything passes',
    policies: [],
    passes: [
      ['client', 'web:8080', 'web:8080/UDP', 'service:80', 'node:30080', 'outside:8080', 'node:8080'],
      ['other', 'web:8080', 'web:9090'],
      ['node', 'web:8080'],
      ['outside', 'web:8080', 'node:30080'],
    ],
  },
  {
    title: 'an empty ingress isolates; its own node, itself and its answers pass',
    policies: [policy({})],
    passes: [
      ['node', 'web:8080', 'web:9090/UDP'],
      ['web', 'service:80', 'client:8080', 'outside:8080', 'node:8080', 'node:30080'],
      ['client', 'other:8080'],
    ],
    dropped: [
      ['client', 'web:8080', 'web:8080/UDP', 'service:80', 'service:80/UDP', 'node:30080'],
      ['other', 'web:8080'],
      ['outside', 'web:8080', 'node:30080', 'node:30080/UDP'],
    ],
  },
  {
    title: 'an empty egress isolates the other way',
    policies: [policy({ policyTypes: ['Egress'] })],
    passes: [
      ['client', 'web:8080', 'service:80'],
      ['outside', 'node:30080'],
      ['web', 'service:80', 'node:8080', 'node:8080/UDP', 'node:30080'],
    ],
    dropped: [['web', 'client:8080', 'other:8080/UDP', 'outside:8080']],
  },
  {
    title: 'an empty rule allows everybody everything',
    policies: [policy({ ingress: [{}] })],
    passes: [
      ['client', 'web:8080', 'web:9090/UDP'],
      ['outside', 'node:30080'],
    ],
  },
  {
    title: 'Pods of the own namespace',
    policies: [policy({ ingress: [{ from: [{ podSelector: CLIENT }] }] })],
    passes: [['client', 'web:8080', 'service:80', 'node:30080', 'web:9090/UDP']],
    dropped: [
      ['other', 'web:8080', 'service:80'],
      ['outside', 'web:8080'],
    ],
  },
  {
    title: 'Pods of other namespaces',
    policies: [policy({ ingress: [{ from: [{ namespaceSelector: TEAM, podSelector: CLIENT }] }] })],
    passes: [['other', 'web:8080', 'service:80']],
    dropped: [['client', 'web:8080']],
  },
  {
    title: 'a whole namespace, or a Pod of the own: two peers are not one',
    policies: [policy({ ingress: [{ from: [{ namespaceSelector: TEAM }, { podSelector: CLIENT }] }] })],
    passes: [
      ['other', 'web:8080'],
      ['client', 'web:8080'],
    ],
    dropped: [['outside', 'web:8080']],
  },
  {
    title: 'a selector that nobody matches allows nobody',
    policies: [policy({ ingress: [{ from: [{ podSelector: { matchLabels: { app: 'nobody' } } }] }] })],
    dropped: [
      ['client', 'web:8080'],
      ['outside', 'web:8080'],
    ],
  },
  {
    title: 'ports by number, range, name and protocol',
    policies: [
      policy({
        ingress: [
          { ports: [{ port: 'http' }] },
          { from: [{ podSelector: CLIENT }], ports: [{ port: 9000, endPort: 9100, protocol: 'UDP' }] },
        ],
      }),
    ],
    passes: [
      ['client', 'web:8080', 'service:80', 'web:9090/UDP'],
      ['outside', 'web:8080'],
    ],
    dropped: [
      ['client', 'web:9090', 'web:8080/UDP'],
      ['other', 'web:9090/UDP'],
    ],
  },
  {
    title: 'all ports of one protocol, and several of another',
    policies: [policy({ ingress: [{ ports: [{ protocol: 'UDP' }, { port: 9090 }, { port: 9091 }] }] })],
    passes: [['client', 'web:8080/UDP', 'web:9090/UDP', 'web:9090']],
    dropped: [['client', 'web:8080', 'service:80']],
  },
  {
    title: 'a Service’s port is its endpoint’s: not the one that was asked',
    policies: [policy({ ingress: [{ ports: [{ port: 80 }] }] })],
    dropped: [['client', 'service:80', 'web:8080']],
  },
  {
    title: 'egress to Pods by a name that the destination gives its port',
    policies: [policy({ podSelector: CLIENT, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] })],
    passes: [['client', 'web:8080', 'service:80', 'node:30080']],
    dropped: [['client', 'web:9090', 'web:8080/UDP', 'outside:8080', 'other:8080']],
  },
  {
    title: 'egress to Pods, whom a Service stands before',
    policies: [policy({ podSelector: CLIENT, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: WEB }] }] })],
    passes: [['client', 'web:8080', 'service:80', 'web:9090/UDP']],
    dropped: [['client', 'other:8080', 'outside:8080']],
  },
  {
    title: 'networks with exceptions, nested and touching',
    policies: [
      policy({
        ingress: [
          {
            from: block(
              '172.30.0.0/16',
              'fd00:172:30::/64',
              ['172.30.0.0/24', '172.30.0.0/28'],
              ['fd00:172:30::/80', 'fd00:172:30::1/128'],
            ),
          },
          { from: block('10.244.1.0/26', 'fd00:10:244:1::/96', ['10.244.1.7/32'], ['fd00:10:244:1::7/128']) },
        ],
      }),
    ],
    passes: [['client', 'web:8080', 'service:80']],
    dropped: [
      ['other', 'web:8080'],
      ['outside', 'web:8080', 'node:30080'],
    ],
  },
  {
    title: 'several policies add up',
    policies: [
      policy({ ingress: [{ from: [{ podSelector: CLIENT }], ports: [{ port: 8080 }] }] }, 'one'),
      policy({ ingress: [{ from: [{ namespaceSelector: TEAM }] }] }, 'two'),
      policy({ ingress: [] }, 'none'),
    ],
    passes: [
      ['client', 'web:8080'],
      ['other', 'web:8080', 'web:9090'],
    ],
    dropped: [
      ['client', 'web:9090'],
      ['outside', 'web:8080'],
    ],
  },
  {
    title: 'a policy of another namespace says nothing of this one',
    policies: [policy({}, 'p', 'other')],
    passes: [['client', 'web:8080']],
  },
  {
    title: 'both ends must allow',
    policies: [
      policy({ ingress: [{ from: [{ podSelector: CLIENT }] }] }, 'in'),
      policy({ podSelector: CLIENT, policyTypes: ['Egress'], egress: [{ ports: [{ port: 9090 }] }] }, 'out'),
    ],
    passes: [['client', 'web:9090']],
    dropped: [['client', 'web:8080', 'service:80']],
  },
  {
    title: 'Admin denies what a NetworkPolicy allows',
    policies: [
      policy({ ingress: [{}] }),
      cluster('Admin', 10, { ingress: [{ action: 'Deny', from: [{ pods: { podSelector: CLIENT } }] }] }),
    ],
    passes: [
      ['outside', 'web:8080'],
      ['node', 'web:8080'],
    ],
    dropped: [
      ['client', 'web:8080', 'service:80', 'other:8080'],
      ['other', 'web:8080'],
    ],
  },
  {
    title: 'Admin accepts what a NetworkPolicy does not',
    policies: [
      policy({}),
      cluster('Admin', 10, {
        ingress: [
          {
            action: 'Accept',
            from: [{ namespaces: TEAM }],
            protocols: [{ tcp: { destinationPort: { range: { start: 8000, end: 8100 } } } }],
          },
        ],
      }),
    ],
    passes: [['other', 'web:8080', 'service:80']],
    dropped: [
      ['other', 'web:9090', 'web:8080/UDP'],
      ['client', 'web:8080'],
    ],
  },
  {
    title: 'the lower number is asked first; Pass leaves it to NetworkPolicies',
    policies: [
      policy({ ingress: [{ from: [{ podSelector: CLIENT }], ports: [{ port: 8080 }] }] }),
      cluster('Admin', 1, {
        ingress: [{ action: 'Pass', from: [{ pods: { namespaceSelector: {}, podSelector: CLIENT } }] }],
      }),
      cluster('Admin', 2, { ingress: [{ action: 'Deny', from: [EVERYBODY] }] }),
      cluster('Baseline', 1, { ingress: [{ action: 'Deny', from: [EVERYBODY] }] }, 'b'),
    ],
    passes: [
      ['client', 'web:8080', 'service:80'],
      ['outside', 'client:8080'],
    ],
    dropped: [
      ['client', 'web:9090'],
      ['other', 'web:8080', 'client:8080'],
      ['web', 'client:8080'],
    ],
  },
  {
    title: 'Baseline is for Pods that no NetworkPolicy isolates',
    policies: [
      policy({ ingress: [{ from: [{ podSelector: CLIENT }] }] }),
      cluster('Baseline', 1, { ingress: [{ action: 'Deny', from: [EVERYBODY] }] }),
    ],
    passes: [
      ['client', 'web:8080'],
      ['outside', 'client:8080'],
    ],
    dropped: [
      ['web', 'client:8080'],
      ['other', 'client:8080'],
    ],
  },
  {
    title: 'the first rule that matches decides',
    policies: [
      cluster('Admin', 1, {
        ingress: [
          { action: 'Accept', from: [EVERYBODY], protocols: [{ destinationNamedPort: 'http' }] },
          { action: 'Deny', from: [EVERYBODY] },
        ],
      }),
    ],
    passes: [
      ['client', 'web:8080', 'service:80'],
      ['other', 'web:8080'],
    ],
    dropped: [['client', 'web:9090', 'web:8080/UDP', 'other:8080']],
  },
  {
    title: 'egress to nodes, of which a Pod’s own is one',
    policies: [
      cluster('Admin', 1, {
        subject: { pods: { podSelector: CLIENT } },
        egress: [
          { action: 'Accept', to: [{ nodes: {} }], protocols: [{ tcp: { destinationPort: { number: 9090 } } }] },
          { action: 'Deny', to: [{ nodes: {} }] },
        ],
      }),
    ],
    passes: [
      ['client', 'node:9090', 'outside:8080', 'web:8080', 'node:30080'],
      ['web', 'node:8080'],
      ['node', 'client:8080'],
    ],
    dropped: [['client', 'node:8080', 'node:9090/UDP']],
  },
  {
    title: 'egress to networks',
    policies: [
      cluster('Admin', 1, {
        egress: [
          { action: 'Accept', to: [{ networks: ['172.30.0.1/32', 'fd00:172:30::1/128'] }], protocols: [{ tcp: {} }] },
          { action: 'Deny', to: [{ networks: ['172.30.0.0/24', 'fd00:172:30::/64'] }] },
        ],
      }),
    ],
    passes: [['client', 'outside:8080', 'web:8080', 'service:80']],
    dropped: [['client', 'outside:8080/UDP']],
  },
];
