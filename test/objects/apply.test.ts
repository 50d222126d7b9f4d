/** Server-side apply as stories: who owns what, who may change it, and what goes when nobody wants it any more. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { applyDefaults } from '../../src/objects/defaults.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { apply, trackUpdate } from '../../src/objects/patch/apply.js';
import { FieldSet } from '../../src/objects/patch/field-set.js';
import { resourceOf } from './help.js';

const NOW = '2026-01-01T00:00:00Z';
const LATER = '2026-01-02T00:00:00Z';

/** An object under test, with the writes that change it. */
class Story {
  live: KubeObject | undefined;

  apply(
    manager: string,
    yaml: string,
    { force = false, now = NOW, subresource }: { force?: boolean; now?: string; subresource?: string } = {},
  ): string | undefined {
    const config = parse(yaml) as KubeObject;
    const resource = resourceOf(config);
    const result = apply({ resource, live: this.live, config, manager, force, now, subresource });
    if ('conflicts' in result) return result.message;
    this.live = applyDefaults(resource, result.object);
    return undefined;
  }

  update(manager: string, change: (object: never) => unknown, subresource?: string, now = NOW): void {
    const next = change(structuredClone(this.live) as never) as KubeObject;
    this.live = trackUpdate({ resource: resourceOf(next), old: this.live, next, manager, subresource, now });
  }

  create(manager: string, yaml: string): void {
    const next = parse(yaml) as KubeObject;
    const resource = resourceOf(next);
    this.live = trackUpdate({ resource, next: applyDefaults(resource, next), manager, now: NOW });
  }

  get spec(): never {
    return this.live?.spec as never;
  }

  /** Manager and operation, and the paths they own. */
  get owners(): Record<string, string[]> {
    const entries = this.live?.metadata.managedFields ?? [];
    return Object.fromEntries(
      entries.map(entry => [`${entry.manager} ${entry.operation}`, FieldSet.fromJson(entry.fieldsV1).paths().sort()]),
    );
  }
}

