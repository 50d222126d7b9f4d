/** The planned cluster, packet by packet: one row is one packet, where it may land, whom is seen there, and whether the answer comes back. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Family } from '../../src/net/ip.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { format } from '../../src/trace/format.js';
import { type Packet, reply, type Trace, trace } from '../../src/trace/trace.js';
import { service, slice } from '../plan/world.js';
import { withObjects } from './tiny.js';
import { type World, world } from './world.js';

type Pair = { readonly 4: string; readonly 6: string };

const A: Pair = { 4: '10.244.1.5', 6: 'fd00:10:244:1::5' };
const B: Pair = { 4: '10.244.1.6', 6: 'fd00:10:244:1::6' };
const C: Pair = { 4: '10.244.2.7', 6: 'fd00:10:244:2::7' };
const N1: Pair = { 4: '172.30.0.11', 6: 'fd00:172:30::b' };
const N2: Pair = { 4: '172.30.0.12', 6: 'fd00:172:30::c' };
const N3: Pair = { 4: '172.30.0.13', 6: 'fd00:172:30::d' };
const HOST: Pair = { 4: '172.30.0.1', 6: 'fd00:172:30::1' };
/** n1 and n3 as the Internet has them. */
const PUBLIC1: Pair = { 4: '203.0.113.11', 6: '2001:db8::b' };
const PUBLIC3: Pair = { 4: '203.0.113.13', 6: '2001:db8::d' };
const INTERNET: Pair = { 4: '203.0.113.100', 6: '2001:db8::64' };
/** In an overlay a node is seen by Pods under its pod CIDR's first address. */
const OVER1: Pair = { 4: '10.244.1.0', 6: 'fd00:10:244:1::' };
const OVER3: Pair = { 4: '10.244.3.0', 6: 'fd00:10:244:3::' };

const WEB: Pair = { 4: '10.96.1.1', 6: 'fd00:10:96::11' };
const SELF: Pair = { 4: '10.96.1.2', 6: 'fd00:10:96::12' };
const EMPTY: Pair = { 4: '10.96.1.3', 6: 'fd00:10:96::13' };
const LOCAL: Pair = { 4: '10.96.1.4', 6: 'fd00:10:96::14' };
const STICKY: Pair = { 4: '10.96.1.5', 6: 'fd00:10:96::15' };
const KEPT: Pair = { 4: '10.96.1.6', 6: 'fd00:10:96::16' };
const BALANCED: Pair = { 4: '192.0.2.1', 6: '2001:db8:1::1' };
const DNS: Pair = { 4: '10.96.0.10', 6: 'fd00:10:96::a' };

interface Row {
  readonly says: string;
  /** The namespace that sends. */
  readonly from: string;
  readonly to: Pair;
  readonly port?: number;
  readonly source?: Pair;
  readonly protocol?: Packet['protocol'];
  /** Each `who sees whom`, or an ending; the same in both families. */
  readonly becomes: readonly (string | readonly [who: string, sees: Pair])[];
  /** What it is instead where nodes are joined by an overlay. */
  readonly overlay?: Row['becomes'];
}

