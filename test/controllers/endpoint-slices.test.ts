/** What an endpoint says of its Pod: conditions, ports, for whom it is meant, and since when. One table each. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../src/objects/kinds.js';
import { resources } from '../../src/objects/resources.js';
import { Cluster, template, workload } from './cluster.js';

const { pods, services, nodes, endpoints: endpointsOf, endpointslices, replicasets } = resources;

const ZONE = 'topology.kubernetes.io/zone';
const TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Two nodes in two zones, a third without, and a Service of three Pods on them, of one family. */
function start(service: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}, replicas = 3): Cluster {
  const at = new Cluster();
  at.node('n1', { labels: { [ZONE]: 'a' } });
  at.node('n2', { labels: { [ZONE]: 'b' } });
  at.node('n3');
  at.create({
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.96.0.7',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
      ...service,
    },
  });
  at.create(workload('ReplicaSet', 'web', { replicas }));
  return at.run();
}

const all = (at: Cluster) => at.list(endpointslices).flatMap(slice => slice.endpoints);
const podOn = (at: Cluster, node: string): Pod => at.list(pods).find(pod => pod.spec.nodeName === node)!;
const unready = (at: Cluster, node: string, time?: string) =>
  at.status(podOn(at, node), { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: time }] });

/** `n1: zone a` per endpoint with a hint, in the order of nodes. */
function hints(at: Cluster): string[] {
  return all(at)
    .map(({ nodeName, hints: { forZones = [], forNodes = [] } = {} }) =>
      [
        `${nodeName}:`,
        ...forZones.map(({ name }) => `zone ${name}`),
        ...forNodes.map(({ name }) => `node ${name}`),
      ].join(' '),
    )
    .filter(text => !text.endsWith(':'))
    .sort();
}

describe('hints of endpoints', () => {
  const annotated = (key: string, value: string) => ({ annotations: { [`service.kubernetes.io/${key}`]: value } });
  /** trafficDistribution and metadata of the Service, and for whom its endpoints are. */
  const rows: readonly (readonly [string | undefined, Record<string, unknown>, ...string[]])[] = [
    [undefined, {}],
    ['PreferClose', {}, 'n1: zone a', 'n2: zone b'],
    ['PreferSameZone', {}, 'n1: zone a', 'n2: zone b'],
    ['PreferSameNode', {}, 'n1: zone a node n1', 'n2: zone b node n2', 'n3: node n3'],
    ['PreferSameZone', annotated('topology-mode', 'Disabled'), 'n1: zone a', 'n2: zone b'],
    ['PreferSameZone', annotated('topology-mode', 'Auto')],
    ['PreferSameZone', annotated('topology-aware-hints', 'auto')],
    [undefined, annotated('topology-mode', 'Auto')],
  ];
  for (const [trafficDistribution, metadata, ...expected] of rows) {
    const title = `${trafficDistribution} ${JSON.stringify(metadata)}: ${expected.join(', ') || 'none'}`;
    it(title, () => assert.deepEqual(hints(start({ trafficDistribution }, metadata)), expected));
  }

  it('are for ready endpoints only', () => {
    const at = start({ trafficDistribution: 'PreferSameNode' });
    unready(at, 'n1');
    at.remove(pods, podOn(at, 'n2').metadata.name);
    at.settle();
    assert.deepEqual(hints(at), ['n3: node n3']);
  });

  it('come and go with the field', () => {
    const at = start();
    const choose = (value?: string) => {
      at.edit(services, 'web', web => (web.spec.trafficDistribution = value));
      return hints(at.settle());
    };
    assert.deepEqual(choose('PreferSameNode'), ['n1: zone a node n1', 'n2: zone b node n2', 'n3: node n3']);
    assert.deepEqual(choose('PreferClose'), ['n1: zone a', 'n2: zone b']);
    assert.deepEqual(choose(), []);
  });

  it('follow a node that moves, and nothing else is written', () => {
    const at = start({ trafficDistribution: 'PreferSameZone' });
    const before = at.done.update ?? 0;
    at.edit(nodes, 'n3', node => (node.metadata.labels[ZONE] = 'b'));
    assert.deepEqual(hints(at.settle()), ['n1: zone a', 'n2: zone b', 'n3: zone b']);
    assert.equal(at.done.update! - before, 1);
    at.edit(nodes, 'n1', node => delete node.metadata.labels[ZONE]);
    assert.deepEqual(hints(at.settle()), ['n2: zone b', 'n3: zone b']);
    at.advance(10).settle();
    assert.equal(at.done.update! - before, 2, 'a heartbeat moves nobody');
  });
});

