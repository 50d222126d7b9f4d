/** Defaults as Kubernetes fills them in, and that filling in twice changes nothing. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { applyDefaults } from '../../src/objects/defaults.js';
import type {
  DaemonSet,
  Deployment,
  Job,
  KubeObject,
  Namespace,
  NetworkPolicy,
  Pod,
  RoleBinding,
  Service,
  StatefulSet,
} from '../../src/objects/kinds.js';
import { defaulted, resourceOf } from './help.js';

function check<T extends KubeObject>(
  title: string,
  yaml: string,
  expected: (object: T) => unknown,
  value: unknown,
): void {
  test(title, () => {
    const object = defaulted(yaml) as T;
    assert.deepEqual(expected(object), value);
    assert.deepEqual(applyDefaults(resourceOf(object), object), object);
  });
}

check<Service>(
  'a Service: type, protocol, target port, policies',
  '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}, {port: 53, protocol: UDP, targetPort: dns}]}}',
  service => service.spec,
  {
    type: 'ClusterIP',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ports: [
      { port: 80, protocol: 'TCP', targetPort: 80 },
      { port: 53, protocol: 'UDP', targetPort: 'dns' },
    ],
  },
);
check<Service>(
  'a LoadBalancer with client affinity',
  '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, sessionAffinity: ClientIP, ports: [{port: 80}]}}',
  ({ spec: { ports: _, ...spec } }) => spec,
  {
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
  },
);
check<Service>(
  'an ExternalName has no traffic policies',
  '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName, externalName: example.com}}',
  service => service.spec,
  { type: 'ExternalName', externalName: 'example.com', sessionAffinity: 'None' },
);
check<Pod>(
  'a Pod: policies, pull policy by tag, probes, volumes',
  `
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - {name: c, image: web, readinessProbe: {httpGet: {port: 80}}, resources: {limits: {cpu: 1}}}
  - {name: d, image: "registry:5000/web:1", ports: [{containerPort: 80}]}
  volumes: [{name: v}, {name: w, configMap: {name: x}}]`,
  pod => ({
    ...pod.spec,
    containers: pod.spec.containers.map(({ terminationMessagePath, terminationMessagePolicy, ...rest }) => rest),
  }),
  {
    containers: [
      {
        name: 'c',
        image: 'web',
        imagePullPolicy: 'Always',
        readinessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
      },
      {
        name: 'd',
        image: 'registry:5000/web:1',
        imagePullPolicy: 'IfNotPresent',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        resources: {},
      },
    ],
    volumes: [
      { name: 'v', emptyDir: {} },
      { name: 'w', configMap: { name: 'x', defaultMode: 420 } },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
    securityContext: {},
  },
);
check<Pod>(
  'on the host network a container port is a host port',
  '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostNetwork: true, containers: [{name: c, image: x, ports: [{containerPort: 80}]}]}}',
  pod => pod.spec.containers[0]?.ports,
  [{ containerPort: 80, protocol: 'TCP', hostPort: 80 }],
);

const workload = (apiVersion: string, kind: string, more = '') =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a}, spec: {${more}selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: x}]}}}}`;

check<Deployment>(
  'a Deployment: one replica, rolling',
  workload('apps/v1', 'Deployment'),
  ({ spec: { template: _, selector: __, ...spec } }) => spec,
  {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  },
);
check<Deployment>(
  'a Deployment that recreates has no rolling update',
  workload('apps/v1', 'Deployment', 'strategy: {type: Recreate}, '),
  object => object.spec.strategy,
  {
    type: 'Recreate',
  },
);
check<Deployment>(
  'a template gets the defaults of a Pod',
  workload('apps/v1', 'Deployment'),
  object => object.spec.template.spec.containers[0]?.imagePullPolicy,
  'Always',
);
check<StatefulSet>(
  'a StatefulSet',
  workload('apps/v1', 'StatefulSet'),
  ({ spec: { template: _, selector: __, ...spec } }) => spec,
  {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  },
);
check<DaemonSet>('a DaemonSet', workload('apps/v1', 'DaemonSet'), object => object.spec.updateStrategy, {
  type: 'RollingUpdate',
  rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
});
check<Job>(
  'a Job runs once',
  '{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {metadata: {labels: {j: x}}, spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}',
  ({ metadata, spec: { template: _, ...spec } }) => [metadata.labels, spec],
  [
    { j: 'x' },
    {
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
    },
  ],
);
check<NetworkPolicy>(
  'a NetworkPolicy is of the types it has rules for',
  '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {egress: [{ports: [{port: 53}]}]}}',
  object => object.spec,
  { podSelector: {}, egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }], policyTypes: ['Ingress', 'Egress'] },
);
check<Namespace>(
  'a Namespace is labelled with its name',
  '{apiVersion: v1, kind: Namespace, metadata: {name: shop}}',
  object => object.metadata.labels,
  {
    'kubernetes.io/metadata.name': 'shop',
  },
);
check<RoleBinding>(
  'a RoleBinding: groups of references',
  '{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: u}, {kind: ServiceAccount, name: s}]}',
  ({ roleRef, subjects }) => [roleRef.apiGroup, subjects?.map(subject => subject.apiGroup)],
  ['rbac.authorization.k8s.io', ['rbac.authorization.k8s.io', undefined]],
);
