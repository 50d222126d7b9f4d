/** What every way of enforcing policies must do, as tables: policies, and what they block. Written from the API's documents, by hand. */

export interface Case {
  readonly title: string;
  /** YAML documents; the kind is NetworkPolicy unless they say otherwise. */
  readonly policies: string;
  // `FROM → TO PORT`: each end a place, a namespace's Pods `x/*`, those of one name `*/a`, `!` and the others, or `*`; PORT as
  // `TCP 80` or `*`. What none of these names is allowed.
  readonly blocked: readonly string[];
}

const policy = (namespace: string, spec: string, name = 'p') =>
  `metadata: {namespace: ${namespace}, name: ${name}}\nspec: ${spec}\n`;
const clusterPolicy = (name: string, spec: string) =>
  `kind: ClusterNetworkPolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const all = (...documents: readonly string[]) => documents.join('---\n');

/** To and from Pods; a Pod's own node always reaches it, and it its node. */
export const CASES: readonly Case[] = [
  { title: 'without policies everything passes', policies: '', blocked: [] },
  {
    title: 'deny all ingress',
    policies: policy('x', '{podSelector: {}, policyTypes: [Ingress]}'),
    blocked: ['* → x/* *'],
  },
  {
    title: 'deny all egress',
    policies: policy('x', '{podSelector: {}, policyTypes: [Egress]}'),
    blocked: ['x/* → * *'],
  },
  {
    title: 'deny all, both ways',
    policies: policy('x', '{podSelector: {}, policyTypes: [Ingress, Egress]}'),
    blocked: ['* → x/* *', 'x/* → * *'],
  },
  {
    title: 'an empty rule allows everything',
    policies: policy('x', '{podSelector: {}, ingress: [{}], egress: [{}], policyTypes: [Ingress, Egress]}'),
    blocked: [],
  },
  {
    title: 'only the Pods selected are isolated',
    policies: policy('x', '{podSelector: {matchLabels: {pod: a}}}'),
    blocked: ['* → x/a *'],
  },
  {
    title: 'a podSelector is of the own namespace',
    policies: policy('x', '{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]}'),
    blocked: ['!x/b → x/* *'],
  },
  {
    title: 'a namespaceSelector allows all Pods there',
    policies: policy('x', '{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}}]}]}'),
    blocked: ['!y/* → x/* *'],
  },
  {
    title: 'an empty namespaceSelector allows all Pods, and nobody else',
    policies: policy('x', '{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}'),
    blocked: ['n1 → x/* *', 'n2 → x/* *', 'outside → x/* *'],
  },
  {
    title: 'both selectors in one peer: both must match',
    policies: policy(
      'x',
      '{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}, podSelector: {matchLabels: {pod: b}}}]}]}',
    ),
    blocked: ['!y/b → x/* *'],
  },
  {
    title: 'two peers: either may match',
    policies: policy(
      'x',
      '{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}}, {podSelector: {matchLabels: {pod: b}}}]}]}',
    ),
    blocked: ['x/a → x/* *', 'x/c → x/* *', 'z/* → x/* *', 'n1 → x/* *', 'n2 → x/* *', 'outside → x/* *'],
  },
  {
    title: 'expressions: In, NotIn, Exists, DoesNotExist, also of labels that are not there',
    policies: policy(
      'x',
      '{podSelector: {matchExpressions: [{key: pod, operator: NotIn, values: [b, c]}]}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}, {namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}, podSelector: {matchExpressions: [{key: tier, operator: In, values: [db, x]}, {key: nosuch, operator: NotIn, values: [q]}]}}]}]}',
    ),
    blocked: ['x/b → x/a *', 'y/a → x/a *', 'y/b → x/a *', 'n1 → x/a *', 'n2 → x/a *', 'outside → x/a *'],
  },
  {
    title: 'a selector that matches nobody allows nobody',
    policies: policy('x', '{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {pod: nosuch}}}]}]}'),
    blocked: ['* → x/* *'],
  },
  {
    title: 'a port by its number',
    policies: policy('x', '{podSelector: {}, ingress: [{ports: [{port: 80}]}]}'),
    blocked: ['* → x/* TCP 81', '* → x/* UDP 80'],
  },
  {
    title: 'a port by its name: each Pod’s own number',
    policies: policy('x', '{podSelector: {}, ingress: [{ports: [{port: web}]}]}'),
    blocked: ['* → x/a TCP 81', '* → x/b TCP 81', '* → x/c TCP 80', '* → x/* UDP 80'],
  },
  {
    title: 'a port by its name, for egress: the destination’s number, and no port of who has no names',
    policies: policy(
      'x',
      '{podSelector: {matchLabels: {pod: a}}, policyTypes: [Egress], egress: [{ports: [{port: web}]}]}',
    ),
    blocked: [
      'x/a → */a TCP 81',
      'x/a → */b TCP 81',
      'x/a → */c TCP 80',
      'x/a → * UDP 80',
      'x/a → n2 *',
      'x/a → outside *',
    ],
  },
  {
    title: 'a name of another protocol is another port',
    policies: policy(
      'x',
      '{podSelector: {}, ingress: [{ports: [{port: dns, protocol: UDP}, {port: web, protocol: UDP}]}]}',
    ),
    blocked: ['* → x/* TCP 80', '* → x/* TCP 81'],
  },
  {
    title: 'a range of ports, and a protocol alone',
    policies: policy('x', '{podSelector: {}, ingress: [{ports: [{port: 81, endPort: 90}, {protocol: UDP}]}]}'),
    blocked: ['* → x/* TCP 80'],
  },
  {
    title: 'rules join peers and ports; several rules add up',
    policies: policy(
      'x',
      '{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}], ports: [{port: 80}]}, {from: [{namespaceSelector: {matchLabels: {ns: y}}}], ports: [{port: 81}]}]}',
    ),
    blocked: ['* → x/* UDP 80', '!x/b → x/* TCP 80', '!y/* → x/* TCP 81'],
  },
  {
    title: 'several policies add up',
    policies: all(
      policy('x', '{podSelector: {}}', 'deny'),
      policy(
        'x',
        '{podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]}',
        'b',
      ),
      policy(
        'x',
        '{podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{podSelector: {matchLabels: {pod: c}}}]}]}',
        'c',
      ),
    ),
    blocked: ['* → x/b *', '* → x/c *', 'y/* → x/a *', 'z/* → x/a *', 'n1 → x/a *', 'n2 → x/a *', 'outside → x/a *'],
  },
  {
    title: 'egress of one and ingress of the other must both allow',
    policies: all(
      policy(
        'x',
        '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {ns: y}}}]}]}',
      ),
      policy(
        'y',
        '{podSelector: {matchLabels: {pod: a}}, ingress: [{from: [{namespaceSelector: {matchLabels: {ns: z}}}]}]}',
      ),
    ),
    blocked: ['x/* → x/* *', 'x/* → z/* *', 'x/* → n1 *', 'x/* → n2 *', 'x/* → outside *', '!z/* → y/a *'],
  },
  {
    title: 'a block of addresses, without what it excepts',
    policies: policy(
      'x',
      '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24, except: [203.0.113.0/30]}}, {ipBlock: {cidr: "2001:db8::/64"}}]}]}',
    ),
    blocked: ['!outside → x/* *'],
  },
  {
    title: 'an exception wins within its block, and another block over it',
    policies: policy(
      'x',
      '{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.244.1.0/24, 10.244.2.0/24]}}, {ipBlock: {cidr: 10.244.2.0/25}}, {ipBlock: {cidr: "::/0", except: ["fd00:10:244:1::/64"]}}]}]}',
    ),
    blocked: ['*/a → x/* *'],
  },
  {
    title: 'blocks see Pods’ addresses, too',
    policies: policy(
      'x',
      '{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.244.3.0/24}}, {ipBlock: {cidr: "fd00:10:244:3::/64"}}]}]}',
    ),
    blocked: ['x/* → */a *', 'x/* → */b *', 'x/* → n1 *', 'x/* → n2 *', 'x/* → outside *'],
  },
  {
    title: 'Admin denies what a NetworkPolicy allows',
    policies: all(
      policy('x', '{podSelector: {}, ingress: [{}]}'),
      clusterPolicy(
        'deny',
        '{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {matchLabels: {ns: y}}}]}]}',
      ),
    ),
    blocked: ['y/* → */* *'],
  },
  {
    title: 'Admin accepts what a NetworkPolicy does not allow, but not the other end’s egress',
    policies: all(
      policy('x', '{podSelector: {}}'),
      policy('z', '{podSelector: {}, policyTypes: [Egress]}'),
      clusterPolicy(
        'accept',
        '{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}',
      ),
    ),
    blocked: ['n1 → x/* *', 'n2 → x/* *', 'outside → x/* *', 'z/* → * *'],
  },
  {
    title: 'the lower priority is asked first, and rules in their order',
    policies: all(
      clusterPolicy(
        'late',
        '{tier: Admin, priority: 9, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}',
      ),
      clusterPolicy(
        'early',
        '{tier: Admin, priority: 1, subject: {namespaces: {matchLabels: {ns: x}}}, ingress: [{action: Accept, from: [{pods: {podSelector: {matchLabels: {pod: b}}, namespaceSelector: {matchLabels: {ns: y}}}}]}, {action: Deny, from: [{namespaces: {matchLabels: {ns: y}}}]}]}',
      ),
    ),
    blocked: ['y/a → x/* *', 'y/c → x/* *'],
  },
  {
    title: 'Pass leaves it to NetworkPolicies, and they to nobody',
    policies: all(
      policy('x', '{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}'),
      clusterPolicy(
        'pass',
        '{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Pass, from: [{namespaces: {matchLabels: {team: red}}}]}, {action: Deny, from: [{namespaces: {}}]}]}',
      ),
      clusterPolicy(
        'base',
        '{tier: Baseline, priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}',
      ),
    ),
    blocked: ['y/* → x/* *', 'z/* → */* *', 'n1 → x/* *', 'n2 → x/* *', 'outside → x/* *'],
  },
  {
    title: 'Baseline denies where no NetworkPolicy selects the Pod',
    policies: all(
      policy('x', '{podSelector: {matchLabels: {pod: a}}, ingress: [{}]}'),
      clusterPolicy(
        'base',
        '{tier: Baseline, priority: 1, subject: {namespaces: {matchLabels: {ns: x}}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}',
      ),
    ),
    blocked: ['*/* → x/b *', '*/* → x/c *'],
  },
  {
    title: 'ports of a ClusterNetworkPolicy, also by name',
    policies: clusterPolicy(
      'ports',
      '{tier: Admin, priority: 1, subject: {pods: {podSelector: {}, namespaceSelector: {matchLabels: {ns: x}}}}, ingress: [{action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: web}, {udp: {destinationPort: {range: {start: 70, end: 90}}}}]}]}',
    ),
    blocked: ['*/* → x/a TCP 80', '*/* → x/b TCP 80', '*/* → x/c TCP 81', '*/* → x/* UDP 80'],
  },
  {
    title: 'networks see Pods, too, unless they are passed before',
    policies: clusterPolicy(
      'net',
      '{tier: Admin, priority: 1, subject: {namespaces: {matchLabels: {ns: x}}}, egress: [{action: Pass, to: [{namespaces: {matchLabels: {ns: y}}}]}, {action: Deny, to: [{networks: [0.0.0.0/0, "::/0"]}]}]}',
    ),
    blocked: ['x/* → x/* *', 'x/* → z/* *', 'x/* → n1 *', 'x/* → n2 *', 'x/* → outside *', 'own node'],
  },
  {
    title: 'nodes, also the own one',
    policies: clusterPolicy(
      'nodes',
      '{tier: Admin, priority: 1, subject: {namespaces: {matchLabels: {ns: x}}}, egress: [{action: Deny, to: [{nodes: {matchLabels: {kubernetes.io/hostname: n1}}}]}]}',
    ),
    blocked: ['x/* → n1 *', 'own node'],
  },
];