const ROWS: readonly Row[] = [
  { says: 'Pod to Pod of its node', from: 'a', to: B, becomes: [['b', A]] },
  { says: 'Pod to Pod of another node', from: 'a', to: C, becomes: [['c', A]] },
  { says: 'Pod to itself', from: 'a', to: A, becomes: [['a', A]] },
  { says: 'ping of another Pod', from: 'a', to: C, protocol: 'icmp', becomes: [['c', A]] },
  { says: 'node to its Pod', from: 'n1', to: A, becomes: [['a', N1]] },
  { says: 'node to another node’s Pod', from: 'n1', to: C, becomes: [['c', N1]], overlay: [['c', OVER1]] },
  { says: 'Pod to its node', from: 'a', to: N1, becomes: [['n1', A]] },
  { says: 'Pod to another node', from: 'a', to: N2, becomes: [['n2', A]], overlay: [['n2', N1]] },
  { says: 'node to node', from: 'n1', to: N2, becomes: [['n2', N1]] },

  {
    says: 'Pod to ClusterIP: every endpoint',
    from: 'a',
    to: WEB,
    port: 80,
    becomes: [
      ['b', A],
      ['c', A],
    ],
  },
  {
    says: 'the same by UDP',
    from: 'a',
    to: WEB,
    port: 80,
    protocol: 'udp',
    becomes: [
      ['b', A],
      ['c', A],
    ],
  },
  {
    says: 'node to ClusterIP',
    from: 'n3',
    to: WEB,
    port: 80,
    becomes: [
      ['b', N3],
      ['c', N3],
    ],
    overlay: [
      ['b', OVER3],
      ['c', OVER3],
    ],
  },
  {
    says: 'Pod to itself through its Service',
    from: 'a',
    to: SELF,
    port: 80,
    becomes: [['a', N1]],
    overlay: [['a', OVER1]],
  },
  { says: 'Pod to the DNS of its node', from: 'a', to: DNS, port: 53, protocol: 'udp', becomes: [['n1', A]] },
  {
    says: 'Pod to a sticky Service',
    from: 'a',
    to: STICKY,
    port: 80,
    becomes: [
      ['b', A],
      ['c', A],
    ],
  },
  {
    says: 'Pod to a node port',
    from: 'a',
    to: N1,
    port: 30080,
    becomes: [
      ['b', A],
      ['c', A],
    ],
  },
  {
    says: 'Pod to a LoadBalancer address',
    from: 'a',
    to: BALANCED,
    port: 80,
    becomes: [
      ['b', A],
      ['c', A],
    ],
  },
  {
    says: 'Pod to a Service with a local policy and no endpoint here',
    from: 'c',
    to: LOCAL,
    port: 80,
    becomes: ['dropped'],
  },
  { says: '… and where there is one', from: 'b', to: LOCAL, port: 80, becomes: [['a', B]] },

  { says: 'no endpoints', from: 'a', to: EMPTY, port: 80, becomes: ['refused'] },
  { says: 'no endpoints, asked by a node', from: 'n2', to: EMPTY, port: 80, becomes: ['refused'] },
  { says: 'a port that the Service does not have', from: 'a', to: WEB, port: 81, becomes: ['refused'] },
  { says: 'ping of a ClusterIP', from: 'a', to: WEB, protocol: 'icmp', becomes: ['refused'] },
  {
    says: 'an address of its node’s range that no Pod has',
    from: 'a',
    to: { 4: '10.244.1.99', 6: 'fd00:10:244:1::99' },
    becomes: ['blackhole'],
  },
  {
    says: 'a node that is not there',
    from: 'a',
    to: { 4: '172.30.0.99', 6: 'fd00:172:30::99' },
    becomes: ['neighbour unreachable'],
  },

  { says: 'Pod to the Internet', from: 'a', to: INTERNET, becomes: [['internet', PUBLIC1]] },
  { says: 'node to the Internet', from: 'n3', to: INTERNET, becomes: [['internet', PUBLIC3]] },
  {
    says: 'the Internet to a node port',
    from: 'internet',
    to: PUBLIC1,
    port: 30080,
    becomes: [
      ['b', INTERNET],
      ['c', N1],
    ],
    overlay: [
      ['b', INTERNET],
      ['c', OVER1],
    ],
  },
  {
    says: 'the Internet to the node port of a node without endpoints',
    from: 'internet',
    to: PUBLIC3,
    port: 30080,
    becomes: [
      ['b', N3],
      ['c', N3],
    ],
    overlay: [
      ['b', OVER3],
      ['c', OVER3],
    ],
  },
  {
    says: 'a node port that keeps the client, with an endpoint',
    from: 'internet',
    to: PUBLIC1,
    port: 30082,
    becomes: [['b', INTERNET]],
  },
  {
    says: 'a node port that keeps the client, without',
    from: 'internet',
    to: PUBLIC3,
    port: 30082,
    becomes: ['dropped'],
  },
  { says: 'the Internet to a Pod', from: 'internet', to: A, becomes: ['no route'] },
  {
    says: 'the host to a ClusterIP',
    from: 'host',
    to: WEB,
    port: 80,
    becomes: [
      ['b', HOST],
      ['c', N1],
    ],
    overlay: [
      ['b', HOST],
      ['c', OVER1],
    ],
  },

  { says: 'a Pod under another Pod’s address', from: 'a', to: C, source: B, becomes: ['dropped'] },
  { says: 'a Pod under a node’s address', from: 'a', to: N2, source: N2, becomes: ['dropped'] },
  { says: 'a Pod that sends into the tunnel', from: 'a', to: N1, port: 4789, protocol: 'udp', becomes: ['dropped'] },
];

const PROTOCOLS = ['TCP', 'UDP'];

const SERVICES: readonly KubeObject[] = [
  ...both('web', WEB, [B, C], { nodePort: 30080, spec: { type: 'LoadBalancer' }, balanced: BALANCED }),
  ...both('self', SELF, [A]),
  ...both('empty', EMPTY, []),
  ...both('local', LOCAL, [A], { spec: { internalTrafficPolicy: 'Local' } }),
  ...both('sticky', STICKY, [B, C], { spec: { sessionAffinity: 'ClientIP' } }),
  ...both('kept', KEPT, [B, C], { nodePort: 30082, spec: { type: 'NodePort', externalTrafficPolicy: 'Local' } }),
];

