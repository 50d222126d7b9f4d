/** The agent's numbers: every line by Prometheus' grammar, kube-proxy's names with their types and labels, and what they count. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { agentConfig } from '../../src/agent/config.js';
import { metricsText } from '../../src/agent/metrics.js';
import { NodeNetwork } from '../../src/agent/node-network.js';
import { proxyMetrics } from '../../src/agent/proxy-metrics.js';
import { type Flush, isEligible, SyncState } from '../../src/agent/sync-state.js';
import { FakeKernel } from '../../src/kernel/fake.js';
import type { KernelFailure } from '../../src/kernel/port.js';
import { buildCluster } from '../../src/model/builder.js';
import { Cidr } from '../../src/net/cidr.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { exponential, Histogram } from '../../src/report/histogram.js';
import { histogram, metric } from '../../src/report/metrics.js';
import { DnsCounters } from '../../src/serve/dns-counters.js';
import { DnsMetrics } from '../../src/serve/dns-metrics.js';
import { parseExposition } from './prometheus.js';
import { CONFIG } from './world.js';

const START = Date.parse('2026-01-01T00:00:00Z');
beforeEach(() => mock.timers.enable({ apis: ['Date'], now: START }));
afterEach(() => mock.timers.reset());

const cluster = (...objects: object[]) =>
  buildCluster(objects as unknown as KubeObject[], {
    serviceCidrs: [Cidr.of('10.96.0.0/16'), Cidr.of('fd00:10:96::/112')],
  });
const read = (sync: SyncState, more: Partial<Parameters<typeof proxyMetrics>[0]> = {}) =>
  parseExposition(
    proxyMetrics({
      sync,
      families: ['IPv4', 'IPv6'],
      cluster: cluster(),
      here: { node: 'n1' },
      healthz: new Map([
        [200, 3],
        [503, 1],
      ]),
      livez: new Map([[200, 4]]),
      ...more,
    }),
  );

const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name },
  spec: { clusterIP: '10.96.0.7', ports: [{ port: 80, nodePort: 30080 }], ...spec },
});
const slice = (of: string, nodes: readonly string[], more: object = {}, addressType = 'IPv4') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    namespace: 'default',
    name: `${of}-${addressType}`,
    labels: { 'kubernetes.io/service-name': of },
    ...more,
  },
  addressType,
  ports: [{ port: 8080 }],
  endpoints: nodes.map((nodeName, i) => ({
    addresses: [addressType === 'IPv4' ? `10.244.1.${i + 2}` : `fd00:10:244::${i + 2}`],
    nodeName,
    conditions: { ready: true, serving: true, terminating: false },
  })),
});
const upsert = (object: object) => ({ type: 'upsert', object: object as KubeObject }) as const;
const triggered = (seconds: number) => ({
  annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': new Date(START + seconds * 1000).toISOString() },
});
const flush = (more: Partial<Flush> = {}): Flush => ({ seconds: 0.003, applied: 1, failures: [], ...more });
const failure = (kind: 'element' | 'route', verb: 'add' | 'delete') =>
  ({ operation: { verb, object: { kind } }, errno: 'EINVAL', message: '' }) as unknown as KernelFailure;

/** kube-proxy's metrics, their types and the labels of each (Kubernetes 1.33, metrics reference). */
const KUBE_PROXY: readonly (readonly [name: string, type: string, ...labels: string[]])[] = [
  ['kubeproxy_network_programming_duration_seconds', 'histogram', 'ip_family'],
  ['kubeproxy_proxy_healthz_total', 'counter', 'code'],
  ['kubeproxy_proxy_livez_total', 'counter', 'code'],
  ['kubeproxy_sync_proxy_rules_duration_seconds', 'histogram', 'ip_family'],
  ['kubeproxy_sync_proxy_rules_endpoint_changes_pending', 'gauge'],
  ['kubeproxy_sync_proxy_rules_endpoint_changes_total', 'counter'],
  ['kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds', 'gauge', 'ip_family'],
  ['kubeproxy_sync_proxy_rules_last_timestamp_seconds', 'gauge', 'ip_family'],
  ['kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total', 'counter', 'ip_family'],
  ['kubeproxy_sync_proxy_rules_nftables_sync_failures_total', 'counter', 'ip_family'],
  ['kubeproxy_sync_proxy_rules_no_local_endpoints_total', 'gauge', 'ip_family', 'traffic_policy'],
  ['kubeproxy_sync_proxy_rules_service_changes_pending', 'gauge'],
  ['kubeproxy_sync_proxy_rules_service_changes_total', 'counter'],
];

