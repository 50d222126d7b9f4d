import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { removeOldEvents } from '../../src/apiserver/event-expiry.js';
import { Store } from '../../src/apiserver/store/store.js';
import { configMap, deployment, pod, service, startServer } from './harness.js';

const CM = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const SVC = '/api/v1/namespaces/default/services';
const DEPLOY = '/apis/apps/v1/namespaces/default/deployments';

test('an object through its whole life', async t => {
  const { request } = startServer(t);
  const made = await request(`POST ${CM}`, { body: configMap('a', { k: 'v' }) });
  assert.equal(made.status, 201);
  const { metadata } = made.body;
  assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(metadata.namespace, 'default');

  const read = await request(`GET ${CM}/a`);
  assert.deepEqual(read.body, made.body);

  const put = await request(`PUT ${CM}/a`, { body: { ...read.body, data: { k: 'w' } } });
  assert.equal(put.status, 200);
  assert.equal(put.body.data.k, 'w');
  assert.ok(Number(put.body.metadata.resourceVersion) > Number(metadata.resourceVersion));

  const same = await request(`PUT ${CM}/a`, { body: put.body });
  assert.equal(
    same.body.metadata.resourceVersion,
    put.body.metadata.resourceVersion,
    'a write that changes nothing makes no revision',
  );

  const gone = await request(`DELETE ${CM}/a`);
  assert.equal(gone.status, 200);
  assert.equal(gone.body.status, 'Success');
  assert.equal(gone.body.details.uid, metadata.uid);
  assert.equal((await request(`GET ${CM}/a`)).status, 404);
});

test('generateName gives each object a name of its own', async t => {
  const { request } = startServer(t);
  const names = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const { body } = await request(`POST ${CM}`, { body: { ...configMap(''), metadata: { generateName: 'g-' } } });
    assert.match(body.metadata.name, /^g-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    names.add(body.metadata.name);
  }
  assert.equal(names.size, 20);
});

test('a dry run answers as the real thing and writes nothing', async t => {
  const { request } = startServer(t);
  const before = (await request(`GET ${CM}`)).body.metadata.resourceVersion;
  const made = await request(`POST ${CM}?dryRun=All`, { body: configMap('a') });
  assert.equal(made.status, 201);
  assert.ok(made.body.metadata.uid);
  assert.equal((await request(`GET ${CM}/a`)).status, 404);
  assert.equal((await request(`GET ${CM}`)).body.metadata.resourceVersion, before);
  await request(`POST ${CM}`, { body: configMap('a') });
  assert.equal((await request(`DELETE ${CM}/a?dryRun=All`)).status, 200);
  assert.equal((await request(`GET ${CM}/a`)).status, 200);
});

test('pages of a list are the whole list, in order, with one resourceVersion', async t => {
  const { request } = startServer(t);
  for (let i = 0; i < 25; i++) await request(`POST ${CM}`, { body: configMap(`c${String(i).padStart(2, '0')}`) });
  const whole = (await request(`GET ${CM}`)).body;
  const pages: string[] = [];
  let token = '';
  let version: string | undefined;
  do {
    const { body } = await request(`GET ${CM}?limit=7&continue=${encodeURIComponent(token)}`);
    version ??= body.metadata.resourceVersion;
    assert.equal(body.metadata.resourceVersion, version);
    if (!token) assert.equal(body.metadata.remainingItemCount, 18);
    pages.push(...body.items.map((item: { metadata: { name: string } }) => item.metadata.name));
    token = body.metadata.continue ?? '';
    await request(`POST ${CM}`, { body: configMap(`a${pages.length}`) }); // others write meanwhile
  } while (token);
  assert.deepEqual(
    pages,
    whole.items.map((item: { metadata: { name: string } }) => item.metadata.name),
  );
});

