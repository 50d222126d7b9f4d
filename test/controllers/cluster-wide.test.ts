/** The controllers of the cluster itself: who may run where, what is garbage, what a lost node costs, what a namespace needs. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isReady } from '../../src/controllers/pods.js';
import { resourcesOfCrd } from '../../src/objects/crd.js';
import type { CustomResourceDefinition } from '../../src/objects/kinds.js';
import { type KubeObject, resources } from '../../src/objects/resources.js';
import { Cluster, template, workload } from './cluster.js';

const { pods, nodes, deployments, replicasets, namespaces, serviceaccounts, configmaps } = resources;

describe('scheduler', () => {
  const node = {
    n1: { labels: { disk: 'ssd', zone: 'a' } },
    n2: { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } },
    n3: { spec: { unschedulable: true } },
  };
  const affinity = (operator: string, key: string, values?: string[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
        },
      },
    },
  });
  const cpu = (amount: string) => ({
    containers: [{ name: 'c', image: 'pause', resources: { requests: { cpu: amount } } }],
  });

  const hostPort = (more: object) => ({
    containers: [{ name: 'c', image: 'pause', ports: [{ containerPort: 80, hostPort: 8080, ...more }] }],
  });

  const rows: readonly (readonly [title: string, spec: Record<string, unknown>, outcome: string])[] = [
    ['any Pod goes where it may', {}, 'n1'],
    [
      'a toleration opens a tainted node, which is emptier by name only',
      { tolerations: [{ key: 'gpu', operator: 'Exists' }], nodeSelector: { 'kubernetes.io/hostname': 'n2' } },
      'n2',
    ],
    [
      'a toleration of another value does not',
      {
        tolerations: [{ key: 'gpu', operator: 'Equal', value: 'no' }],
        nodeSelector: { 'kubernetes.io/hostname': 'n2' },
      },
      "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 2 node(s) didn't match Pod's node affinity/selector.",
    ],
    ['a node selector', { nodeSelector: { disk: 'ssd' } }, 'n1'],
    [
      'a node selector that nobody fits',
      { nodeSelector: { disk: 'tape' } },
      "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
    ],
    ['node affinity', affinity('In', 'zone', ['a', 'b']), 'n1'],
    [
      'node affinity that excludes',
      affinity('Exists', 'gpu'),
      "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
    ],
    ['as much as there is', cpu('4'), 'n1'],
    [
      'more than there is',
      cpu('4001m'),
      '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable.',
    ],
    ['a host port that another Pod has, at another address', hostPort({ hostIP: '172.30.0.12' }), 'n1'],
    ['a host port that another Pod has, of another protocol', hostPort({ protocol: 'UDP' }), 'n1'],
    [
      'a host port that another Pod has',
      hostPort({}),
      "0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable.",
    ],
    ['another scheduler', { schedulerName: 'mine' }, ''],
    ['a gate', { schedulingGates: [{ name: 'wait' }] }, ''],
  ];
  for (const [title, spec, outcome] of rows) {
    it(`${title}: ${outcome || 'left alone'}`, () => {
      const at = new Cluster();
      for (const [name, more] of Object.entries(node)) at.node(name, more);
      const first = { ...hostPort({ hostIP: '172.30.0.11' }), nodeName: 'n1' };
      at.create({
        ...template('there', 'pause', first),
        kind: 'Pod',
        metadata: { name: 'there', namespace: 'default' },
      });
      at.create({ ...template('web', 'pause', spec), kind: 'Pod', metadata: { name: 'web', namespace: 'default' } });
      at.settle();
      const pod = at.get(pods, 'web')!;
      const refusal = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
      assert.equal(pod.spec.nodeName ?? refusal?.message ?? '', outcome);
      assert.equal(at.events.filter(text => text.startsWith('FailedScheduling')).length, refusal ? 1 : 0);
    });
  }

  it('spreads the Pods of one workload, then fills up evenly', () => {
    const at = new Cluster();
    for (const name of ['n1', 'n2', 'n3']) at.node(name);
    at.create(workload('Deployment', 'a', { replicas: 4 }));
    at.run();
    at.create(workload('Deployment', 'b', { replicas: 3 }));
    at.run();
    const count = (app: string) =>
      ['n1', 'n2', 'n3'].map(
        name =>
          at.list(pods).filter(({ spec, metadata }) => spec.nodeName === name && metadata.labels!.app === app).length,
      );
    assert.deepEqual(
      [count('a').sort(), count('b')],
      [
        [1, 1, 2],
        [1, 1, 1],
      ],
    );
  });

  /** Two zones: n1 and n2 in a, n3 in b, n4 in none. Pods in their order, `name app spec`, and where they go. */
  type Placed = readonly [name: string, app: string, spec: object, outcome: string];
  function places(title: string, ...rows: readonly Placed[]): void {
    it(title, () => {
      const at = new Cluster();
      at.create({ kind: 'Namespace', metadata: { name: 'other', labels: { team: 'red' } }, spec: {} });
      for (const [name, zone] of Object.entries({ n1: 'a', n2: 'a', n3: 'b', n4: undefined }))
        at.node(name, { labels: zone ? { zone } : {} });
      for (const [path, app, spec] of rows) {
        const [name, namespace = 'default'] = path.split('.');
        at.create({
          ...template(app, 'pause', spec as Record<string, unknown>),
          kind: 'Pod',
          metadata: { name: name!, namespace, labels: { app } },
        });
        at.now += 1000;
      }
      at.settle();
      const outcome = ([path]: Placed) => {
        const [name, namespace] = path.split('.');
        const pod = at.get(pods, name!, namespace ?? 'default')!;
        const refusal = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
        return pod.spec.nodeName ?? refusal?.message?.replace('0/4 nodes are available: ', '');
      };
      assert.deepEqual(
        rows.map(outcome),
        rows.map(([, , , wanted]) => wanted),
      );
    });
  }
  const term = (app: string, topologyKey: string, more: object = {}) => ({
    requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app } }, topologyKey, ...more }],
  });
  const near = (app: string, key = 'zone', more = {}) => ({ affinity: { podAffinity: term(app, key, more) } });
  const apart = (app: string, key = 'kubernetes.io/hostname', more = {}) => ({
    affinity: { podAntiAffinity: term(app, key, more) },
  });
  const on = (node: string) => ({ nodeSelector: { 'kubernetes.io/hostname': node } });
  const spread = (maxSkew: number, topologyKey: string, more = {}) => ({
    topologySpreadConstraints: [
      {
        maxSkew,
        topologyKey,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'web' } },
        ...more,
      },
    ],
  });

  places(
    'anti-affinity: one of a kind per zone, and none where there is no zone to be told',
    ['a', 'web', apart('web', 'zone'), 'n1'],
    ['b', 'web', apart('web', 'zone'), 'n3'],
    ['c', 'web', apart('web', 'zone'), 'n4'],
    [
      'd',
      'web',
      { ...apart('web', 'zone'), nodeSelector: { zone: 'a' } },
      "2 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match pod anti-affinity rules.",
    ],
  );
  places(
    'anti-affinity holds both ways',
    ['loner', 'loner', { ...apart('web', 'zone'), ...on('n3') }, 'n3'],
    [
      'web',
      'web',
      { nodeSelector: { zone: 'b' } },
      "1 node(s) didn't satisfy existing pods anti-affinity rules, 3 node(s) didn't match Pod's node affinity/selector.",
    ],
  );
  places(
    'affinity: in the zone of the other, which may come later',
    ['web', 'web', near('db'), 'n1'],
    ['far', 'far', near('cache'), "4 node(s) didn't match pod affinity rules."],
    ['db', 'db', on('n2'), 'n2'],
  );
  places(
    'affinity to its own kind: the first goes anywhere that has the label, the next to it',
    ['a', 'web', near('web', 'kubernetes.io/hostname'), 'n1'],
    ['b', 'web', near('web', 'kubernetes.io/hostname'), 'n1'],
  );
  places(
    'other namespaces count when they are named or selected',
    ['db.other', 'db', on('n3'), 'n3'],
    ['none', 'web', near('db'), "4 node(s) didn't match pod affinity rules."],
    ['named', 'web', near('db', 'zone', { namespaces: ['other'] }), 'n3'],
    ['selected', 'web', near('db', 'zone', { namespaceSelector: { matchLabels: { team: 'red' } } }), 'n3'],
  );
  places(
    'spread over zones: never two more in one than in another',
    ['a', 'web', spread(1, 'zone'), 'n1'],
    ['b', 'web', spread(1, 'zone'), 'n3'],
    ['c', 'web', spread(1, 'zone'), 'n2'],
    ['d', 'web', spread(1, 'zone'), 'n3'],
    ['e', 'web', { ...spread(1, 'zone'), ...on('n3') }, 'n3'],
  );
  places(
    'spread: refused where it would be uneven, or where there is no zone',
    ['a', 'web', on('n1'), 'n1'],
    [
      'b',
      'web',
      { ...spread(1, 'zone', { nodeAffinityPolicy: 'Ignore' }), nodeSelector: { zone: 'a' } },
      "2 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match pod topology spread constraints.",
    ],
    [
      'c',
      'web',
      { ...spread(1, 'zone'), ...on('n4') },
      "1 node(s) didn't match pod topology spread constraints (missing required label), 3 node(s) didn't match Pod's node affinity/selector.",
    ],
    ['d', 'web', { ...spread(1, 'zone'), nodeSelector: { zone: 'a' } }, 'n2'],
    [
      'e',
      'web',
      { ...spread(2, 'zone', { minDomains: 3 }), nodeSelector: { zone: 'a' } },
      "2 node(s) didn't match Pod's node affinity/selector, 2 node(s) didn't match pod topology spread constraints.",
    ],
  );

  it('what one Pod takes the next has not', () => {
    const at = new Cluster();
    at.node('n1');
    at.create(workload('Deployment', 'a', { replicas: 3, template: template('a', 'pause', cpu('1500m')) }));
    at.run();
    assert.equal(at.list(pods).filter(({ spec }) => spec.nodeName).length, 2);
    at.node('n2');
    at.run();
    assert.equal(at.list(pods).filter(({ spec }) => spec.nodeName).length, 3, 'a new node takes what waited');
  });
});

