/** The oracle of policies under the suite that everybody else must pass, too; and what it gives as causes. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { policyIntent } from '../../src/intent/policy.js';
import { buildCluster } from '../../src/model/builder.js';
import type { Cluster } from '../../src/model/cluster.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { RANGES } from '../plan/world.js';
import { CASES } from '../suites/policy/cases.js';
import { policiesOf, policySuite } from '../suites/policy/suite.js';
import { ipOf, objects } from '../suites/policy/world.js';

const clusterOf = (policies: readonly KubeObject[]) => buildCluster([...objects(), ...policies], RANGES);
let cluster: Cluster;

policySuite('intent', {
  apply(policies) {
    cluster = clusterOf(policies);
  },
  passes({ from, to, family, ...rest }) {
    return policyIntent(cluster, { source: ipOf(from, family), destination: ipOf(to, family), ...rest }).allowed;
  },
});

/** [case, from, to, egress, ingress] for TCP 80. */
const CAUSES: readonly (readonly [string, string, string, string, string])[] = [
  ['without policies everything passes', 'x/a', 'x/b', 'no policy decides of egress', 'no policy decides of ingress'],
  ['deny all ingress', 'y/a', 'x/a', 'no policy decides of egress', 'isolated for ingress by NetworkPolicy x/p'],
  ['deny all ingress', 'n1', 'x/a', 'no Pod', 'own node'],
  ['deny all ingress', 'x/a', 'x/a', 'the Pod itself', 'the Pod itself'],
  ['two peers: either may match', 'y/a', 'x/a', 'no policy decides of egress', 'NetworkPolicy x/p ingress 1'],
  [
    'rules join peers and ports; several rules add up',
    'x/a',
    'x/c',
    'no policy decides of egress',
    'isolated for ingress by NetworkPolicy x/p',
  ],
  [
    'several policies add up',
    'x/a',
    'x/b',
    'no policy decides of egress',
    'isolated for ingress by NetworkPolicy x/deny',
  ],
  [
    'the lower priority is asked first, and rules in their order',
    'y/a',
    'x/a',
    'no policy decides of egress',
    'ClusterNetworkPolicy early ingress 2',
  ],
];

for (const [title, from, to, egress, ingress] of CAUSES)
  it(`${title}: ${from} → ${to} because of ${ingress}`, () => {
    const one = CASES.find(other => other.title === title)!;
    const [source, destination] = [ipOf(from, 4), ipOf(to, 4)];
    const answer = policyIntent(clusterOf(policiesOf(one)), { source, destination, protocol: 'TCP', port: 80 });
    assert.deepEqual([answer.egress.because, answer.ingress.because], [egress, ingress]);
  });