test('selectors choose by labels and fields', async t => {
  const { request } = startServer(t);
  for (const [name, labels, node] of [
    ['a', { app: 'web', tier: 'front' }, 'n1'],
    ['b', { app: 'web' }, 'n2'],
    ['c', { app: 'db' }, 'n1'],
  ] as const) {
    const body = pod(name, { nodeName: node });
    await request(`POST ${PODS}`, { body: { ...body, metadata: { name, labels } } });
  }
  for (const [query, names] of [
    ['labelSelector=app=web', 'a b'],
    ['labelSelector=app%20in%20(web,db),!tier', 'b c'],
    ['labelSelector=app!=web', 'c'],
    ['fieldSelector=spec.nodeName=n1', 'a c'],
    ['fieldSelector=metadata.name!=a', 'b c'],
    ['fieldSelector=spec.nodeName=n1&labelSelector=app=web', 'a'],
    ['fieldSelector=status.phase=Pending', 'a b c'],
  ] as const) {
    const { body } = await request(`GET /api/v1/pods?${query}`);
    assert.equal(body.items.map((item: { metadata: { name: string } }) => item.metadata.name).join(' '), names, query);
  }
});

test('scale changes replicas and says what it selects', async t => {
  const { request } = startServer(t);
  await request(`POST ${DEPLOY}`, { body: deployment('web', 2) });
  const scale = (await request(`GET ${DEPLOY}/web/scale`)).body;
  assert.equal(scale.kind, 'Scale');
  assert.equal(scale.spec.replicas, 2);
  assert.equal(scale.status.selector, 'app=web');
  await request(`PUT ${DEPLOY}/web/scale`, { body: { ...scale, spec: { replicas: 5 } } });
  const patched = await request(`PATCH ${DEPLOY}/web/scale`, {
    body: { spec: { replicas: 7 } },
    type: 'application/merge-patch+json',
  });
  assert.equal(patched.body.spec.replicas, 7);
  const { body } = await request(`GET ${DEPLOY}/web`);
  assert.equal(body.spec.replicas, 7);
  assert.equal(body.metadata.generation, 3);
});

test('status and spec are written by different requests', async t => {
  const { request } = startServer(t);
  const { body } = await request(`POST ${DEPLOY}`, { body: { ...deployment('web'), status: { replicas: 9 } } });
  assert.equal(body.status?.replicas, undefined, 'a status is not created');
  const both = { ...body, spec: { ...body.spec, replicas: 4 }, status: { replicas: 1, observedGeneration: 1 } };
  const viaStatus = (await request(`PUT ${DEPLOY}/web/status`, { body: both })).body;
  assert.equal(viaStatus.spec.replicas, 1);
  assert.equal(viaStatus.status.replicas, 1);
  assert.equal(viaStatus.metadata.generation, 1);
  const viaMain = (await request(`PUT ${DEPLOY}/web`, { body: { ...both, metadata: viaStatus.metadata, status: {} } }))
    .body;
  assert.equal(viaMain.spec.replicas, 4);
  assert.equal(viaMain.status.replicas, 1);
  assert.equal(viaMain.metadata.generation, 2);
});

test('a Pod is bound once', async t => {
  const { request } = startServer(t);
  await request(`POST ${PODS}`, { body: pod('a') });
  const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n1' } };
  assert.equal((await request(`POST ${PODS}/a/binding`, { body })).status, 201);
  const bound = (await request(`GET ${PODS}/a`)).body;
  assert.equal(bound.spec.nodeName, 'n1');
  assert.equal(bound.status.conditions.find((c: { type: string }) => c.type === 'PodScheduled').status, 'True');
  const again = await request(`POST ${PODS}/a/binding`, { body });
  assert.equal(again.status, 409);
  assert.match(again.body.message, /pod a is already assigned to node "n1"/);
});

test('a running Pod is deleted with grace, and gone when its node says so', async t => {
  const { request } = startServer(t);
  await request(`POST ${PODS}`, { body: pod('a', { nodeName: 'n1', terminationGracePeriodSeconds: 20 }) });
  const marked = (await request(`DELETE ${PODS}/a`)).body;
  assert.equal(marked.kind, 'Pod');
  assert.equal(marked.metadata.deletionGracePeriodSeconds, 20);
  const shorter = (await request(`DELETE ${PODS}/a`, { body: { gracePeriodSeconds: 5 } })).body;
  assert.equal(shorter.metadata.deletionGracePeriodSeconds, 5);
  const longer = (await request(`DELETE ${PODS}/a`, { body: { gracePeriodSeconds: 50 } })).body;
  assert.equal(longer.metadata.deletionGracePeriodSeconds, 5);
  const { uid } = marked.metadata;
  assert.equal((await request(`DELETE ${PODS}/a`, { body: { preconditions: { uid: 'other' } } })).status, 409);
  const gone = await request(`DELETE ${PODS}/a`, { body: { gracePeriodSeconds: 0, preconditions: { uid } } });
  assert.equal(gone.body.status, 'Success');
  assert.equal((await request(`GET ${PODS}/a`)).status, 404);
});

