/** What the server decides at a write: status, generation, and values that survive an update that does not mention them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Job, KubeObject, Pod, Secret, Service } from '../../src/objects/kinds.js';
import { prepareCreate, prepareStatus, prepareUpdate } from '../../src/objects/prepare.js';
import { defaulted, resourceOf } from './help.js';

const create = <T extends KubeObject>(yaml: string): T => {
  const object = defaulted(yaml);
  return prepareCreate(resourceOf(object), { ...object, metadata: { ...object.metadata, uid: 'u' } }) as T;
};
const update = <T extends KubeObject>(old: T, change: Partial<T>): T =>
  prepareUpdate(resourceOf(old), { ...old, ...change }, old) as T;

const DEPLOYMENT =
  '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: x}]}}}, status: {replicas: 9}}';

test('generation counts changes of intent, and of nothing else', () => {
  const first = create(DEPLOYMENT);
  assert.equal(first.metadata.generation, 1);
  assert.deepEqual(first.status, {}, 'a status that came with a new object is dropped');
  const labelled = update(first, { metadata: { ...first.metadata, labels: { x: 'y' } } });
  assert.equal(labelled.metadata.generation, 1);
  const scaled = update(labelled, { spec: { ...(first.spec as object), replicas: 3 }, status: { replicas: 7 } });
  assert.deepEqual([scaled.metadata.generation, scaled.status], [2, {}]);
});

test('/status changes the status only', () => {
  const old = create(DEPLOYMENT);
  const next = {
    ...old,
    metadata: { ...old.metadata, labels: { x: 'y' }, resourceVersion: '7' },
    spec: { replicas: 5 },
    status: { replicas: 2 },
  };
  const written = prepareStatus(resourceOf(old), next, old);
  assert.deepEqual(written, { ...old, metadata: { ...old.metadata, resourceVersion: '7' }, status: { replicas: 2 } });
});

test('what the server owns of metadata cannot be rewritten', () => {
  const old = create(DEPLOYMENT);
  const next = update(old, { metadata: { ...old.metadata, uid: 'other', creationTimestamp: 'x', generation: 99 } });
  assert.deepEqual([next.metadata.uid, next.metadata.creationTimestamp, next.metadata.generation], ['u', undefined, 1]);
});

test('a new Pod is pending and has its class of service', () => {
  const pod = (resources: string) =>
    create<Pod>(
      `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, image: x, resources: ${resources}}]}}`,
    ).status;
  assert.deepEqual(pod('{}'), { phase: 'Pending', qosClass: 'BestEffort' });
  assert.equal(pod('{requests: {cpu: 1}}')?.qosClass, 'Burstable');
  assert.equal(pod('{limits: {cpu: 1, memory: 1Gi}}')?.qosClass, 'Guaranteed');
});

test('a Job selects its own Pods by its uid', () => {
  const job = create<Job>(
    '{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {metadata: {labels: {x: y}}, spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}',
  );
  assert.deepEqual(job.spec.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
  assert.deepEqual(job.spec.template.metadata?.labels, {
    x: 'y',
    'batch.kubernetes.io/controller-uid': 'u',
    'batch.kubernetes.io/job-name': 'a',
    'controller-uid': 'u',
    'job-name': 'a',
  });
});

test('stringData becomes data', () => {
  const secret = create<Secret>(
    '{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: YQ==, b: Yg==}, stringData: {b: ü}}',
  );
  assert.deepEqual([secret.data, secret.stringData], [{ a: 'YQ==', b: 'w7w=' }, undefined]);
});

const LB: Service = create<Service>(
  '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, clusterIP: 10.96.0.5, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, ports: [{port: 80, nodePort: 30080}]}}',
);
const changed = (spec: Partial<Service['spec']>) => update(LB, { spec: { ...LB.spec, ...spec } }).spec;

test('clusterIP is the first of clusterIPs', () => assert.deepEqual(LB.spec.clusterIPs, ['10.96.0.5']));

test('an update that leaves out what was allocated keeps it', () => {
  const { clusterIP: _, clusterIPs: __, ipFamilies: ___, ...bare } = LB.spec;
  const { spec } = update(LB, { spec: { ...bare, ports: [{ port: 80, protocol: 'TCP' }] } });
  assert.deepEqual(
    [spec.clusterIP, spec.clusterIPs, spec.ipFamilies, spec.ports?.[0]?.nodePort],
    ['10.96.0.5', ['10.96.0.5'], ['IPv4'], 30080],
  );
});

test('a change to ClusterIP drops node ports and what only balancers have', () => {
  const spec = changed({ type: 'ClusterIP' });
  assert.deepEqual(
    [spec.ports?.[0]?.nodePort, spec.allocateLoadBalancerNodePorts, spec.externalTrafficPolicy, spec.clusterIP],
    [undefined, undefined, undefined, '10.96.0.5'],
  );
});

test('a change to ExternalName drops the address', () => {
  const spec = changed({ type: 'ExternalName', externalName: 'example.com' });
  assert.deepEqual(
    [spec.clusterIP, spec.clusterIPs, spec.ipFamilies, spec.ipFamilyPolicy],
    [undefined, undefined, undefined, undefined],
  );
});

test('a changed clusterIP moves clusterIPs along', () =>
  assert.deepEqual(changed({ clusterIP: '10.96.0.9' }).clusterIPs, ['10.96.0.9']));

test('from two families to one, the first of what was allocated stays', () => {
  const two = ['10.96.0.5', 'fd00:10:96::5'];
  const dual: Service = {
    ...LB,
    spec: { ...LB.spec, ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'], clusterIPs: two },
  };
  const { spec } = update(dual, { spec: { ...dual.spec, ipFamilyPolicy: 'SingleStack' } });
  assert.deepEqual([spec.clusterIP, spec.clusterIPs, spec.ipFamilies], ['10.96.0.5', ['10.96.0.5'], ['IPv4']]);
});

test('a Namespace has its finalizer until its controller takes it away', () => {
  const namespace = create('{apiVersion: v1, kind: Namespace, metadata: {name: a}}');
  assert.deepEqual([namespace.spec, namespace.status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
  assert.deepEqual(update(namespace, { spec: {} }).spec, { finalizers: ['kubernetes'] });
});
