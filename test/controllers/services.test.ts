/** EndpointSlices: which Pods serve a Service, told by changing Pods one by one; and how little of the slices is touched. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NewObject } from '../../src/controllers/controller.js';
import { resources } from '../../src/objects/resources.js';
import { Cluster, template, workload } from './cluster.js';

const { pods, services, endpoints: endpointsOf, endpointslices, replicasets } = resources;

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

/** `10.244.0.5:8080 (10.244.0.6) ` per subset: those that serve, those that do not. */
function subsets(at: Cluster, name = 'web'): string[] | undefined {
  const addresses = (list: readonly { readonly ip: string }[] = []) => list.length;
  return at
    .get(endpointsOf, name)
    ?.subsets?.map(({ addresses: ready, notReadyAddresses, ports = [] }) =>
      [`${addresses(ready)} ready, ${addresses(notReadyAddresses)} not`, ...ports.map(({ port }) => port)].join(' '),
    );
}

describe('Endpoints', () => {
  it('say in one object which Pods serve and which do not, of the first family', () => {
    const at = start();
    assert.deepEqual(subsets(at), ['2 ready, 0 not 8080']);
    const [one] = at.get(endpointsOf, 'web')!.subsets!;
    assert.match(one!.addresses![0]!.ip, /^10\.244\./);
    assert.deepEqual(one!.addresses!.map(({ nodeName, targetRef }) => `${nodeName} ${targetRef!.kind}`).sort(), [
      'n1 Pod',
      'n2 Pod',
    ]);
    at.status(first(at), { conditions: [{ type: 'Ready', status: 'False' }] });
    at.settle();
    assert.deepEqual(subsets(at), ['1 ready, 1 not 8080']);
    assert.deepEqual(subsets(start({ ipFamilies: ['IPv6', 'IPv4'] })), ['2 ready, 0 not 8080']);
  });

  it('are there, and empty, for a Service without Pods; and go with it', () => {
    const at = start({}, 0);
    assert.deepEqual(subsets(at), []);
    at.remove(services, 'web');
    at.run();
    assert.equal(at.get(endpointsOf, 'web'), undefined);
  });

  it('tell when a Pod last became ready', () => {
    const at = start({}, 0);
    const time = () =>
      at.get(endpointsOf, 'web')!.metadata.annotations!['endpoints.kubernetes.io/last-change-trigger-time'];
    assert.equal(time(), '2026-01-01T00:00:00Z');
    at.advance(90);
    at.edit(replicasets, 'web', web => (web.spec.replicas = 1));
    at.run();
    assert.equal(time(), '2026-01-01T00:01:30Z');
  });

  it('name 1000 addresses, those that serve first, and say that there are more', () => {
    const at = start();
    const [subset] = at.get(endpointsOf, 'web')!.subsets!;
    assert.equal(at.get(endpointsOf, 'web')!.metadata.annotations!['endpoints.kubernetes.io/over-capacity'], undefined);
    assert.equal(subset!.addresses!.length, 2);
    for (let i = 0; i < 1005; i++) {
      at.create({
        kind: 'Pod',
        metadata: { name: `p${i}`, namespace: 'default', labels: { app: 'web' } },
        spec: { ...template('web').spec, nodeName: 'n1' },
        status: {
          podIP: `10.1.${i >> 8}.${i & 255}`,
          conditions: [{ type: 'Ready', status: i < 20 ? 'False' : 'True' }],
        },
      });
    }
    at.settle();
    assert.deepEqual(subsets(at), ['987 ready, 13 not 8080']);
    assert.equal(
      at.get(endpointsOf, 'web')!.metadata.annotations!['endpoints.kubernetes.io/over-capacity'],
      'truncated',
    );
  });

  it('of a burst of changes are written once', () => {
    const at = start({}, 100);
    const before = at.get(endpointsOf, 'web')!.metadata.resourceVersion;
    const written = at.done.update ?? 0;
    for (const pod of at.list(pods)) at.status(pod, { conditions: [{ type: 'Ready', status: 'False' }] });
    at.settle();
    assert.notEqual(at.get(endpointsOf, 'web')!.metadata.resourceVersion, before);
    assert.equal(at.done.update! - written, 3, 'one Endpoints, and one slice of each family');
  });
});

