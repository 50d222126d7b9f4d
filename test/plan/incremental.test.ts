/** The plan is a function of the present state alone: whatever the order of events, the sum of all changes is the plan from scratch. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { format, key } from '../../src/kernel/kinds.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { buildCluster, ClusterBuilder } from '../../src/model/builder.js';
import type { ClusterEvent } from '../../src/model/cluster.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { Planner, plan } from '../../src/plan/planner.js';
import { node, node1, RANGES, service, slice } from './world.js';

/** How a list of events may reach us; each must end in the same state. */
const EXPANDERS: Record<string, (events: readonly ClusterEvent[]) => readonly ClusterEvent[]> = {
  identity: events => events,
  'in reverse, what remains': events => [...remaining(events)].reverse(),
  'squashed to what remains': events => remaining(events),
  'each twice': events => events.flatMap(event => [event, event]),
  'all twice': events => [...events, ...remaining(events)],
  'with deletes between': events => events.flatMap(event => [event, { ...event, type: 'delete' }, event]),
  'deleted and listed again': events => [
    ...events,
    ...events.map(event => ({ ...event, type: 'delete' }) as const),
    ...remaining(events),
  ],
};

describe('incremental planning equals planning from scratch', () => {
  for (const [name, expand] of Object.entries(EXPANDERS)) {
    it(name, () => {
      const property = fc.property(fc.array(event(), { maxLength: 30 }), overlay(), (events, settings) => {
        const objects = remaining(events).map(({ object }) => object);
        const cluster = buildCluster(objects, RANGES);
        assert.deepEqual(sumOf(expand(events), settings), text(plan(cluster, 'n1', settings)));
      });
      fc.assert(property, { numRuns: 150 });
    });
  }
});

describe('owners that want the same thing want it alike', () => {
  it('whatever objects there are', () => {
    const property = fc.property(fc.array(event(), { maxLength: 30 }), overlay(), (events, settings) => {
      const cluster = buildCluster(
        remaining(events).map(({ object }) => object),
        RANGES,
      );
      const seen = new Map<string, KernelObject>();
      for (const [owner, objects] of plan(cluster, 'n1', settings)) {
        for (const object of objects) {
          const other = seen.get(key(object)) ?? object;
          assert.equal(`${format(object)} ${causeOf(object)}`, `${format(other)} ${causeOf(other)}`, owner);
          seen.set(key(object), object);
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});

function causeOf(object: KernelObject): string {
  return ('cause' in object && object.cause) || '';
}

function sumOf(events: readonly ClusterEvent[], settings: ReturnType<typeof node1>): Record<string, string[]> {
  const builder = new ClusterBuilder(RANGES);
  const planner = new Planner(builder.cluster, 'n1', settings);
  const sum = new Map(planner.start());
  for (const event of events)
    for (const [owner, objects] of planner.apply(builder.apply(event))) sum.set(owner, objects);
  return text(sum);
}

function text(owners: ReadonlyMap<string, readonly KernelObject[]>): Record<string, string[]> {
  const wanted = [...owners].filter(([, objects]) => objects.length).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    wanted.map(([owner, objects]) => [owner, objects.map(object => `${format(object)} ${causeOf(object)}`)]),
  );
}

/** The last upsert of every object that was not deleted after it, in the order of those. */
function remaining(events: readonly ClusterEvent[]): readonly ClusterEvent[] {
  const last = new Map<string, ClusterEvent>();
  for (const event of events) {
    const { kind, metadata } = event.object;
    const key = `${kind} ${metadata.namespace}/${metadata.name}`;
    last.delete(key);
    if (event.type === 'upsert') last.set(key, event);
  }
  return [...last.values()];
}

// A small universe, so that objects meet: names, addresses and ranges are few, and some are wrong.

function event(): fc.Arbitrary<ClusterEvent> {
  const object = fc.oneof(nodes(), services(), slices());
  return fc.record({ type: fc.constantFrom('upsert', 'upsert', 'upsert', 'delete'), object });
}

function overlay() {
  return fc.constantFrom(
    node1(),
    node1({ overlay: 'vxlan' }),
    node1({ family: 4 }),
    node1({ family: 6, overlay: 'vxlan' }),
  );
}

function nodes(): fc.Arbitrary<KubeObject> {
  const cidr = fc.constantFrom(
    '10.244.1.0/24',
    '10.244.2.0/24',
    '10.244.2.128/25',
    'fd00:10:244:2::/64',
    '10.244.3.1/24',
    'x',
  );
  return fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.array(cidr, { maxLength: 3 }), fc.integer({ min: 1, max: 4 }))
    .map(([number, podCidrs, address]) => ({ ...node(number, podCidrs), status: node(address).status }));
}

const NAMES = ['a', 'b', 'c'];

function services(): fc.Arbitrary<KubeObject> {
  const ip = fc.constantFrom('10.96.0.10', '10.96.1.1', '10.96.1.2', 'fd00:10:96::11', '192.0.2.1', 'None', '');
  const port = fc.record({
    name: fc.constantFrom('http', 'dns'),
    protocol: fc.constantFrom('TCP', 'UDP'),
    port: fc.constantFrom(80, 53, 0),
    nodePort: fc.constantFrom(0, 30080, 30081),
  });
  const policy = fc.constantFrom('Cluster', 'Local');
  const spec = fc.record({
    ports: fc.array(port, { maxLength: 2 }),
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    publishNotReadyAddresses: fc.boolean(),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    sessionAffinity: fc.constantFrom('None', 'ClientIP'),
    externalIPs: fc.subarray(['192.0.2.200', '192.0.2.201', '10.96.1.1', '172.30.0.11', '2001:db8::1']),
    loadBalancerSourceRanges: fc.subarray(['198.51.100.0/24', '198.51.100.128/25', '0.0.0.0/0', '2001:db8::/32', 'x']),
  });
  const ingress = fc.subarray([{ ip: '192.0.2.1' }, { ip: '192.0.2.200' }, { ip: '192.0.2.3', ipMode: 'Proxy' }]);
  return fc
    .tuple(fc.constantFrom(...NAMES), fc.array(ip, { maxLength: 2 }), spec, ingress)
    .map(([name, ips, spec, ingress]) => ({ ...service(name, ips, spec), status: { loadBalancer: { ingress } } }));
}

function slices(): fc.Arbitrary<KubeObject> {
  const ip = fc.constantFrom('10.244.1.5', '10.244.2.6', '10.244.2.7', '127.0.0.1', '::ffff:10.244.1.5', 'no address');
  const place = fc.record(
    {
      nodeName: fc.constantFrom('n1', 'n2'),
      hints: fc.constantFrom(
        { forZones: [{ name: 'a' }] },
        { forZones: [{ name: 'b' }] },
        { forNodes: [{ name: 'n1' }] },
      ),
    },
    { requiredKeys: [] },
  );
  const conditions = fc.record(
    { ready: fc.boolean(), serving: fc.boolean(), terminating: fc.boolean() },
    { requiredKeys: [] },
  );
  const port = fc.record({
    port: fc.constantFrom(8080, 5353),
    portName: fc.constantFrom('http', 'dns'),
    protocol: fc.constantFrom('TCP', 'UDP'),
  });
  return fc
    .tuple(
      fc.constantFrom('s1', 's2', 's3'),
      fc.constantFrom(...NAMES),
      fc.array(fc.tuple(ip, conditions, place), { maxLength: 4 }),
      port,
    )
    .map(([name, service, endpoints, port]) => slice(name, service, endpoints, port));
}
