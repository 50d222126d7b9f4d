/** What `kubectl get` shows: an object, then its cells. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { toEventV1 } from '../../src/objects/event.js';
import { jsonPath } from '../../src/objects/json-path.js';
import type { Event } from '../../src/objects/kinds.js';
import { columnsOf, table } from '../../src/objects/print/table.js';
import { builtinResources, resources } from '../../src/objects/resources.js';
import { defaulted, manifest, resourceOf } from './help.js';

const NOW = new Date('2026-01-01T01:00:00Z');

/** The cells without `-o wide`, or with. */
function check(title: string, yaml: string, expected: string, wide = false): void {
  test(`${title}: ${expected}`, () => {
    const object = defaulted(yaml);
    const { columnDefinitions, rows } = table(resourceOf(object), [object], { now: NOW });
    const cells = rows[0]!.cells.filter((_, i) => wide || columnDefinitions[i]!.priority === 0);
    assert.equal(cells.join(' | '), expected);
  });
}

const META = '{name: a, creationTimestamp: "2026-01-01T00:57:00Z"}';
const pod = (status: string, { meta = META, spec = '{containers: [{name: c, image: x}]}' } = {}) =>
  `{apiVersion: v1, kind: Pod, metadata: ${meta}, spec: ${spec}, status: ${status}}`;
const two =
  '{containers: [{name: c, image: x}, {name: d, image: x}], initContainers: [{name: i, image: x}, {name: j, image: x}]}';
const running = (name: string, more = '') =>
  `{name: ${name}, ready: true, restartCount: 0, image: x, imageID: x, state: {running: {}}${more}}`;
const state = (name: string, state: string, restarts = 0, more = '') =>
  `{name: ${name}, ready: false, restartCount: ${restarts}, image: x, imageID: x, state: ${state}${more}}`;

check('new', pod('{phase: Pending}'), 'a | 0/1 | Pending | 0 | 3m');
check('running', pod(`{phase: Running, containerStatuses: [${running('c')}]}`), 'a | 1/1 | Running | 0 | 3m');
check(
  'wide',
  pod(`{phase: Running, podIPs: [{ip: 10.244.1.5}, {ip: "fd00::5"}], containerStatuses: [${running('c')}]}`, {
    spec: '{nodeName: n1, containers: [{name: c, image: x}]}',
  }),
  'a | 1/1 | Running | 0 | 3m | 10.244.1.5 | n1 | <none> | <none>',
  true,
);
check(
  'crash loop',
  pod(
    `{phase: Running, containerStatuses: [${state('c', '{waiting: {reason: CrashLoopBackOff}}', 4, ', lastState: {terminated: {exitCode: 1, finishedAt: "2026-01-01T00:59:15Z"}}')}]}`,
  ),
  'a | 0/1 | CrashLoopBackOff | 4 (45s ago) | 3m',
);
check(
  'no image',
  pod(`{phase: Pending, containerStatuses: [${state('c', '{waiting: {reason: ErrImagePull}}')}]}`),
  'a | 0/1 | ErrImagePull | 0 | 3m',
);
check(
  'completed',
  pod(`{phase: Succeeded, containerStatuses: [${state('c', '{terminated: {exitCode: 0, reason: Completed}}')}]}`),
  'a | 0/1 | Completed | 0 | 3m',
);
check(
  'error',
  pod(`{phase: Failed, containerStatuses: [${state('c', '{terminated: {exitCode: 3}}')}]}`),
  'a | 0/1 | ExitCode:3 | 0 | 3m',
);
check(
  'one of two completed',
  pod(
    `{phase: Running, conditions: [{type: Ready, status: "False"}], containerStatuses: [${state('c', '{terminated: {exitCode: 0, reason: Completed}}')}, ${running('d')}]}`,
    { spec: two },
  ),
  'a | 1/2 | NotReady | 0 | 3m',
);
check(
  'first init container',
  pod(
    `{phase: Pending, initContainerStatuses: [${running('i').replace('true', 'false')}, ${state('j', '{waiting: {reason: PodInitializing}}')}]}`,
    { spec: two },
  ),
  'a | 0/2 | Init:0/2 | 0 | 3m',
);
check(
  'second',
  pod(
    `{phase: Pending, initContainerStatuses: [${state('i', '{terminated: {exitCode: 0}}')}, ${state('j', '{waiting: {reason: PodInitializing}}')}]}`,
    { spec: two },
  ),
  'a | 0/2 | Init:1/2 | 0 | 3m',
);
check(
  'init fails',
  pod(`{phase: Pending, initContainerStatuses: [${state('i', '{terminated: {exitCode: 2}}', 1)}]}`, { spec: two }),
  'a | 0/2 | Init:ExitCode:2 | 1 | 3m',
);
check(
  'sidecar',
  pod(
    `{phase: Running, initContainerStatuses: [${running('s', ', started: true')}], containerStatuses: [${running('c')}]}`,
    { spec: '{containers: [{name: c, image: x}], initContainers: [{name: s, image: x, restartPolicy: Always}]}' },
  ),
  'a | 2/2 | Running | 0 | 3m',
);
check(
  'going',
  pod(`{phase: Running, containerStatuses: [${running('c')}]}`, {
    meta: '{name: a, creationTimestamp: "2026-01-01T00:57:00Z", deletionTimestamp: "2026-01-01T00:59:00Z"}',
  }),
  'a | 1/1 | Terminating | 0 | 3m',
);
check('evicted', pod('{phase: Failed, reason: Evicted}'), 'a | 0/1 | Evicted | 0 | 3m');
check(
  'gated',
  pod('{phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: SchedulingGated}]}'),
  'a | 0/1 | SchedulingGated | 0 | 3m',
);