describe('conditions of an endpoint', () => {
  /** Whether the Pod is ready and being deleted, publishNotReadyAddresses, and what is said (KEP-1672). */
  const rows: readonly (readonly [ready: boolean, deleted: boolean, publish: boolean, words: string])[] = [
    [true, false, false, 'ready serving'],
    [false, false, false, ''],
    [true, true, false, 'serving terminating'],
    [false, true, false, 'terminating'],
    [true, false, true, 'ready serving'],
    [false, false, true, 'ready'],
    [true, true, true, 'ready serving terminating'],
    [false, true, true, 'ready terminating'],
  ];
  for (const [ready, deleted, publishNotReadyAddresses, words] of rows) {
    const pod = [ready ? 'ready' : 'unready', deleted && 'deleted', publishNotReadyAddresses && 'published anyway'];
    it(`${pod.filter(Boolean).join(', ')}: ${words || 'none'}`, () => {
      const at = start({ publishNotReadyAddresses });
      if (!ready) unready(at, 'n1');
      if (deleted) at.remove(pods, podOn(at, 'n1').metadata.name);
      at.settle();
      const { conditions } = all(at).find(({ nodeName }) => nodeName === 'n1')!;
      assert.deepEqual(Object.keys(conditions!), ['ready', 'serving', 'terminating']);
      const said = Object.entries(conditions!).filter(([, value]) => value);
      assert.equal(said.map(([name]) => name).join(' '), words);
    });
  }

  it('are told until the Pod is gone, and not longer', () => {
    const at = start();
    at.edit(replicasets, 'web', web => (web.spec.replicas = 2));
    at.settle();
    assert.equal(all(at).filter(({ conditions }) => conditions?.terminating).length, 1);
    at.run();
    assert.deepEqual(
      all(at).map(({ conditions }) => conditions?.terminating),
      [false, false],
    );
  });
});

describe('ports of an endpoint', () => {
  const ports = (at: Cluster) =>
    at
      .list(endpointslices)
      .map(slice => `${slice.endpoints.length}: ${slice.ports?.map(({ name, port }) => `${name}=${port}`).join(' ')}`)
      .sort();
  const sidecar = (restartPolicy?: string) =>
    template('web', 'pause', {
      containers: [{ name: 'c', image: 'pause' }],
      initContainers: [{ name: 's', image: 'pause', restartPolicy, ports: [{ name: 'http', containerPort: 9000 }] }],
    });
  const named = {
    ports: [
      { name: 'web', port: 80, targetPort: 'http' },
      { name: 'meter', port: 90, targetPort: 'meter' },
    ],
  };

  it('are those that the Pod has; without any it is an endpoint still', () => {
    const at = start(named, {}, 1);
    assert.deepEqual(ports(at), ['1: web=8080']);
    at.edit(services, 'web', web => web.spec.ports.shift());
    assert.deepEqual(ports(at.settle()), ['1: ']);
    assert.deepEqual(at.get(endpointsOf, 'web')!.subsets, [], 'Endpoints have no words for it');
  });

  it('may be a sidecar’s, and not those of an init container that is over', () => {
    for (const [restartPolicy, expected] of [
      ['Always', '1: web=9000'],
      [undefined, '1: '],
    ] as const) {
      const at = start(named, {}, 0);
      at.create(
        workload('ReplicaSet', 'other', {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          template: sidecar(restartPolicy),
        }),
      );
      assert.deepEqual(ports(at.run()), [expected]);
    }
  });
});