const deployment = (spec: string, labels = '') => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web${labels}}
spec: ${spec}`;
const WEB = deployment(
  '{replicas: 2, template: {spec: {containers: [{name: c, image: "1", ports: [{containerPort: 80}]}]}}}',
);

test('an applier owns what it said, not what was defaulted', () => {
  const story = new Story();
  story.apply('alice', WEB);
  assert.deepEqual(story.owners, {
    'alice Apply': [
      '.spec.replicas',
      '.spec.template.spec.containers[name="c"]',
      '.spec.template.spec.containers[name="c"].image',
      '.spec.template.spec.containers[name="c"].name',
      '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]',
      '.spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].containerPort',
    ],
  });
  assert.equal((story.spec as { progressDeadlineSeconds: number }).progressDeadlineSeconds, 600);
});

test('managedFields are encoded as FieldsV1', () => {
  const story = new Story();
  story.apply('alice', '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x/y]}, data: {k: v}}');
  assert.deepEqual(story.live?.metadata.managedFields, [
    {
      manager: 'alice',
      operation: 'Apply',
      apiVersion: 'v1',
      time: NOW,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { 'f:k': {} }, 'f:metadata': { 'f:finalizers': { 'v:"x/y"': {} } } },
    },
  ]);
});

test('a field of another applier is a conflict, in the words of the real server', () => {
  const story = new Story();
  story.apply('alice', WEB);
  assert.equal(
    story.apply('bob', deployment('{replicas: 3}')),
    'Apply failed with 1 conflict: conflict with "alice": .spec.replicas',
  );
  assert.equal(
    story.apply('bob', deployment('{replicas: 3, template: {spec: {containers: [{name: c, image: "2"}]}}}')),
    'Apply failed with 2 conflicts: conflicts with "alice":\n- .spec.replicas\n- .spec.template.spec.containers[name="c"].image',
  );
  assert.equal(story.apply('bob', deployment('{replicas: 2}')), undefined, 'to agree is no conflict');
  assert.ok(story.owners['bob Apply']?.includes('.spec.replicas'));
});

test('force takes the field over', () => {
  const story = new Story();
  story.apply('alice', WEB);
  story.apply('bob', deployment('{replicas: 3}'), { force: true });
  assert.equal((story.spec as { replicas: number }).replicas, 3);
  assert.deepEqual(story.owners['bob Apply'], ['.spec.replicas']);
  assert.ok(!story.owners['alice Apply']?.includes('.spec.replicas'));
});

test('an updater is named with its version', () => {
  const story = new Story();
  story.create('kubectl-create', WEB);
  assert.equal(
    story.apply('alice', deployment('{replicas: 5}')),
    'Apply failed with 1 conflict: conflict with "kubectl-create" using apps/v1: .spec.replicas',
  );
});

test('what an applier no longer applies goes, and the default returns', () => {
  const story = new Story();
  story.apply(
    'alice',
    deployment(
      '{replicas: 4, paused: true, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: "1"}, {name: d, image: "1"}]}}}',
      ', labels: {x: y}',
    ),
  );
  story.apply('alice', deployment('{template: {spec: {containers: [{name: c, image: "1"}]}}}'));
  const spec = story.spec as {
    replicas: number;
    paused?: boolean;
    template: { metadata?: unknown; spec: { containers: { name: string }[] } };
  };
  assert.equal(spec.replicas, 1);
  assert.equal(spec.paused, undefined);
  assert.equal(story.live?.metadata.labels, undefined);
  assert.deepEqual(
    spec.template.spec.containers.map(container => container.name),
    ['c'],
  );
});

test('but not what somebody else owns too', () => {
  const story = new Story();
  story.apply('alice', deployment('{replicas: 4}', ', labels: {x: y, z: "1"}'));
  story.apply('bob', deployment('{}', ', labels: {x: y}'));
  story.apply('alice', deployment('{replicas: 4}'));
  assert.deepEqual(story.live?.metadata.labels, { x: 'y' });
});

test('an item that an updater added to a list stays', () => {
  const story = new Story();
  story.apply(
    'alice',
    '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: x, env: [{name: A, value: a}]}]}}',
  );
  story.update('injector', (pod: { spec: { containers: { env: unknown[] }[] } }) => {
    pod.spec.containers[0]!.env.push({ name: 'B', value: 'b' });
    return pod;
  });
  story.apply('alice', '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: x}]}}');
  assert.deepEqual((story.spec as { containers: { env: unknown }[] }).containers[0]?.env, [{ name: 'B', value: 'b' }]);
});

test('the order of a list is the applied one, others keep their neighbours', () => {
  const story = new Story();
  const pod = (...names: string[]) =>
    `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [${names.map(name => `{name: ${name}, image: x}`).join(', ')}]}}`;
  story.apply('alice', pod('a', 'b', 'c'));
  story.update('injector', (object: { spec: { containers: unknown[] } }) => {
    object.spec.containers.splice(1, 0, { name: 'x', image: 'x' });
    return object;
  });
  story.apply('alice', pod('c', 'a', 'b'));
  const names = (story.spec as { containers: { name: string }[] }).containers.map(container => container.name);
  assert.deepEqual(
    names.filter(name => name !== 'x'),
    ['c', 'a', 'b'],
  );
  assert.ok(names.includes('x'));
});

test('an update owns what it changed and takes it from others', () => {
  const story = new Story();
  story.apply('alice', WEB);
  story.update(
    'hpa',
    (object: { spec: { replicas: number } }) => ({ ...object, spec: { ...object.spec, replicas: 9 } }),
    'scale',
  );
  assert.deepEqual(story.owners['hpa Update'], ['.spec.replicas']);
  assert.ok(!story.owners['alice Apply']?.includes('.spec.replicas'));
  assert.equal(
    story.apply('alice', WEB),
    'Apply failed with 1 conflict: conflict with "hpa" with subresource "scale" using apps/v1: .spec.replicas',
  );
});

test('status is owned by whoever writes /status', () => {
  const story = new Story();
  story.apply('alice', `${WEB}\nstatus: {replicas: 7}`);
  assert.equal(story.live?.status, undefined, 'on the main path a status is no part of what is applied');
  story.update('controller', (object: KubeObject) => ({ ...object, status: { readyReplicas: 2 } }), 'status');
  const entry = story.live?.metadata.managedFields?.find(({ manager }) => manager === 'controller');
  assert.equal(entry?.subresource, 'status');
  assert.deepEqual(
    story.owners['controller Update']?.filter(path => path !== '.status'),
    ['.status.readyReplicas'],
  );
});

test('an update that changes nothing is not recorded, and applying again changes nothing', () => {
  const story = new Story();
  story.apply('alice', WEB);
  const before = story.live;
  story.update('bob', (object: KubeObject) => object, undefined, LATER);
  assert.deepEqual(story.live, before);
  story.apply('alice', WEB, { now: LATER });
  assert.deepEqual(story.live, before);
});

test('one empty entry forgets all owners', () => {
  const story = new Story();
  story.apply('alice', WEB);
  story.update('bob', (object: KubeObject) => ({ ...object, metadata: { ...object.metadata, managedFields: [{}] } }));
  assert.deepEqual(story.owners, {});
});

test('what cannot be read in managedFields is ignored', () => {
  const story = new Story();
  story.apply('alice', WEB);
  for (const fieldsV1 of [null, 'x', [], { 'k:{': { 'f:x': {} } }, { 'f:spec': 7 }]) {
    const metadata = {
      ...story.live!.metadata,
      managedFields: [{ manager: 'm', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1 }],
    };
    story.live = { ...story.live!, metadata: metadata as never };
    assert.equal(story.apply('alice', WEB, { force: true }), undefined);
  }
});

test('kubectl apply --server-side takes over what kubectl apply had set before, and only that', () => {
  const config = '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2}}';
  const story = new Story();
  story.create(
    'kubectl-client-side-apply',
    deployment(
      '{replicas: 2, paused: true}',
      `, annotations: {kubectl.kubernetes.io/last-applied-configuration: '${config}'}`,
    ),
  );
  assert.equal(story.apply('kubectl', deployment('{replicas: 3}')), undefined);
  assert.equal((story.spec as { replicas: number }).replicas, 3);
  assert.match(
    story.live?.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] ?? '',
    /"replicas":3/,
  );
  assert.match(
    story.apply('kubectl', deployment('{replicas: 3, paused: false}')) ?? '',
    /conflict with "kubectl-client-side-apply" using apps\/v1: .spec.paused/,
  );
});

test('labels called __proto__ and constructor are owned like others', () => {
  const story = new Story();
  const config = (value: string) =>
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"__proto__":"${value}","constructor":"c"}}}`;
  const applyJson = (manager: string, text: string, force: boolean) => {
    const object = JSON.parse(text) as KubeObject;
    return apply({ resource: resourceOf(object), live: story.live, config: object, manager, force, now: NOW });
  };
  const first = applyJson('alice', config('1'), false);
  assert.ok('object' in first);
  story.live = first.object;
  assert.equal(JSON.stringify(story.live.metadata.labels), '{"__proto__":"1","constructor":"c"}');
  const second = applyJson('bob', config('2'), false);
  assert.ok('conflicts' in second);
  assert.deepEqual(
    second.conflicts.map(conflict => conflict.field),
    ['.metadata.labels.__proto__'],
  );
});