const service = (spec: string, status = '{}') =>
  `{apiVersion: v1, kind: Service, metadata: ${META}, spec: ${spec}, status: ${status}}`;
check(
  'ClusterIP',
  service(
    '{clusterIP: 10.96.0.5, clusterIPs: [10.96.0.5], selector: {b: "2", a: "1"}, ports: [{port: 80}, {port: 53, protocol: UDP}]}',
  ),
  'a | ClusterIP | 10.96.0.5 | <none> | 80/TCP,53/UDP | 3m | a=1,b=2',
  true,
);
check('headless', service('{clusterIP: None, clusterIPs: [None]}'), 'a | ClusterIP | None | <none> | <none> | 3m');
check(
  'NodePort',
  service('{type: NodePort, clusterIPs: [10.96.0.5], ports: [{port: 80, nodePort: 30080}], externalIPs: [192.0.2.1]}'),
  'a | NodePort | 10.96.0.5 | 192.0.2.1 | 80:30080/TCP | 3m',
);
check(
  'LoadBalancer pending',
  service('{type: LoadBalancer, ports: [{port: 80}]}'),
  'a | LoadBalancer | <none> | <pending> | 80/TCP | 3m',
);
check(
  'LoadBalancer',
  service(
    '{type: LoadBalancer, ports: [{port: 80}]}',
    '{loadBalancer: {ingress: [{ip: 192.0.2.7}, {hostname: lb.example}]}}',
  ),
  'a | LoadBalancer | <none> | 192.0.2.7,lb.example | 80/TCP | 3m',
);
check(
  'ExternalName',
  service('{type: ExternalName, externalName: example.com}'),
  'a | ExternalName | <none> | example.com | <none> | 3m',
);

const workload = (kind: string, spec: string, status: string) =>
  `{apiVersion: apps/v1, kind: ${kind}, metadata: ${META}, spec: {${spec}selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: "x:1"}, {name: d, image: y}]}}}, status: ${status}}`;
check(
  'Deployment',
  workload('Deployment', 'replicas: 3, ', '{readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1}'),
  'a | 2/3 | 3 | 1 | 3m | c,d | x:1,y | app=a',
  true,
);
check('ReplicaSet', workload('ReplicaSet', 'replicas: 0, ', '{replicas: 1}'), 'a | 0 | 1 | 0 | 3m');
check('StatefulSet', workload('StatefulSet', '', '{replicas: 1}'), 'a | 0/1 | 3m | c,d | x:1,y', true);
check(
  'DaemonSet',
  workload(
    'DaemonSet',
    '',
    '{desiredNumberScheduled: 3, currentNumberScheduled: 3, numberReady: 2, numberMisscheduled: 0}',
  ),
  'a | 3 | 3 | 2 | 0 | 0 | <none> | 3m',
);

const job = (spec: string, status: string) =>
  `{apiVersion: batch/v1, kind: Job, metadata: ${META}, spec: {${spec}template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}, status: ${status}}`;
check('Job', job('', '{active: 1, startTime: "2026-01-01T00:59:50Z"}'), 'a | Running | 0/1 | 10s | 3m');
check(
  'Job done',
  job(
    '',
    '{succeeded: 1, startTime: "2026-01-01T00:59:50Z", completionTime: "2026-01-01T00:59:54Z", conditions: [{type: Complete, status: "True"}]}',
  ),
  'a | Complete | 1/1 | 4s | 3m',
);
check('work queue', job('parallelism: 3, ', '{}'), 'a | Running | 0/1 of 3 |  | 3m');
check(
  'CronJob',
  `{apiVersion: batch/v1, kind: CronJob, metadata: ${META}, spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}}}}`,
  'a | * * * * * | <none> | False | 0 | <none> | 3m',
);

