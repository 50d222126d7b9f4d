/** EndpointSlices: which Pods serve a Service, told by changing Pods one by one; and how little of the slices is touched. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resources } from '../../src/objects/resources.js';
import { Cluster, template, workload } from './cluster.js';

const { pods, services, endpointslices, replicasets } = resources;

function start(service: Record<string, unknown> = {}, replicas = 2): Cluster {
  const at = new Cluster();
  at.node('n1', { labels: { 'topology.kubernetes.io/zone': 'a' } });
  at.node('n2', { labels: { 'topology.kubernetes.io/zone': 'b' } });
  const ports = [{ port: 80, targetPort: 'http', protocol: 'TCP' }];
  at.create({
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, clusterIP: '10.96.0.7', ipFamilies: ['IPv4', 'IPv6'], ports, ...service },
  });
  at.create(workload('ReplicaSet', 'web', { replicas }));
  return at.run();
}

/** `10.244.0.5 n1/a ready` of one family, sorted. */
function endpoints(at: Cluster, family = 'IPv4'): string[] {
  const all = at
    .list(endpointslices)
    .filter(({ addressType }) => addressType === family)
    .flatMap(slice => slice.endpoints);
  return all
    .map(({ conditions, nodeName, zone }) => {
      const words = Object.entries(conditions!)
        .filter(([, value]) => value)
        .map(([name]) => name);
      return `${nodeName}/${zone} ${words.join(' ')}`.trim();
    })
    .sort();
}

const slices = (at: Cluster) =>
  at
    .list(endpointslices)
    .map(
      ({ addressType, endpoints: some, ports }) =>
        `${addressType} ${some.length} ${(ports ?? []).map(({ port }) => port)}`,
    )
    .sort();
const first = (at: Cluster) => at.list(pods)[0]!;

describe('EndpointSlice', () => {
  it('names each ready Pod in both families, with node, zone and the number of the named port', () => {
    const at = start();
    assert.deepEqual(endpoints(at), ['n1/a ready serving', 'n2/b ready serving']);
    assert.deepEqual(endpoints(at, 'IPv6'), endpoints(at));
    assert.deepEqual(slices(at), ['IPv4 2 8080', 'IPv6 2 8080']);
    assert.equal(at.list(endpointslices)[0]!.metadata.labels!['kubernetes.io/service-name'], 'web');
  });

  /** What one Pod’s change makes of its endpoint. */
  const changes: readonly (readonly [string, Record<string, unknown>, (at: Cluster) => void, readonly string[]])[] = [
    [
      'a Pod that is not ready does not serve',
      {},
      at => at.status(first(at), { conditions: [{ type: 'Ready', status: 'False' }] }),
      ['n1/a', 'n2/b ready serving'],
    ],
    [
      'unless the Service publishes it anyway',
      { publishNotReadyAddresses: true },
      at => at.status(first(at), { conditions: [{ type: 'Ready', status: 'False' }] }),
      ['n1/a ready', 'n2/b ready serving'],
    ],
    [
      'a terminating Pod still serves, but is not ready',
      {},
      at => at.remove(pods, first(at).metadata.name),
      ['n1/a serving terminating', 'n2/b ready serving'],
    ],
    [
      'a finished Pod is no endpoint',
      {},
      at => at.finish(first(at).metadata.name, 'Succeeded'),
      ['n2/b ready serving'],
    ],
    [
      'a Pod without the label is none either',
      {},
      at => at.edit(pods, first(at).metadata.name, pod => (pod.metadata.labels = {})),
      ['n2/b ready serving'],
    ],
  ];
  for (const [title, service, change, expected] of changes) {
    it(title, () => {
      const at = start(service);
      change(at);
      at.settle();
      // Whoever replaces the Pod has no address yet.
      assert.deepEqual(endpoints(at), expected);
    });
  }

  it('a Service without Pods has one empty slice per family', () => {
    const at = start({}, 0);
    assert.deepEqual(slices(at), ['IPv4 0 ', 'IPv6 0 ']);
  });

  it('a named port that differs between Pods makes two groups', () => {
    const at = start({ ipFamilies: ['IPv4'] });
    const other = template('web');
    other.spec.containers[0]!.ports[0]!.containerPort = 9090;
    at.create({
      ...other,
      kind: 'Pod',
      metadata: {
        name: 'other',
        namespace: 'default',
        labels: { app: 'web', other: '' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'x', controller: true }],
      },
    });
    at.run();
    assert.deepEqual(slices(at), ['IPv4 1 9090', 'IPv4 2 8080']);
  });

  it('a headless Service tells host names', () => {
    const at = new Cluster();
    at.node('n1');
    at.create({
      kind: 'Service',
      metadata: { name: 'db', namespace: 'default' },
      spec: { selector: { app: 'db' }, clusterIP: 'None', ipFamilies: ['IPv4'] },
    });
    at.create(workload('StatefulSet', 'db', { replicas: 2, serviceName: 'db' }));
    at.run();
    assert.deepEqual(
      at
        .list(endpointslices)
        .flatMap(slice => slice.endpoints.map(({ hostname }) => hostname))
        .sort(),
      ['db-0', 'db-1'],
    );
    assert.ok('service.kubernetes.io/headless' in at.list(endpointslices)[0]!.metadata.labels!);
  });

  it('a slice holds 100 endpoints, and one change touches one slice', () => {
    const at = start({ ipFamilies: ['IPv4'] }, 210);
    assert.deepEqual(slices(at), ['IPv4 10 8080', 'IPv4 100 8080', 'IPv4 100 8080']);
    const before = at.list(endpointslices);
    at.status(first(at), { conditions: [{ type: 'Ready', status: 'False' }] });
    at.settle();
    assert.equal(at.list(endpointslices).filter(slice => !before.includes(slice)).length, 1);
    at.edit(replicasets, 'web', web => (web.spec.replicas = 211));
    at.run();
    assert.deepEqual(slices(at), ['IPv4 100 8080', 'IPv4 100 8080', 'IPv4 11 8080']);
  });

  it('slices that nobody made for a selector are left alone', () => {
    const at = start({}, 0);
    at.create({
      kind: 'EndpointSlice',
      metadata: { name: 'mine', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.1'] }],
    });
    at.create({ kind: 'Service', metadata: { name: 'bare', namespace: 'default' }, spec: { ports: [] } });
    at.run();
    assert.deepEqual(slices(at), ['IPv4 0 ', 'IPv4 1 ', 'IPv6 0 ']);
  });

  it('go with their Service', () => {
    const at = start();
    at.remove(services, 'web');
    at.run();
    assert.deepEqual(slices(at), []);
  });
});
