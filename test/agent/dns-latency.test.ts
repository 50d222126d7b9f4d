/** How long a Pod's change takes to its name: which changes count, and when they are over. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { DnsLatency } from '../../src/agent/dns-latency.js';
import { buildCluster } from '../../src/model/builder.js';
import { Cidr } from '../../src/net/cidr.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { parseExposition } from './prometheus.js';

const START = Date.parse('2026-01-01T00:00:00Z');
beforeEach(() => mock.timers.enable({ apis: ['Date'], now: START }));
afterEach(() => mock.timers.reset());

const service = (name: string, spec: object) =>
  ({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name }, spec }) as unknown as KubeObject;
const cluster = buildCluster(
  [
    service('db', { clusterIP: 'None', selector: { app: 'db' } }),
    service('manual', { clusterIP: 'None' }),
    service('web', { clusterIP: '10.96.0.7', selector: { app: 'web' }, ports: [{ port: 80 }] }),
  ],
  { serviceCidrs: [Cidr.of('10.96.0.0/16')] },
);
const slice = (name: string, at?: string) =>
  ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    metadata: {
      namespace: 'shop',
      name: `${name}-1`,
      labels: { 'kubernetes.io/service-name': name },
      annotations: { ...(at && { 'endpoints.kubernetes.io/last-change-trigger-time': at }) },
    },
  }) as unknown as KubeObject;

function count(latency: DnsLatency) {
  const { samples } = parseExposition(latency.text()).get('coredns_kubernetes_dns_programming_duration_seconds')!;
  const of = (suffix: string) => samples.find(({ name }) => name.endsWith(suffix))!.value;
  return [of('_count'), of('_sum')];
}

test('Pods behind a headless Service count, once, from their change to the answer', () => {
  const latency = new DnsLatency();
  for (const name of ['db', 'manual', 'web'])
    latency.seen({ type: 'upsert', object: slice(name, '2026-01-01T00:00:10Z') }, cluster);
  mock.timers.setTime(START + 12_000);
  latency.published();
  latency.published();
  assert.deepEqual(count(latency), [1, 2]);
});

test('what happened before the agent started does not, nor what was taken back', () => {
  const latency = new DnsLatency();
  latency.seen({ type: 'upsert', object: slice('db', '2025-12-31T23:59:59Z') }, cluster);
  latency.published();
  latency.seen({ type: 'upsert', object: slice('db', '2026-01-01T00:00:10Z') }, cluster);
  latency.seen({ type: 'delete', object: slice('db') }, cluster);
  latency.published();
  assert.deepEqual(count(latency), [0, 0]);
});