for (const [profile, overlay] of [
  ['routed', 'none'],
  ['bridge', 'none'],
  ['routed', 'vxlan'],
  ['bridge', 'vxlan'],
] as const)
  describe(`a packet through the plan, profile ${profile}, overlay ${overlay}`, () => {
    const cluster = world({
      profile,
      overlay,
      pods: { a: ['n1', A[4], A[6]], b: ['n1', B[4], B[6]], c: ['n2', C[4], C[6]] },
      objects: SERVICES,
    });
    for (const row of ROWS)
      for (const family of [4, 6] as const)
        it(`IPv${family}: ${row.says}`, () => {
          const wanted = (overlay === 'none' ? row.becomes : (row.overlay ?? row.becomes)).map(one =>
            typeof one === 'string' ? one : `${one[0]} sees ${one[1][family]}, answered`,
          );
          const traces = trace(cluster.machine, packetOf(row, family, cluster));
          assert.deepEqual(
            traces.map(one => summary(one, cluster)),
            wanted,
            textOf(traces, cluster),
          );
          assert.ok(Math.abs(traces.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-9);
        });
  });

describe('session affinity', () => {
  const { machine, netns, name } = world({
    pods: { a: ['n1', A[4]], b: ['n1', B[4]], c: ['n2', C[4]] },
    objects: SERVICES,
  });
  const asks: Packet = { netns: netns('a'), protocol: 'tcp', destination: Ip.of(STICKY[4]), destinationPort: 80 };

  it('what a rule learns is a step of the first packet', () => {
    const [first] = trace(machine, asks);
    const outcomes = first!.hops.flatMap(({ steps }) => steps.map(({ outcome }) => outcome));
    const learnt = `update @affinity4-10800 { ${A[4]} . ${STICKY[4]} . tcp . 80 : ${B[4]} . 8080 }`;
    assert.ok(outcomes.includes(learnt), outcomes.join('\n'));
  });

  it('what it learnt decides for the next', () => {
    const key = [Ip.of(A[4]), Ip.of(STICKY[4]), 6, 80];
    const at = { family: 'inet', table: 'podwire', set: 'affinity4-10800' } as const;
    const later = withObjects(machine, netns('n1'), [{ kind: 'element', ...at, key, data: [Ip.of(C[4]), 8080] }]);
    assert.deepEqual(
      trace(later, asks).map(one => name(one.arrived!.netns)),
      ['c'],
    );
  });
});

function packetOf({ from, to, port = 8080, source, protocol = 'tcp' }: Row, family: Family, { netns }: World): Packet {
  return {
    netns: netns(from),
    protocol,
    destination: Ip.of(to[family]),
    destinationPort: port,
    ...(source && { source: Ip.of(source[family]) }),
  };
}

/** Where it landed, under which source, and what became of the answer. */
function summary(one: Trace, { name }: World): string {
  if (one.ending !== 'delivered') return one.ending;
  const answers = reply(one).map(({ ending, arrived }) => (ending === 'delivered' && arrived ? 'answered' : ending));
  return `${name(one.arrived!.netns)} sees ${one.arrived!.source}, ${answers.join(', ')}`;
}

/** For the reader of a failure. */
function textOf(traces: readonly Trace[], { name }: World): string {
  return traces
    .flatMap(one => [one, ...reply(one)])
    .map(one => format(one, name))
    .join('\n');
}

interface Wanted {
  readonly nodePort?: number;
  readonly spec?: object;
  readonly balanced?: Pair;
}

/** A Service with both protocols in both families, and its slices. */
function both(name: string, addresses: Pair, pods: readonly Pair[], { nodePort, spec, balanced }: Wanted = {}) {
  const ports = PROTOCOLS.map(protocol => ({ name: protocol, protocol, port: 80, nodePort }));
  const ingress = balanced ? [{ ip: balanced[4] }, { ip: balanced[6] }] : [];
  const made = {
    ...service(name, [addresses[4], addresses[6]], { ports, ...spec }),
    status: { loadBalancer: { ingress } },
  };
  const slices = ([4, 6] as const).flatMap(family =>
    PROTOCOLS.map(protocol =>
      slice(
        `${name}-${family}-${protocol}`,
        name,
        pods.map(pod => [pod[family], { ready: true }, { nodeName: pod === C ? 'n2' : 'n1' }]),
        { portName: protocol, protocol },
      ),
    ),
  );
  return [made, ...(pods.length ? slices : [])];
}