describe('garbage collector', () => {
  function start(): Cluster {
    const at = new Cluster();
    at.node('n1');
    at.create(workload('Deployment', 'web', { replicas: 2 }));
    return at.run();
  }
  const left = (at: Cluster) => [at.list(deployments).length, at.list(replicasets).length, at.list(pods).length];

  it('in the background: the owner at once, what it owned after it', () => {
    const at = start();
    at.remove(deployments, 'web');
    assert.deepEqual(left(at), [0, 1, 2]);
    at.run();
    assert.deepEqual(left(at), [0, 0, 0]);
  });

  it('in the foreground: the owner last', () => {
    const at = start();
    at.remove(deployments, 'web', 'Foreground');
    at.settle();
    assert.deepEqual(left(at), [1, 1, 2], 'the Pods still end');
    at.run();
    assert.deepEqual(left(at), [0, 0, 0]);
  });

  it('orphaned: the owner alone, and a new one adopts', () => {
    const at = start();
    const names = at.list(pods).map(({ metadata }) => metadata.name);
    at.remove(deployments, 'web', 'Orphan');
    at.run();
    assert.deepEqual(left(at), [0, 1, 2]);
    assert.deepEqual(at.list(replicasets)[0]!.metadata.ownerReferences, []);
    at.create(workload('Deployment', 'web', { replicas: 2 }));
    at.run();
    assert.deepEqual(left(at), [1, 1, 2]);
    assert.deepEqual(
      at.list(pods).map(({ metadata }) => metadata.name),
      names,
    );
  });

  it('an owner of a kind that nobody knows is not gone', () => {
    const at = new Cluster();
    const ownerReferences = [{ apiVersion: 'example.com/v1', kind: 'Thing', name: 'x', uid: 'x' }];
    at.create({ kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'default', ownerReferences } });
    at.run();
    assert.ok(at.get(configmaps, 'mine'));
  });
});