describe('labels of slices', () => {
  it('are those of the Service, but for what only the controller says; names of Object.prototype are labels, too', () => {
    const odd = { constructor: 'a', toString: 'b', hasOwnProperty: '' };
    const claims = { 'service.kubernetes.io/headless': '', 'kubernetes.io/service-name': 'db', tier: 'front' };
    const at = start({ selector: { app: 'web' } }, { labels: { ...odd, ...claims } });
    const expected = {
      ...odd,
      tier: 'front',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    };
    assert.deepEqual(at.list(endpointslices)[0]!.metadata.labels, expected);
    at.edit(services, 'web', web => delete web.metadata.labels.constructor);
    at.settle();
    assert.equal(Object.hasOwn(at.list(endpointslices)[0]!.metadata.labels!, 'constructor'), false);
  });

  it('and an empty selector selects nobody and makes no slice', () => {
    assert.deepEqual(start({ selector: {} }).list(endpointslices), []);
    assert.equal(all(start({ selector: { constructor: 'Object' } })).length, 0);
  });
});

describe('the time of the last change', () => {
  const time = (at: Cluster) => [
    ...new Set(at.list(endpointslices).map(({ metadata }) => metadata.annotations?.[TRIGGER])),
    at.get(endpointsOf, 'web')!.metadata.annotations?.[TRIGGER],
  ];
  const clock = (seconds: number) =>
    new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString().replace('.000', '');

  it('is the Service’s birth first, then that of the Pod’s readiness that is news', () => {
    const at = start({}, {}, 0);
    assert.deepEqual(time(at), [clock(0), clock(0)]);
    at.advance(90);
    at.edit(replicasets, 'web', web => (web.spec.replicas = 1));
    at.run();
    assert.deepEqual(time(at), [clock(90), clock(90)]);
    at.advance(10);
    unready(at, at.list(pods)[0]!.spec.nodeName!, clock(95));
    at.settle();
    assert.deepEqual(time(at), [clock(95), clock(95)]);
  });

  it('is the earliest of several, and old news do not count', () => {
    const at = start();
    at.advance(60);
    unready(at, 'n1', clock(57));
    unready(at, 'n2', clock(55));
    at.settle();
    assert.deepEqual(time(at), [clock(55), clock(55)]);
    unready(at, 'n3', clock(59));
    at.settle();
    assert.deepEqual(time(at), [clock(59), clock(59)]);
  });

  it('is not known when a Pod goes or a label comes, and is then left out', () => {
    const at = start();
    at.advance(60);
    at.edit(replicasets, 'web', web => (web.spec.replicas = 2));
    at.run();
    assert.deepEqual(time(at), [undefined, undefined]);
  });

  it('does not depend on who asks: a controller that starts anew says nothing new', () => {
    const at = start();
    const before = at.list(endpointslices);
    at.advance(60);
    at.edit(services, 'web', web => (web.metadata.annotations = { a: 'b' }));
    at.settle();
    assert.deepEqual(at.list(endpointslices), before);
  });

  it('and other annotations come from hand-made Endpoints, but not theirs', () => {
    const at = new Cluster();
    at.create({ kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: { ports: [{ port: 80 }] } });
    const annotations = { [TRIGGER]: clock(1), 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'mine' };
    at.create({
      kind: 'Endpoints',
      metadata: { name: 'web', namespace: 'default', annotations },
      subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }],
    });
    at.run();
    assert.deepEqual(at.list(endpointslices)[0]!.metadata.annotations, { note: 'mine' });
    at.edit(endpointsOf, 'web', web => (web.metadata.annotations = {}));
    at.run();
    assert.deepEqual(at.list(endpointslices)[0]!.metadata.annotations, {});
  });
});