describe('the text', () => {
  it('has kube-proxy’s metrics, types and labels, each with its help', () => {
    const families = read(new SyncState());
    const shape = [...families.values()].map(({ name, type, samples }) => [
      name,
      type,
      ...Object.keys(samples[0]!.labels).filter(label => label !== 'le'),
    ]);
    assert.deepEqual(shape.sort(), KUBE_PROXY);
    for (const { name, help } of families.values()) assert.ok(help, name);
  });

  it('keeps to the grammar as a whole, whatever stands in a label', () => {
    const network = new NodeNetwork(agentConfig(CONFIG), new FakeKernel(), []);
    const odd = 'a"b\\c\nd';
    const others = [
      new DnsMetrics().text(new DnsCounters()),
      metric('x_total', 'counter', 'X.', [[{ odd }, 1e21]]),
      proxyMetrics({
        sync: new SyncState(),
        families: ['IPv4'],
        cluster: network.cluster,
        here: { node: 'n1' },
        healthz: new Map(),
        livez: new Map(),
      }),
    ];
    const families = parseExposition(
      metricsText({ node: 'n1', network, attachments: () => 0, pools: () => [], others: () => others }),
    );
    assert.deepEqual(families.get('x_total')!.samples, [{ name: 'x_total', labels: { odd }, value: 1e21 }]);
    assert.ok(families.has('podwire_build_info'));
  });

  it('of a histogram counts each value once, at its bound or beyond the last', () => {
    const measured = new Histogram(exponential(0.001, 2, 3));
    for (const seconds of [0.001, 0.0011, 0.004, 9]) measured.observe(seconds);
    const text = histogram('h', 'H.', [[{ a: 'b' }, measured]]);
    assert.deepEqual(text.split('\n').slice(2, -1), [
      'h_bucket{a="b",le="0.001"} 1',
      'h_bucket{a="b",le="0.002"} 2',
      'h_bucket{a="b",le="0.004"} 3',
      'h_bucket{a="b",le="+Inf"} 4',
      'h_sum{a="b"} 9.0061',
      'h_count{a="b"} 4',
    ]);
    parseExposition(text);
  });
});