const name = fc.constantFrom('a', 'b', 'c');
const container = fc.record(
  {
    name,
    image: fc.constantFrom('1', '2'),
    env: fc.uniqueArray(fc.record({ name, value: fc.constantFrom('x', 'y') }), { selector: item => item.name }),
    command: fc.array(name, { maxLength: 2 }),
  },
  { requiredKeys: ['name'] },
);
const config = fc
  .record(
    {
      labels: fc.dictionary(name, fc.constantFrom('1', '2')),
      finalizers: fc.uniqueArray(fc.constantFrom('a/a', 'b/b', 'c/c')),
      containers: fc.uniqueArray(container, { selector: item => item.name }),
      nodeSelector: fc.dictionary(name, fc.constantFrom('1', '2')),
      hostNetwork: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map(
    ({ labels, finalizers, ...spec }) =>
      // Through text, because fast-check's objects have no prototype and deepEqual minds.
      JSON.parse(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'a', ...(labels && { labels }), ...(finalizers && { finalizers }) },
          spec,
        }),
      ) as KubeObject,
  );

const pods = resourceOf({ apiVersion: 'v1', kind: 'Pod' });
const run = (live: KubeObject | undefined, object: KubeObject, manager: string, now = NOW): KubeObject => {
  const result = apply({ resource: pods, live, config: object, manager, force: true, now });
  assert.ok('object' in result);
  return result.object;
};

test('after any applies by any managers, applying the last again changes nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(config, fc.constantFrom('m', 'n')), { minLength: 1, maxLength: 5 }), writes => {
      let live: KubeObject | undefined;
      for (const [object, manager] of writes) live = run(live, object, manager);
      const [object, manager] = writes.at(-1)!;
      assert.deepEqual(run(live, object, manager, LATER), live);
    }),
  );
});

test('a lone applier gets what it applied last and nothing else, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(config, { minLength: 1, maxLength: 4 }), configs => {
      let live: KubeObject | undefined;
      for (const object of configs) live = run(live, object, 'm');
      const { managedFields: _, ...metadata } = live!.metadata;
      assert.deepEqual(strip({ ...live, metadata }), strip(configs.at(-1)!));
    }),
  );
});

/** Empty lists and maps mean as much as absent ones. */
function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, strip(item)] as const);
  return Object.fromEntries(
    entries.filter(([, item]) => !(typeof item === 'object' && item !== null && Object.keys(item).length === 0)),
  );
}

test('a field set is what its text says', () => {
  const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:"y"'), { minLength: 1, maxLength: 3 });
  const set = fc
    .array(path, { maxLength: 6 })
    .map(paths =>
      paths.reduce(
        (sum, steps) =>
          sum.union(
            steps.reduceRight<FieldSet>(
              (below, step) => FieldSet.of(false, new Map([[step, below]])),
              FieldSet.of(true, new Map()),
            ),
          ),
        FieldSet.EMPTY,
      ),
    );
  fc.assert(
    fc.property(set, set, (a, b) => {
      assert.ok(FieldSet.fromJson(a.toJson()).equals(a));
      assert.ok(a.difference(b).union(a.intersection(b)).equals(a));
      assert.ok(a.union(b).difference(b).equals(a.difference(b)));
    }),
  );
});