check(
  'Node',
  `{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {node-role.kubernetes.io/worker: "", node-role.kubernetes.io/control-plane: ""}, creationTimestamp: "2026-01-01T00:57:00Z"}, spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: "True"}], nodeInfo: {kubeletVersion: v1.32.0}}}`,
  'n1 | Ready,SchedulingDisabled | control-plane,worker | 3m | v1.32.0',
);
check(
  'Node wide',
  `{apiVersion: v1, kind: Node, metadata: ${META}, status: {addresses: [{type: Hostname, address: a}, {type: InternalIP, address: 172.30.0.11}], nodeInfo: {osImage: Debian, kernelVersion: "6.1", containerRuntimeVersion: "podwire://1"}}}`,
  'a | Unknown | <none> | 3m |  | 172.30.0.11 | <none> | Debian | 6.1 | podwire://1',
  true,
);
check('Namespace', `{apiVersion: v1, kind: Namespace, metadata: ${META}, status: {phase: Active}}`, 'a | Active | 3m');
check(
  'ConfigMap',
  `{apiVersion: v1, kind: ConfigMap, metadata: ${META}, data: {a: b}, binaryData: {c: ""}}`,
  'a | 2 | 3m',
);
check('Secret', `{apiVersion: v1, kind: Secret, metadata: ${META}, data: {a: YQ==}}`, 'a | Opaque | 1 | 3m');
check(
  'EndpointSlice',
  `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: ${META}, addressType: IPv4, ports: [{port: 80}, {name: x}], endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}, {addresses: [10.0.0.3]}, {addresses: [10.0.0.4]}]}`,
  'a | IPv4 | 80,x | 10.0.0.1,10.0.0.2,10.0.0.3 + 1 more... | 3m',
);
check(
  'Endpoints',
  `{apiVersion: v1, kind: Endpoints, metadata: ${META}, subsets: [{addresses: [{ip: 10.0.0.1}, {ip: "fd00::1"}], ports: [{name: a, port: 80}, {name: b, port: 81}]}, {addresses: [{ip: 10.0.0.2}]}]}`,
  'a | 10.0.0.1:80,[fd00::1]:80,10.0.0.1:81 + 2 more... | 3m',
);
check(
  'Endpoints of which none is ready',
  `{apiVersion: v1, kind: Endpoints, metadata: ${META}, subsets: [{notReadyAddresses: [{ip: 10.0.0.1}]}]}`,
  'a | <none> | 3m',
);
check(
  'NetworkPolicy',
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: ${META}, spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [b, a]}]}}}`,
  'a | app in (a,b) | 3m',
);
check(
  'NetworkPolicy for all',
  `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: ${META}}`,
  'a | <none> | 3m',
);
check(
  'Ingress',
  `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: ${META}, spec: {ingressClassName: pw, tls: [{}], rules: [{host: a.x}, {host: b.x}]}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}`,
  'a | pw | a.x,b.x | 192.0.2.1 | 80, 443 | 3m',
);
check(
  'Lease',
  `{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: ${META}, spec: {holderIdentity: n1}}`,
  'a | n1 | 3m',
);
check(
  'CRD',
  `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: ${META}}`,
  'a | 2026-01-01T00:57:00Z',
);

const event =
  '{apiVersion: v1, kind: Event, metadata: {name: e}, involvedObject: {kind: Pod, name: web, fieldPath: "spec.containers{c}"}, type: Normal, reason: Started, message: "Started c ", source: {component: kubelet, host: n1}, firstTimestamp: "2026-01-01T00:50:00Z", lastTimestamp: "2026-01-01T00:59:30Z", count: 3}';
check('Event', event, '30s | Normal | Started | pod/web | Started c');
check(
  'Event wide',
  event,
  '30s | Normal | Started | pod/web | spec.containers{c} | kubelet, n1 | Started c | 10m | 3 | e',
  true,
);

test('an event prints alike in both of its forms', () => {
  const core = manifest(event) as Event;
  assert.deepEqual(
    table(resources.eventsV1, [toEventV1(core)], { now: NOW }).rows,
    table(resources.events, [core], { now: NOW }).rows,
  );
});

test('no column of any kind fails on an object with next to nothing in it', () => {
  for (const resource of builtinResources) {
    const object = defaulted(
      `{apiVersion: ${resource.group ? `${resource.group}/` : ''}${resource.version}, kind: ${resource.kind}, metadata: {name: a}}`,
    );
    assert.equal(
      table(resource, [object], { now: NOW }).rows[0]?.cells.length,
      columnsOf(resource).length,
      resource.kind,
    );
  }
});

const OBJECT = {
  a: {
    'b.c': 1,
    d: [
      { k: 'x', v: 1 },
      { k: 'y', v: 2 },
    ],
  },
};
for (const [path, expected] of [
  ['.a.d[0].v', [1]],
  ['.a.d[*].v', [1, 2]],
  ['.a.d[-1].v', [2]],
  [".a['b.c']", [1]],
  ['.a.b\\.c', [1]],
  ['{.a.d[?(@.k=="y")].v}', [2]],
  ["$.a.d[?(@.k!='y')].v", [1]],
  ['.a.x.y', []],
  ['.constructor', []],
  ['.a[', []],
] as const) {
  test(`JSONPath ${path}`, () => assert.deepEqual(jsonPath(path, OBJECT), expected));
}