describe('the numbers', () => {
  const value = (sync: SyncState, name: string, labels: object = {}, more = {}) => {
    const family = read(sync, more).get(`kubeproxy_${name.replace(/_(count|sum)$/, '')}`);
    return family?.samples.find(
      sample =>
        sample.name === `kubeproxy_${name}` &&
        Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted),
    )?.value;
  };

  it('tell what came, what waits and when', () => {
    const sync = new SyncState();
    mock.timers.setTime(START + 1000);
    for (const object of [service('a'), service('a'), slice('a', ['n1']), { kind: 'Node', metadata: { name: 'n1' } }])
      sync.seen(upsert(object));
    const all = () =>
      [
        'service_changes_total',
        'service_changes_pending',
        'endpoint_changes_total',
        'endpoint_changes_pending',
        'last_queued_timestamp_seconds',
        'last_timestamp_seconds',
      ].map(name => value(sync, `sync_proxy_rules_${name}`));
    assert.deepEqual(all(), [2, 1, 1, 1, START / 1000 + 1, 0]);
    mock.timers.setTime(START + 2000);
    sync.flushed(flush());
    assert.deepEqual(all(), [2, 0, 1, 0, START / 1000 + 1, START / 1000 + 2]);
    for (const family of ['IPv4', 'IPv6'])
      assert.equal(value(sync, 'sync_proxy_rules_duration_seconds_count', { ip_family: family }), 1);
  });

  it('tell how long a change took from the Pod to the kernel, in its family', () => {
    const sync = new SyncState();
    const took = (family: string) =>
      ['count', 'sum'].map(end => value(sync, `network_programming_duration_seconds_${end}`, { ip_family: family }));
    mock.timers.setTime(START + 5000);
    sync.seen(upsert(slice('old', ['n1'], triggered(-10))));
    sync.seen(upsert(slice('undated', ['n1'])));
    sync.seen(upsert(slice('web', ['n1'], triggered(3))));
    sync.seen(upsert(slice('web', ['n1'], triggered(4), 'IPv6')));
    sync.seen(upsert(slice('web', ['n1'], {}, 'IPv6')));
    sync.seen(upsert(slice('gone', ['n1'], triggered(3))));
    sync.seen({ type: 'delete', object: slice('gone', []) as unknown as KubeObject });
    assert.deepEqual(
      [took('IPv4'), took('IPv6')],
      [
        [0, 0],
        [0, 0],
      ],
      'not before it is in the kernel',
    );
    mock.timers.setTime(START + 6000);
    sync.flushed(flush());
    sync.flushed(flush());
    assert.deepEqual(
      [took('IPv4'), took('IPv6')],
      [
        [1, 3],
        [1, 2],
      ],
    );
  });

  it('tell apart what the kernel would not add and what it would not delete, and only of nftables', () => {
    const sync = new SyncState();
    sync.flushed(flush({ failures: [failure('element', 'add'), failure('element', 'add')] }));
    sync.flushed(flush({ failures: [failure('element', 'delete')] }));
    sync.flushed(flush({ failures: [failure('route', 'add')] }));
    const of = (name: string) => value(sync, `sync_proxy_rules_nftables_${name}_failures_total`);
    assert.deepEqual([of('sync'), of('cleanup')], [1, 1]);
  });

  it('tell how many Services with policy Local this node has nothing for', () => {
    const local = { internalTrafficPolicy: 'Local' };
    const outside = { type: 'NodePort', externalTrafficPolicy: 'Local' };
    const of = (...objects: object[]) => {
      const more = { cluster: cluster(...objects) };
      return ['internal', 'external'].flatMap(policy =>
        ['IPv4', 'IPv6'].map(family =>
          value(
            new SyncState(),
            'sync_proxy_rules_no_local_endpoints_total',
            { traffic_policy: policy, ip_family: family },
            more,
          ),
        ),
      );
    };
    assert.deepEqual(of(service('a', local), slice('a', ['n1', 'n2'])), [0, 0, 0, 0]);
    assert.deepEqual(of(service('a', local), slice('a', ['n2'])), [1, 0, 0, 0]);
    assert.deepEqual(of(service('a', { ...local, ...outside }), slice('a', ['n2'])), [1, 0, 1, 0]);
    assert.deepEqual(of(service('a', { ...local, ...outside }), slice('a', [])), [0, 0, 0, 0], 'served nowhere');
    assert.deepEqual(of(service('a'), slice('a', ['n2'])), [0, 0, 0, 0], 'policy Cluster');
  });
});

describe('the node is healthy', () => {
  it('as long as nothing waits for more than a minute', () => {
    const sync = new SyncState();
    const after = (seconds: number) => {
      mock.timers.setTime(Date.now() + seconds * 1000);
      return sync.healthy;
    };
    assert.equal(after(600), true, 'nothing waits');
    sync.seen(upsert(service('a')));
    assert.equal(after(59), true);
    sync.seen(upsert(service('b')));
    assert.equal(after(2), false, 'it counts from the first');
    sync.flushed(flush({ applied: 0, failures: [failure('element', 'add')] }));
    assert.equal(sync.healthy, false, 'the kernel took nothing');
    sync.flushed(flush({ failures: [failure('element', 'add')] }));
    assert.equal(sync.healthy, true, 'one Service that it refuses is not the node');
  });

  it('and is to stay, unless it is being deleted or marked for it', () => {
    const rows: readonly (readonly [object | undefined, boolean])[] = [
      [undefined, true],
      [{ metadata: { name: 'n1' } }, true],
      [{ metadata: { name: 'n1' }, spec: { taints: [{ key: 'node.kubernetes.io/unschedulable' }] } }, true],
      [{ metadata: { name: 'n1' }, spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler' }] } }, false],
      [{ metadata: { name: 'n1', deletionTimestamp: '2026-01-01T00:00:00Z' } }, false],
      [{ metadata: { name: 'n1' }, spec: { taints: 'nonsense' } }, true],
    ];
    for (const [node, eligible] of rows) assert.equal(isEligible(node), eligible, JSON.stringify(node));
  });
});
