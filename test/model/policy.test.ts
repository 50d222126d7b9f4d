/** What policies of both APIs mean: as tables of what is written and what is understood; and what is not, with the field. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { buildCluster, ClusterBuilder } from '../../src/model/builder.js';
import type { PolicyEntry, PolicyRule } from '../../src/model/policy.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { formatLabelSelector } from '../../src/objects/selectors.js';
import { RANGES } from '../plan/world.js';

const networkPolicy = (spec: string) =>
  ({ kind: 'NetworkPolicy', metadata: { namespace: 'shop', name: 'web' }, spec: parse(spec) }) as unknown as KubeObject;
const clusterPolicy = (spec: string) =>
  ({ kind: 'ClusterNetworkPolicy', metadata: { name: 'all' }, spec: parse(spec) }) as unknown as KubeObject;

function entryOf(object: KubeObject): PolicyEntry {
  const [entry] = buildCluster([object], RANGES).policies.values();
  return entry!;
}

/** One line a rule, in the words of the tables below. */
function said({ action, name, peers, ports }: PolicyRule): string {
  const whom = peers?.map(peer => {
    if (peer.kind === 'network') return [peer.cidr, ...peer.except.map(cidr => `!${cidr}`)].join(' ');
    if (peer.kind === 'nodes') return `nodes(${formatLabelSelector(peer.selector)})`;
    const { namespaces, pods } = peer.pods;
    const where = 'name' in namespaces ? namespaces.name : `(${formatLabelSelector(namespaces.selector)})`;
    return `${where}/${formatLabelSelector(pods) || '*'}`;
  });
  const which = ports?.map(({ protocol, port }) => {
    const number = port && ('name' in port ? port.name : port.from === port.to ? port.from : `${port.from}-${port.to}`);
    return [protocol, number].filter(word => word !== undefined).join(' ');
  });
  return [name, action, whom ? `[${whom.join(', ')}]` : 'everybody', which ? `[${which.join(', ')}]` : 'everything']
    .filter(word => word !== undefined)
    .join(' ');
}

/** [title, spec, ingress, egress]; undefined: says nothing of that direction. */
const NETWORK_POLICIES: readonly [string, string, string[] | undefined, string[] | undefined][] = [
  ['the empty one isolates for ingress', 'podSelector: {}', [], undefined],
  ['an egress section affects egress, and ingress too', 'egress: [{}]', [], ['Accept everybody everything']],
  ['an empty egress section does not', 'egress: []', [], undefined],
  ['types are what counts when they are there', '{policyTypes: [Egress], ingress: [{}]}', undefined, []],
  [
    'no peers are all peers, no ports all ports',
    'ingress: [{from: [], ports: []}]',
    ['Accept everybody everything'],
    undefined,
  ],
  [
    'a podSelector is of the policy’s own namespace, and not of a label',
    'ingress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]',
    ['Accept [shop/app=a] everything'],
    undefined,
  ],
  [
    'namespaceSelector alone, both together, and two peers',
    'ingress: [{from: [{namespaceSelector: {}}, {namespaceSelector: {matchLabels: {t: x}}, podSelector: {matchLabels: {app: a}}}, {podSelector: {}}]}]',
    ['Accept [()/*, (t=x)/app=a, shop/*] everything'],
    undefined,
  ],
  [
    'blocks with exceptions; host bits are not meant',
    'ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8, except: [10.1.0.0/16, "10.2.0.0/16"]}}]}]',
    ['Accept [10.0.0.0/8 !10.1.0.0/16 !10.2.0.0/16] everything'],
    undefined,
  ],
  [
    'ports by number, name, range, and a protocol alone',
    'ingress: [{ports: [{port: 80}, {port: dns, protocol: UDP}, {port: 1, endPort: 9}, {protocol: SCTP}]}]',
    ['Accept everybody [TCP 80, UDP dns, TCP 1-9, SCTP]'],
    undefined,
  ],
];