test('an unscheduled Pod is deleted at once', async t => {
  const { request } = startServer(t);
  await request(`POST ${PODS}`, { body: pod('a') });
  assert.equal((await request(`DELETE ${PODS}/a`)).body.status, 'Success');
});

test('finalizers hold an object until they are taken; propagation is told by finalizers', async t => {
  const { request } = startServer(t);
  await request(`POST ${CM}`, { body: configMap('a', {}, { finalizers: ['example.com/wait'] }) });
  const marked = (await request(`DELETE ${CM}/a`)).body;
  assert.ok(marked.metadata.deletionTimestamp);
  const rest = { ...marked, metadata: { ...marked.metadata, finalizers: [] } };
  assert.equal((await request(`PUT ${CM}/a`, { body: rest })).status, 200);
  assert.equal((await request(`GET ${CM}/a`)).status, 404);
  for (const [propagationPolicy, finalizer] of [
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ]) {
    await request(`POST ${DEPLOY}`, { body: deployment(finalizer!.toLowerCase()) });
    const { body } = await request(`DELETE ${DEPLOY}/${finalizer!.toLowerCase()}`, { body: { propagationPolicy } });
    assert.deepEqual(body.metadata.finalizers, [finalizer]);
  }
});

test('a namespace stays Terminating until it is finalized, and takes nothing new', async t => {
  const { request } = startServer(t);
  const NS = '/api/v1/namespaces';
  const made = (
    await request(`POST ${NS}`, { body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } } })
  ).body;
  assert.deepEqual(made.spec.finalizers, ['kubernetes']);
  assert.equal(made.status.phase, 'Active');
  assert.equal(made.metadata.labels['kubernetes.io/metadata.name'], 'shop');
  const marked = (await request(`DELETE ${NS}/shop`)).body;
  assert.equal(marked.status.phase, 'Terminating');
  const refused = await request(`POST ${NS}/shop/configmaps`, { body: configMap('a') });
  assert.equal(refused.status, 403);
  assert.match(refused.body.message, /unable to create new content in namespace shop because it is being terminated/);
  const done = await request(`PUT ${NS}/shop/finalize`, { body: { ...marked, spec: { finalizers: [] } } });
  assert.equal(done.status, 200);
  assert.equal((await request(`GET ${NS}/shop`)).status, 404);
  assert.equal((await request(`DELETE ${NS}/kube-system`)).status, 403);
});

test('deletecollection takes what its selectors choose', async t => {
  const { request } = startServer(t);
  for (const name of ['a', 'b', 'c']) {
    await request(`POST ${CM}`, { body: configMap(name, {}, { labels: { keep: String(name === 'b') } }) });
  }
  await request(`DELETE ${CM}?labelSelector=keep=false`);
  const { body } = await request(`GET ${CM}`);
  assert.deepEqual(
    body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['b'],
  );
});

test('the cluster begins with its namespaces and the Service kubernetes, and a restart changes nothing', async t => {
  const first = startServer(t);
  const { body } = await first.request(`GET ${SVC}/kubernetes`);
  assert.deepEqual(body.spec.clusterIPs, ['10.96.0.1', 'fd00:10:96::1']);
  const slices = (await first.request('GET /apis/discovery.k8s.io/v1/namespaces/default/endpointslices')).body.items;
  assert.deepEqual(
    slices.map((s: { endpoints: { addresses: string[] }[] }) => s.endpoints[0]!.addresses[0]),
    ['172.30.0.1', 'fd00:172:30::1'],
  );
  const namespaces = (await first.request('GET /api/v1/namespaces')).body;
  assert.equal(
    namespaces.items.map((n: { metadata: { name: string } }) => n.metadata.name).join(' '),
    'default kube-node-lease kube-public kube-system',
  );
  const version = namespaces.metadata.resourceVersion;
  await first.server.close();
  const second = startServer(t, { stateDir: first.stateDir });
  assert.equal((await second.request('GET /api/v1/namespaces')).body.metadata.resourceVersion, version);
});