describe('hand-made Endpoints', () => {
  const byHand = (metadata: Record<string, unknown>, ...subsets: readonly unknown[]) => ({
    kind: 'Endpoints',
    metadata: { name: 'db', namespace: 'default', ...metadata },
    subsets,
  });
  const ports = [{ name: 'sql', port: 5432 }];
  const both = {
    addresses: [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }],
    notReadyAddresses: [{ ip: '192.0.2.2' }],
    ports,
  };

  function mirrored(spec: Record<string, unknown>, ...made: readonly NewObject[]): Cluster {
    const at = new Cluster();
    at.create({
      kind: 'Service',
      metadata: { name: 'db', namespace: 'default' },
      spec: { clusterIP: '10.96.0.8', ports: [{ port: 1 }], ...spec },
    });
    for (const object of made) at.create(object);
    return at.run();
  }
  const seen = (at: Cluster) =>
    at
      .list(endpointslices)
      .map(slice => {
        const all = slice.endpoints.map(({ addresses, conditions }) => `${addresses}${conditions?.ready ? '' : '!'}`);
        return `${slice.addressType} ${slice.ports?.map(({ name, port }) => `${name}=${port}`)} ${all.join(' ')}`;
      })
      .sort();

  it('of a Service without selector become slices, one per family', () => {
    const at = mirrored({}, byHand({ labels: { tier: 'data' } }, both));
    assert.deepEqual(seen(at), ['IPv4 sql=5432 192.0.2.1 192.0.2.2!', 'IPv6 sql=5432 2001:db8::1']);
    const { labels, ownerReferences } = at.list(endpointslices)[0]!.metadata;
    assert.deepEqual(labels, {
      tier: 'data',
      'kubernetes.io/service-name': 'db',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    });
    assert.equal(ownerReferences![0]!.kind, 'Endpoints');
  });

  it('that change, change their slices; that go, take them along', () => {
    const at = mirrored({}, byHand({}, both));
    at.edit(endpointsOf, 'db', db => (db.subsets = [{ addresses: [{ ip: '192.0.2.9' }], ports }]));
    at.run();
    assert.deepEqual(seen(at), ['IPv4 sql=5432 192.0.2.9']);
    at.remove(endpointsOf, 'db');
    at.run();
    assert.deepEqual(seen(at), []);
  });

  it('written before their Service wait for it', () => {
    const at = new Cluster();
    at.create(byHand({}, both));
    at.run();
    assert.deepEqual(seen(at), []);
    at.create({ kind: 'Service', metadata: { name: 'db', namespace: 'default' }, spec: { ports: [{ port: 1 }] } });
    at.run();
    assert.equal(seen(at).length, 2);
    at.remove(services, 'db');
    at.run();
    assert.deepEqual(seen(at), []);
    assert.ok(at.get(endpointsOf, 'db'), 'what a user wrote stays');
  });

  it('are not mirrored when somebody else writes the slices', () => {
    const skip = { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } };
    const leader = { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } };
    for (const metadata of [skip, leader]) assert.deepEqual(seen(mirrored({}, byHand(metadata, both))), []);
  });

  it('give way to a selector, and those made for a selector go with it', () => {
    const at = mirrored({}, byHand({}, both));
    at.edit(services, 'db', db => (db.spec.selector = { app: 'db' }));
    at.run();
    assert.deepEqual([seen(at), subsets(at, 'db')], [['IPv4  '], []]);
    at.edit(services, 'db', db => delete db.spec.selector);
    at.run();
    assert.equal(at.get(endpointsOf, 'db'), undefined);
  });
});
