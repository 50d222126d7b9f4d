/** The table of policies by the tracer: what the planned kernel state does to packets is what the API promises, and answers come back. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { stateOf } from '../../src/kernel/kinds.js';
import { buildCluster } from '../../src/model/builder.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import type { Profile } from '../../src/plan/attachment.js';
import { plan } from '../../src/plan/planner.js';
import { podSide } from '../../src/plan/pods/pod-side.js';
import { format } from '../../src/trace/format.js';
import { type Machine, reply, trace } from '../../src/trace/trace.js';
import { attachmentOf } from '../plan/attachment.js';
import { node1, RANGES } from '../plan/world.js';
import { addressesOf, OBJECTS, PODS } from '../suites/policy-node/cluster.js';
import { type Backend, policySuite } from '../suites/policy-node/suite.js';
import { address, route } from './tiny.js';

for (const [profile, overlay] of [
  ['routed', 'none'],
  ['bridge', 'vxlan'],
] as const)
  describe(`planned ${profile}, overlay ${overlay}`, () => policySuite('trace', backend(profile, overlay)));

function backend(profile: Profile, overlay: 'none' | 'vxlan'): Backend {
  let machine: Machine;
  return {
    apply(policies) {
      machine = machineOf(policies, profile, overlay);
    },
    ask({ from, to, port, protocol }) {
      const traces = trace(machine, {
        netns: `/${from}`,
        protocol: protocol === 'TCP' ? 'tcp' : 'udp',
        destination: to,
        destinationPort: port,
      });
      assert.equal(traces.length, 1);
      const [there] = traces;
      if (there!.ending === 'dropped') return 'dropped';
      assert.equal(there!.ending, 'delivered', format(there!));
      for (const back of reply(there!)) assert.equal(back.ending, 'delivered', `${format(there!)}\n${format(back)}`);
      return 'passes';
    },
  };
}

function machineOf(policies: readonly KubeObject[], profile: Profile, overlay: 'none' | 'vxlan'): Machine {
  const settings = node1({ overlay });
  const cluster = buildCluster([...OBJECTS, ...policies], RANGES);
  const attachments = Object.entries(PODS).map(([name, namespace]) =>
    attachmentOf({
      id: name,
      name,
      namespace,
      ips: addressesOf(name as keyof typeof PODS).map(Ip.of),
      netns: `/${name}`,
      profile,
      settings,
    }),
  );
  const loopback = { kind: 'link', type: 'other', driver: '', name: 'lo', up: true } as const;
  const eth0 = (peer: string) =>
    ({ kind: 'link', type: 'veth', name: 'eth0', up: true, peer: { name: 'eth0', netns: peer } }) as const;
  const addresses = (of: 'node' | 'outside') =>
    addressesOf(of).map(ip => address('eth0', `${ip}/${ip.includes(':') ? 64 : 24}`));
  const node = [
    loopback,
    eth0('/outside'),
    ...addresses('node'),
    ...[...plan(cluster, 'n1', settings, attachments).values()].flat(),
  ];
  const [node4, node6] = addressesOf('node');
  const outside = [
    loopback,
    eth0('/node'),
    ...addresses('outside'),
    route('10.244.1.0/24', node4),
    route('fd00:10:244:1::/64', node6),
  ];
  return new Map([
    ['/node', stateOf(node)],
    ['/outside', stateOf(outside)],
    ...attachments.map(one => [one.netns, stateOf([loopback, ...podSide(one)])] as const),
  ]);
}
