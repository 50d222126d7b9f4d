/** What policies dropped, as Prometheus sees it. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { policyMetrics } from '../../src/agent/policy-metrics.js';

it('rules with one cause are one number, and other rules that count are none', () => {
  const rule = (chain: string, cause: string, packets: number) => ({ chain, cause, packets });
  const text = policyMetrics({
    counted: () => [
      rule('policy-ingress-aa', 'isolated for ingress by NetworkPolicy default/web', 3),
      rule('policy-ingress-bb', 'isolated for ingress by NetworkPolicy default/web', 4),
      rule('policy-egress-cc', 'ClusterNetworkPolicy all egress 2', 1),
      rule('refuse', 'refused', 9),
    ],
  });
  assert.deepEqual(
    text.split('\n').filter(line => line.startsWith('podwire_')),
    [
      'podwire_policy_drops_total{direction="ingress",cause="isolated for ingress by NetworkPolicy default/web"} 7',
      'podwire_policy_drops_total{direction="egress",cause="ClusterNetworkPolicy all egress 2"} 1',
    ],
  );
});
