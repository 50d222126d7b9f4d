/** Policies planned change by change: whatever the order of events and attachments, the sum is the plan from scratch. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { format } from '../../src/kernel/kinds.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { buildCluster, ClusterBuilder } from '../../src/model/builder.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { Planner, plan } from '../../src/plan/planner.js';
import { attachmentOf } from './attachment.js';
import { node, node1, RANGES } from './world.js';

type Step =
  | { readonly type: 'upsert' | 'delete'; readonly object: KubeObject }
  | { readonly attach: string }
  | { readonly detach: string };

it('planning change by change equals planning from scratch', () => {
  fc.assert(
    fc.property(fc.array(step(), { maxLength: 30 }), steps => {
      const builder = new ClusterBuilder(RANGES);
      const planner = new Planner(builder.cluster, 'n1', node1());
      const sum = new Map(planner.start());
      const objects = new Map<string, KubeObject>();
      const attached = new Set<string>();
      for (const step of [...BEGINNING, ...steps]) {
        for (const [owner, wanted] of change(step)) sum.set(owner, wanted);
      }
      const attachments = [...attached].map(attachment);
      const whole = plan(buildCluster(objects.values(), RANGES), 'n1', node1(), attachments);
      assert.deepEqual(text(sum), text(whole));

      function change(step: Step) {
        if ('attach' in step) {
          attached.add(step.attach);
          return planner.attach(attachment(step.attach));
        }
        if ('detach' in step) {
          attached.delete(step.detach);
          return planner.detach(step.detach);
        }
        const { kind, metadata } = step.object;
        const key = `${kind} ${metadata.namespace}/${metadata.name}`;
        if (step.type === 'upsert') objects.set(key, step.object);
        else objects.delete(key);
        return planner.apply(builder.apply(step));
      }
    }),
    { numRuns: 400 },
  );
});

function text(owners: ReadonlyMap<string, readonly KernelObject[]>): Record<string, string[]> {
  const wanted = [...owners].filter(([, objects]) => objects.length).sort(([a], [b]) => (a < b ? -1 : 1));
  const words = (object: KernelObject) => `${format(object)} ${'cause' in object ? object.cause : ''}`;
  return Object.fromEntries(wanted.map(([owner, objects]) => [owner, objects.map(words).sort()]));
}

function attachment(name: string) {
  const ips = [Ip.of(`10.244.1.${10 + NAMES.indexOf(name)}`)];
  return attachmentOf({ id: name, name, ips, netns: `/pods/${name}`, profile: 'routed', settings: node1() });
}

// A small universe, so that labels, names and addresses meet.

const NAMES = ['a', 'b', 'c'];

/** So that most of what follows concerns somebody. */
const BEGINNING: readonly Step[] = [
  ...['default', 'other'].map(name => ({ type: 'upsert', object: namespace(name, {}) }) as const),
  ...NAMES.map(
    (name, i) => ({ type: 'upsert', object: pod('default', name, { app: 'a' }, `10.244.1.1${i}`) }) as const,
  ),
  ...NAMES.map(attach => ({ attach })),
];

function step(): fc.Arbitrary<Step> {
  const object = fc.oneof(
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }).map(nodeWithLabel) },
    { weight: 1, arbitrary: namespaces() },
    { weight: 3, arbitrary: pods() },
    { weight: 3, arbitrary: policies() },
  );
  const type = fc.constantFrom('upsert', 'upsert', 'upsert', 'delete');
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ type, object }) as fc.Arbitrary<Step> },
    { weight: 1, arbitrary: fc.constantFrom(...NAMES).map(attach => ({ attach })) },
    { weight: 1, arbitrary: fc.constantFrom(...NAMES).map(detach => ({ detach })) },
  );
}

function nodeWithLabel(number: number): KubeObject {
  const object = node(number);
  return { ...object, metadata: { ...object.metadata, labels: { app: NAMES[number]! } } };
}

const labels = () => fc.constantFrom<Record<string, string>>({}, { app: 'a' }, { app: 'b' });
const where = () => fc.constantFrom('default', 'other');

function namespaces(): fc.Arbitrary<KubeObject> {
  return fc.tuple(where(), labels()).map(([name, labels]) => namespace(name, labels));
}

function namespace(name: string, labels: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function pods(): fc.Arbitrary<KubeObject> {
  const ip = fc.constantFrom('10.244.1.10', '10.244.1.11', '10.244.2.9');
  const phase = fc.constantFrom('Running', 'Running', 'Running', 'Succeeded');
  return fc
    .tuple(where(), fc.constantFrom(...NAMES), labels(), ip, phase)
    .map(([where, name, labels, ip, phase]) => pod(where, name, labels, ip, phase));
}

function pod(
  namespace: string,
  name: string,
  labels: Record<string, string>,
  ip: string,
  phase = 'Running',
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { phase, podIPs: [{ ip }] },
  };
}

function policies(): fc.Arbitrary<KubeObject> {
  const selector = fc.constantFrom({}, { matchLabels: { app: 'a' } }, { matchLabels: { app: 'b' } });
  const peer = fc.oneof(
    fc.record({ podSelector: selector, namespaceSelector: selector }, { requiredKeys: ['podSelector'] }),
    fc.constant({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } }),
  );
  const ports = fc.subarray([{ port: 'http' }, { port: 80 }, { port: 90, endPort: 99 }]);
  const rules = (word: string) =>
    fc.array(
      fc
        .record({ peers: fc.array(peer, { maxLength: 2 }), ports })
        .map(({ peers, ports }) => ({ [word]: peers, ports })),
      { maxLength: 2 },
    );
  const network = fc
    .tuple(where(), fc.constantFrom(...NAMES), selector, rules('from'), rules('to'))
    .map(([namespace, name, podSelector, ingress, egress]) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name },
      spec: { podSelector, ingress, egress },
    }));
  const clusterPeer = fc.oneof(
    fc.record({ pods: fc.record({ namespaceSelector: selector, podSelector: selector }) }),
    fc.record({ nodes: selector }),
  );
  const action = fc.constantFrom('Accept', 'Deny', 'Pass');
  const cluster = fc
    .tuple(
      fc.constantFrom(...NAMES),
      fc.constantFrom('Admin', 'Baseline'),
      selector,
      fc.array(fc.record({ action, to: fc.array(clusterPeer, { minLength: 1, maxLength: 2 }) }), { maxLength: 2 }),
    )
    .map(([name, tier, namespaces, egress]) => ({
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name },
      spec: { tier, priority: 5, subject: { namespaces }, egress },
    }));
  return fc.oneof(network, cluster) as fc.Arbitrary<KubeObject>;
}
