/** The plan in a real kernel: all of it is taken, reads back equal, and real connections go where the plan means them to. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { node, service, slice } from '../plan/world.js';
import { skip } from './lab.js';
import { address, PlannedNode, route } from './plan-node.js';
import { askTcp, askUdp, type Stop, serve } from './talk.js';

const NODE = { 4: '172.30.0.11', 6: 'fd00:172:30::11' };
const OUTSIDE = { 4: '172.30.0.1', 6: 'fd00:172:30::1' };
const A = { 4: '10.244.1.5', 6: 'fd00:10:244:1::5' };
const B = { 4: '10.244.1.6', 6: 'fd00:10:244:1::6' };
/** One Service per row: its addresses, and which Pods stand behind it. */
const WEB = { 4: '10.96.1.1', 6: 'fd00:10:96::11' };
const BOTH = { 4: '10.96.1.2', 6: 'fd00:10:96::12' };
const EMPTY = { 4: '10.96.1.3', 6: 'fd00:10:96::13' };
const BALANCED = { 4: '192.0.2.1', 6: '2001:db8:1::1' };
const GUARDED = { 4: '192.0.2.2', 6: '2001:db8:1::2' };
const STICKY = { 4: '10.96.1.6', 6: 'fd00:10:96::16' };
const SELF = { 4: '10.96.1.4', 6: 'fd00:10:96::14' };

for (const profile of ['routed', 'bridge'] as const) {
  describe(`the plan in a real kernel, profile ${profile}`, { skip }, () => {
    let planned: PlannedNode;
    let a = '';
    let b = '';
    const stops: Stop[] = [];

    before(() => {
      planned = new PlannedNode(profile);
      planned.meddle(planned.netns, route('0.0.0.0/0', OUTSIDE[4]), route('::/0', OUTSIDE[6]));
      planned.apply(node(1), node(2), ...SERVICES);
      a = planned.addPod('a', A[4], A[6]);
      b = planned.addPod('b', B[4], B[6]);
      for (const [netns, name] of [
        [a, 'a'],
        [b, 'b'],
        [planned.outside, 'outside'],
      ] as const)
        stops.push(serve(netns, name, 8080));
    });
    after(() => {
      for (const stop of stops) stop();
      planned?.close();
    });

    it('reads back equal', () => assert.deepEqual(planned.differences(), []));

    for (const family of [4, 6] as const) {
      for (const [protocol, ask] of [
        ['TCP', askTcp],
        ['UDP', askUdp],
      ] as const) {
        const says = (title: string, question: () => Promise<string>, answer: string) =>
          it(`IPv${family} ${protocol}: ${title}`, async () => assert.equal(await question(), answer));

        says('a Pod sees another under its own address', () => ask(a, B[family], 8080), `b ${A[family]}`);
        says('and through a Service, too', () => ask(a, WEB[family], 80), `b ${A[family]}`);
        says('the node reaches a Pod', () => ask(planned.netns, B[family], 8080), `b ${NODE[family]}`);
        says('the node reaches a Service', () => ask(planned.netns, WEB[family], 80), `b ${NODE[family]}`);
        // The endpoint is on this node, so that the reply comes back here without the node's address.
        says(
          'from outside, under its own address',
          () => ask(planned.outside, WEB[family], 80),
          `b ${OUTSIDE[family]}`,
        );
        says('by a node port', () => ask(planned.outside, NODE[family], 30080), `b ${OUTSIDE[family]}`);
        says('by a node port from a Pod', () => ask(a, NODE[family], 30080), `b ${A[family]}`);
        says('by a node port from the node', () => ask(planned.netns, NODE[family], 30080), `b ${NODE[family]}`);
        says('a node port without endpoints: refused', () => ask(planned.outside, NODE[family], 30082), 'ECONNREFUSED');
        says('by a LoadBalancer address', () => ask(planned.outside, BALANCED[family], 80), `b ${OUTSIDE[family]}`);
        says('another port of it: refused', () => ask(planned.netns, BALANCED[family], 81), 'ECONNREFUSED');
        says('by one that is only for others: dropped', () => ask(planned.outside, GUARDED[family], 80), 'silence');
        says('… and not from a Pod that is among those', () => ask(a, GUARDED[family], 80), `b ${A[family]}`);
        says('a Pod reaches itself through its own Service', () => ask(a, SELF[family], 80), `a ${NODE[family]}`);
        says('a Pod leaves the cluster as the node', () => ask(a, OUTSIDE[family], 8080), `outside ${NODE[family]}`);
        // Asked by b: the kernel sends few ICMP errors per second to one destination, and a had redirects for its hairpin.
        says('no endpoint: refused at once', () => ask(b, EMPTY[family], 80), 'ECONNREFUSED');
        says('… from the node, too', () => ask(planned.netns, EMPTY[family], 80), 'ECONNREFUSED');
        says('… and from outside', () => ask(planned.outside, EMPTY[family], 80), 'ECONNREFUSED');
        says('a port that the Service does not have: refused', () => ask(b, BOTH[family], 81), 'ECONNREFUSED');

        it(`IPv${family} ${protocol}: a Service with two endpoints uses both`, async () => {
          const answers = new Set<string>();
          // Ending early when both were seen; that 100 choices all fall on one of two would be a chance of 2^-99.
          for (let i = 0; i < 100 && answers.size < 2; i++) answers.add(await ask(planned.netns, BOTH[family], 80));
          assert.deepEqual([...answers].sort(), [`a ${NODE[family]}`, `b ${NODE[family]}`]);
        });
      }

      it(`IPv${family}: session affinity keeps a client at its endpoint, also when others come`, async () => {
        const first = await askTcp(a, STICKY[family], 80);
        for (let i = 0; i < 20; i++) assert.equal(await askTcp(a, STICKY[family], 80), first);
        assert.deepEqual(planned.differences(), [], 'what the rules learnt is not ours to plan');
      });

      it(`IPv${family}: a packet under another's address is dropped`, async () => {
        const stolen = family === 4 ? '10.244.1.99' : 'fd00:10:244:1::99';
        planned.meddle(a, address(stolen, family === 4 ? 32 : 128));
        const asOther = askUdp(a, OUTSIDE[family], 8080, stolen, 300);
        // Sent later and answered: so what is silent is silent because it was dropped.
        assert.equal(await askUdp(a, OUTSIDE[family], 8080, A[family]), `outside ${NODE[family]}`);
        assert.equal(await asOther, 'silence');
      });
    }

    it('changes one endpoint and only that', async () => {
      planned.apply(
        slice('web-4', 'web', [A[4]]),
        slice('webu-4', 'web', [A[4]], { portName: 'udp', protocol: 'UDP' }),
      );
      assert.equal(await askTcp(b, WEB[4], 80), `a ${B[4]}`);
      assert.equal(await askTcp(b, WEB[6], 80), `b ${NODE[6]}`);
      assert.deepEqual(planned.differences(), []);
    });
  });
}