test('an eviction asks the disruption budgets', async t => {
  const { request } = startServer(t);
  const PDB = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await request(`POST ${PODS}`, { body: pod('a') });
  const budget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  };
  assert.equal((await request(`POST ${PDB}`, { body: budget })).status, 201);
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' } };
  assert.equal((await request(`POST ${PODS}/a/eviction`, { body: eviction })).status, 429);
  await request(`DELETE ${PDB}/b`);
  assert.equal((await request(`POST ${PODS}/a/eviction`, { body: eviction })).status, 201);
  assert.equal((await request(`GET ${PODS}/a`)).status, 404);
});

test('keys that would reach a prototype are keys like others', async t => {
  const { request } = startServer(t);
  const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"constructor":"y","toString":"x"}},"data":{"__proto__":"z"}}`;
  const made = await request(`POST ${CM}`, { body });
  assert.equal(made.status, 201, made.text);
  const read = await request(`GET ${CM}/a`);
  for (const [at, keys] of [
    [read.body.metadata.labels, ['constructor', 'toString']],
    [read.body.data, ['__proto__']],
  ] as const) {
    assert.deepEqual(Object.keys(at).sort(), keys);
  }
  const put = await request(`PUT ${CM}/a`, { body: read.text.replace('"z"', '"zz"') });
  assert.match(put.text, /"__proto__":"zz"/);
  const found = await request(`GET ${CM}?labelSelector=constructor=y`);
  assert.equal(found.body.items.length, 1);
  const patch = `{"data":{"__proto__":"patched"}}`;
  const patched = await request(`PATCH ${CM}/a`, { body: patch, type: 'application/merge-patch+json' });
  assert.match(patched.text, /"__proto__":"patched"/);
  assert.equal(({} as Record<string, unknown>).z, undefined);
});

test('an event is the same object in both of its API groups', async t => {
  const { request } = startServer(t);
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' },
    reason: 'Started',
    message: 'it runs',
    type: 'Normal',
  };
  assert.equal((await request('POST /api/v1/namespaces/default/events', { body: event })).status, 201);
  const { body } = await request('GET /apis/events.k8s.io/v1/namespaces/default/events/e');
  assert.equal(body.apiVersion, 'events.k8s.io/v1');
  assert.equal(body.note, 'it runs');
  assert.equal(body.regarding.name, 'a');
});

test('events go an hour after they were last seen', t => {
  const path = fs.mkdtempSync(join(tmpdir(), 'pwt-events-'));
  const store = Store.open(path);
  t.after(() => {
    store.close();
    fs.rmSync(path, { recursive: true });
  });
  const now = new Date('2026-01-01T12:00:00Z');
  const event = (name: string, times: object) =>
    store.put(`/events/default/${name}`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, creationTimestamp: '2026-01-01T10:00:00Z' },
      ...times,
    });
  event('old', { lastTimestamp: '2026-01-01T10:59:59Z' });
  event('seen-again', { lastTimestamp: '2026-01-01T11:30:00Z' });
  event('series', { series: { lastObservedTime: '2026-01-01T11:00:01.000000Z' } });
  removeOldEvents(store, now);
  assert.deepEqual(
    [...store.collection('events').list('')].map(entry => entry.object.metadata.name),
    ['seen-again', 'series'],
  );
});

test('a service account gets a token that names it', async t => {
  const { request, server } = startServer(t);
  const SA = '/api/v1/namespaces/default/serviceaccounts';
  await request(`POST ${SA}`, { body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot' } } });
  const { status, body } = await request(`POST ${SA}/bot/token`, {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  assert.equal(status, 201);
  assert.equal(server.authority.verifyToken(body.status.token)?.name, 'system:serviceaccount:default:bot');
  assert.equal(server.authority.verifyToken(`${body.status.token.slice(0, -4)}AAAA`), undefined);
});

test('a Service without ports of its own is refused with the field it lacks', async t => {
  const { request } = startServer(t);
  const { status, body } = await request(`POST ${SVC}`, { body: service('web', { ports: undefined }) });
  assert.equal(status, 422);
  assert.equal(body.message, 'Service "web" is invalid: spec.ports: Required value');
  assert.deepEqual(body.details.causes, [
    { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.ports' },
  ]);
});