describe('a NetworkPolicy', () => {
  for (const [title, spec, ingress, egress] of NETWORK_POLICIES)
    it(title, () => {
      const entry = entryOf(networkPolicy(spec));
      assert.deepEqual([entry.ingress?.map(said), entry.egress?.map(said)], [ingress, egress]);
      assert.deepEqual(entry.problems, []);
      assert.deepEqual(entry.subject.namespaces, { name: 'shop' });
    });

  const wrong: readonly [string, string, string, string][] = [
    [
      'a block that is none',
      'ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}, {podSelector: {}}]}]',
      'spec.ingress[0].from[0].ipBlock',
      'Accept [shop/*] everything',
    ],
    ['a peer without a field', 'ingress: [{from: [{}]}]', 'spec.ingress[0].from[0]', 'Accept [] everything'],
    [
      'an operator of another version',
      'ingress: [{from: [{podSelector: {matchExpressions: [{key: a, operator: Near, values: [b]}]}}]}]',
      'spec.ingress[0].from[0].podSelector',
      'Accept [] everything',
    ],
    [
      'In without values',
      'ingress: [{from: [{podSelector: {matchExpressions: [{key: a, operator: In}]}}]}]',
      'spec.ingress[0].from[0].podSelector',
      'Accept [] everything',
    ],
    [
      'a range the wrong way',
      'ingress: [{ports: [{port: 9, endPort: 1}]}]',
      'spec.ingress[0].ports[0].port',
      'Accept everybody []',
    ],
    [
      'a protocol that nobody knows',
      'ingress: [{ports: [{protocol: QUIC}]}]',
      'spec.ingress[0].ports[0].protocol',
      'Accept everybody []',
    ],
  ];
  for (const [title, spec, path, rule] of wrong)
    it(`with ${title} allows nothing by it, and says where`, () => {
      const entry = entryOf(networkPolicy(spec));
      assert.deepEqual(entry.ingress!.map(said), [rule]);
      assert.deepEqual(
        entry.problems.map(({ code, message }) => [code, message]),
        [['PW-P501', `NetworkPolicy shop/web: ${path} is not understood; nothing is allowed by it`]],
      );
    });

  it('whose exceptions cover its block says so', () => {
    const { problems } = entryOf(
      networkPolicy('ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]'),
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['PW-P511'],
    );
  });
});

const FRAME = 'tier: Admin\npriority: 7\nsubject: {namespaces: {matchLabels: {team: a}}}\n';

/** [title, ingress and egress, what is understood, the field that is not] */
const CLUSTER_POLICIES: readonly [string, string, string[], string?][] = [
  [
    'rules in their order, with their names',
    'ingress: [{name: mine, action: Pass, from: [{namespaces: {}}]}, {action: Deny, from: [{pods: {podSelector: {matchLabels: {app: x}}, namespaceSelector: {}}}]}]',
    ['mine Pass [()/*] everything', 'Deny [()/app=x] everything'],
  ],
  [
    'networks and nodes, for egress',
    'egress: [{action: Accept, to: [{networks: [10.0.0.0/8, "fd00::/8"]}, {nodes: {}}]}]',
    ['Accept [10.0.0.0/8, fd00::/8, nodes()] everything'],
  ],
  [
    'ports of every form',
    'ingress: [{action: Accept, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: 9}}}}, {sctp: {}}, {destinationNamedPort: dns}]}]',
    ['Accept [()/*] [TCP 80, UDP 1-9, SCTP, dns]'],
  ],
  [
    'an Accept with a peer of a later version matches nothing',
    'egress: [{action: Accept, to: [{domainNames: [a.example]}]}]',
    ['Accept [] everything'],
    'spec.egress[0].to[0]',
  ],
  [
    'a Deny with one denies all, and so does a Pass',
    'egress: [{action: Deny, to: [{domainNames: [a.example]}]}, {action: Pass, to: [{namespaces: {}}], protocols: [{quic: {}}]}]',
    ['Deny everybody everything', 'Deny everybody everything'],
    'spec.egress[0].to[0]',
  ],
  [
    'networks are no peers of ingress',
    'ingress: [{action: Accept, from: [{networks: [10.0.0.0/8]}]}]',
    ['Accept [] everything'],
    'spec.ingress[0].from[0]',
  ],
];

describe('a ClusterNetworkPolicy', () => {
  for (const [title, rules, understood, path] of CLUSTER_POLICIES)
    it(title, () => {
      const { tier, priority, ingress, egress, problems } = entryOf(clusterPolicy(FRAME + rules));
      assert.deepEqual([tier, priority], ['Admin', 7]);
      assert.deepEqual([...(ingress ?? []), ...(egress ?? [])].map(said), understood);
      assert.equal(problems[0]?.message.replace(/^.*: (.*) is not.*$/, '$1'), path);
    });

  it('without rules of a direction says nothing of it', () => {
    const { ingress, egress } = entryOf(clusterPolicy(FRAME));
    assert.deepEqual([ingress, egress], [undefined, undefined]);
  });
});

it('policies come, change and go by their keys, and never throw', () => {
  const builder = new ClusterBuilder(RANGES);
  const said = (type: 'upsert' | 'delete', object: KubeObject) => builder.apply({ type, object }).map(({ key }) => key);
  assert.deepEqual(said('upsert', networkPolicy('{}')), ['NetworkPolicy shop/web']);
  assert.deepEqual(said('upsert', clusterPolicy(FRAME)), ['ClusterNetworkPolicy all']);
  assert.deepEqual(said('delete', networkPolicy('{}')), ['NetworkPolicy shop/web']);
  assert.deepEqual(said('delete', networkPolicy('{}')), []);
  for (const spec of [null, 1, [], { podSelector: 1, ingress: [null], egress: 'x' }, { subject: [], ingress: [1] }])
    for (const kind of ['NetworkPolicy', 'ClusterNetworkPolicy'])
      builder.apply({ type: 'upsert', object: { kind, metadata: { name: 'odd' }, spec } as unknown as KubeObject });
  assert.equal(builder.cluster.policies.size, 3);
});