describe('the overlay in a real kernel', { skip }, () => {
  it('is taken and reads back equal', () => {
    const planned = new PlannedNode('routed', { overlay: 'vxlan' });
    try {
      planned.apply(node(1), node(2), node(3), ...SERVICES);
      planned.addPod('a', A[4], A[6]);
      assert.deepEqual(planned.differences(), []);
    } finally {
      planned.close();
    }
  });
});

const SERVICES = [
  ...tcpAndUdp('web', WEB, [B]),
  ...tcpAndUdp('both', BOTH, [A, B]),
  ...tcpAndUdp('empty', EMPTY, []),
  ...tcpAndUdp('self', SELF, [A]),
  ...balanced('balanced', { 4: '10.96.1.5', 6: 'fd00:10:96::15' }, BALANCED, [B], 30080),
  ...balanced('guarded', { 4: '10.96.1.7', 6: 'fd00:10:96::17' }, GUARDED, [B], 30081, {
    loadBalancerSourceRanges: [`${A[4]}/32`, `${A[6]}/128`],
  }),
  ...balanced('bare', { 4: '10.96.1.8', 6: 'fd00:10:96::18' }, { 4: '192.0.2.3', 6: '2001:db8:1::3' }, [], 30082),
  ...tcpAndUdp('sticky', STICKY, [A, B], { sessionAffinity: 'ClientIP' }),
];

type Pair = { readonly 4: string; readonly 6: string };

/** The same as a LoadBalancer Service with those addresses and that node port. */
function balanced(name: string, inside: Pair, ips: Pair, pods: readonly Pair[], nodePort: number, spec = {}) {
  const ingress = [{ ip: ips[4] }, { ip: ips[6] }];
  return tcpAndUdp(name, inside, pods, { type: 'LoadBalancer', ...spec }, nodePort).map(object =>
    object.kind === 'Service' ? { ...object, status: { loadBalancer: { ingress } } } : object,
  );
}

function tcpAndUdp(name: string, addresses: Pair, pods: readonly Pair[], spec = {}, nodePort?: number) {
  const ports = ['TCP', 'UDP'].map(protocol => ({
    name: protocol === 'TCP' ? 'http' : 'udp',
    protocol,
    port: 80,
    nodePort,
  }));
  const slices = ([4, 6] as const).flatMap(family => {
    const ips = pods.map(pod => pod[family]);
    if (!ips.length) return [];
    return [
      slice(`${name}-${family}`, name, ips),
      slice(`${name}u-${family}`, name, ips, { portName: 'udp', protocol: 'UDP' }),
    ];
  });
  return [service(name, [addresses[4], addresses[6]], { ports, ...spec }), ...slices];
}