describe('custom resources', () => {
  const [gadgets] = resourcesOfCrd({
    metadata: { name: 'gadgets.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'gadgets', kind: 'Gadget' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  } as unknown as CustomResourceDefinition);
  const gadget = (name: string, more: object = {}) => ({
    kind: 'Gadget',
    metadata: { name, namespace: 'default', ...more },
  });
  function start(): Cluster {
    const at = new Cluster();
    at.objects.watch(gadgets!);
    at.objects.listed(gadgets!);
    return at;
  }
  const ownedBy = ({ metadata: { name, uid } }: KubeObject, kind: string, apiVersion: string) => ({
    ownerReferences: [{ apiVersion, kind, name, uid }],
  });

  it('own, and are owned, in any version', () => {
    const at = start();
    const top = at.create({ kind: 'ConfigMap', metadata: { name: 'top', namespace: 'default' } });
    const middle = at.create(gadget('middle', ownedBy(top, 'ConfigMap', 'v1')));
    const leaf = { name: 'leaf', namespace: 'default', ...ownedBy(middle, 'Gadget', 'example.com/v1beta1') };
    at.create({ kind: 'ConfigMap', metadata: leaf });
    at.run();
    assert.ok(at.get(gadgets!, 'middle') && at.get(configmaps, 'leaf'));
    at.remove(configmaps, 'top');
    at.run();
    assert.deepEqual([at.list(gadgets!), at.list(configmaps)], [[], []]);
  });

  it('that go with their definition free what they owned', () => {
    const at = start();
    const owner = at.create(gadget('owner'));
    at.create({
      kind: 'ConfigMap',
      metadata: { name: 'leaf', namespace: 'default', ...ownedBy(owner, 'Gadget', 'example.com/v1') },
    });
    at.run();
    at.objects.forget(gadgets!);
    at.run();
    assert.ok(at.get(configmaps, 'leaf'), 'nobody knows the kind of its owner any more');
  });

  it('hold a namespace until their finalizers are gone, and until all of them are known', () => {
    const at = start();
    at.create({ kind: 'Namespace', metadata: { name: 'default' }, spec: { finalizers: ['kubernetes'] } });
    at.create(gadget('free'));
    at.create(gadget('held', { finalizers: ['example.com/mine'] }));
    at.run();
    at.remove(namespaces, 'default');
    at.run();
    assert.deepEqual(
      at.list(gadgets!).map(({ metadata }) => metadata.name),
      ['held'],
    );
    assert.ok(at.get(namespaces, 'default'));
    at.objects.watch(unlisted);
    at.edit(gadgets!, 'held', held => (held.metadata.finalizers = []));
    at.run();
    assert.ok(at.get(namespaces, 'default'), 'a resource of which nothing was listed yet');
    at.objects.listed(unlisted);
    at.advance(1).run();
    assert.deepEqual([at.list(gadgets!), at.list(namespaces)], [[], []]);
  });

  it('a cluster-wide object whose owner is in some namespace is left alone', () => {
    const at = start();
    const ownerReferences = [{ apiVersion: 'example.com/v1', kind: 'Gadget', name: 'x', uid: 'x' }];
    at.create({ kind: 'PriorityClass', metadata: { name: 'mine', ownerReferences }, value: 1 });
    at.run();
    assert.ok(at.get(resources.priorityclasses, 'mine'));
  });

  const unlisted = { ...gadgets!, plural: 'widgets', kind: 'Widget' };
});

describe('nodes', () => {
  it('each has its part of the ranges, and nobody another’s', () => {
    const at = new Cluster();
    at.node('old', { spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] } });
    for (const name of ['n1', 'n2']) at.node(name);
    at.run();
    const ranges = at.list(nodes).map(({ metadata, spec }) => `${metadata.name} ${spec!.podCIDRs!.join(' ')}`);
    assert.deepEqual(ranges.sort(), [
      'n1 10.244.0.0/24 fd00:10:244::/64',
      'n2 10.244.2.0/24 fd00:10:244:2::/64',
      'old 10.244.1.0/24 fd00:10:244:1::/64',
    ]);
  });

  it('a silent one is unknown, serves nobody, and loses its Pods after five minutes', () => {
    const at = new Cluster();
    at.node('n1');
    at.node('n2');
    at.create(workload('ReplicaSet', 'web', { replicas: 2 }));
    at.run();
    at.silent.add('n1');
    at.advance(39).run();
    assert.equal(at.list(pods).filter(isReady).length, 2);
    at.advance(2).run();
    assert.deepEqual(
      at.get(nodes, 'n1')!.spec!.taints!.map(({ key, effect }) => `${key} ${effect}`),
      ['node.kubernetes.io/unreachable NoSchedule', 'node.kubernetes.io/unreachable NoExecute'],
    );
    assert.deepEqual(
      at
        .list(pods)
        .filter(isReady)
        .map(({ spec }) => spec.nodeName),
      ['n2'],
    );
    at.advance(301).run();
    assert.deepEqual(
      at.list(pods).map(({ spec }) => spec.nodeName),
      ['n2', 'n2'],
    );
    at.silent.clear();
    at.advance(1).run();
    assert.deepEqual(at.get(nodes, 'n1')!.spec!.taints, [], 'one that speaks again is as it was');
  });

  it('Pods of a node that is no more are removed without its help', () => {
    const at = new Cluster();
    at.node('n1');
    at.create(workload('ReplicaSet', 'web', { replicas: 1 }));
    at.run();
    at.remove(nodes, 'n1');
    at.settle();
    assert.equal(at.list(pods).filter(({ spec }) => spec.nodeName).length, 0);
  });
});

describe('namespaces', () => {
  it('have a default ServiceAccount, also after it was deleted', () => {
    const at = new Cluster();
    at.create({ kind: 'Namespace', metadata: { name: 'shop' }, spec: { finalizers: ['kubernetes'] } });
    at.run();
    at.remove(serviceaccounts, 'default', undefined, 'shop');
    at.run();
    assert.ok(at.get(serviceaccounts, 'default', 'shop'));
  });

  it('are emptied before they go, and wait for the last Pod', () => {
    const at = new Cluster();
    at.node('n1');
    at.create({ kind: 'Namespace', metadata: { name: 'default' }, spec: { finalizers: ['kubernetes'] } });
    at.create({ kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'default' } });
    at.create(workload('Deployment', 'web', { replicas: 2 }));
    at.run();
    at.remove(namespaces, 'default');
    at.settle();
    assert.ok(at.get(namespaces, 'default'), 'its Pods still end');
    at.run();
    assert.deepEqual(
      [at.list(namespaces), at.list(pods), at.list(deployments), at.list(configmaps), at.list(serviceaccounts)],
      [[], [], [], [], []],
    );
  });
});
