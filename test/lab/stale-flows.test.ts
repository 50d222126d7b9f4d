/** A client that keeps its port follows its Service: what the kernel remembers of endpoints that are gone does not hold it. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StaleFlows } from '../../src/agent/stale-flows.js';
import { openFlows } from '../../src/host/flow-kernel.js';
import { withNamespace } from '../../src/host/namespace.js';
import { connectTcp } from '../../src/host/sockets.js';
import type { FlowPort } from '../../src/kernel/flows.js';
import { Ip } from '../../src/net/ip.js';
import { node, service, slice } from '../plan/world.js';
import { eventually, skip } from './lab.js';
import { PlannedNode, route } from './plan-node.js';
import { askTcp, type Stop, serve, Talker } from './talk.js';

const A = { 4: '10.244.1.5', 6: 'fd00:10:244:1::5' };
const B = { 4: '10.244.1.6', 6: 'fd00:10:244:1::6' };
const CLIENT = { 4: '10.244.1.7', 6: 'fd00:10:244:1::7' };
const WEB = { 4: '10.96.1.1', 6: 'fd00:10:96::11' };

describe('connections whose endpoint is gone', { skip }, () => {
  let planned: PlannedNode;
  let flows: FlowPort;
  let stale: StaleFlows;
  let client = '';
  let stops: Stop[] = [];

  before(() => {
    planned = new PlannedNode('routed');
    planned.meddle(planned.netns, route('0.0.0.0/0', '172.30.0.1'), route('::/0', 'fd00:172:30::1'), ...NO_LIMIT);
    planned.apply(node(1));
    stops = [serve(planned.addPod('a', A[4], A[6]), 'a', 8080), serve(planned.addPod('b', B[4], B[6]), 'b', 8080)];
    client = planned.addPod('client', CLIENT[4], CLIENT[6]);
    flows = openFlows(planned.netns);
    stale = new StaleFlows(flows);
  });
  after(() => {
    for (const stop of stops) stop();
    flows?.close();
    planned?.close();
  });

  /** The Service with these endpoints, in the kernel, and what is stale forgotten, as an agent does it. */
  const endpoints = (...pods: readonly { readonly 4: string; readonly 6: string }[]) => {
    const ports = ['TCP', 'UDP'].map(protocol => ({ name: protocol === 'TCP' ? 'http' : 'udp', protocol, port: 80 }));
    const objects = ([4, 6] as const).flatMap(family =>
      ['TCP', 'UDP'].map(protocol =>
        sliceOf(
          `web-${family}-${protocol}`,
          family,
          protocol,
          pods.map(pod => pod[family]),
        ),
      ),
    );
    const change = planned.apply(service('web', [WEB[4], WEB[6]], { ports, sessionAffinity: 'ClientIP' }), ...objects);
    stale.changed(change);
    stale.flushed(planned.node);
  };

  for (const family of [4, 6] as const) {
    it(`IPv${family}: UDP from one and the same port goes to whoever is there`, async () => {
      const talker = new Talker(client, WEB[family]);
      try {
        endpoints(A);
        assert.equal(await talker.ask(), `a ${CLIENT[family]}`);
        endpoints(B);
        assert.equal(await talker.ask(), `b ${CLIENT[family]}`);
        endpoints();
        assert.equal(await talker.ask(), 'ECONNREFUSED');
        endpoints(A);
        assert.equal(await talker.ask(), `a ${CLIENT[family]}`);
      } finally {
        talker.close();
      }
    });

    it(`IPv${family}: an affinity ends with its endpoint, and begins anew`, async () => {
      endpoints(A);
      assert.equal(await askTcp(client, WEB[family], 80), `a ${CLIENT[family]}`);
      endpoints(A, B);
      assert.equal(await askTcp(client, WEB[family], 80), `a ${CLIENT[family]}`);
      endpoints(B);
      assert.equal(await askTcp(client, WEB[family], 80), `b ${CLIENT[family]}`);
    });
  }

  it('a sweep finds what nobody saw go', async () => {
    const talker = new Talker(client, WEB[4]);
    try {
      endpoints(A);
      assert.equal(await talker.ask(), `a ${CLIENT[4]}`);
      planned.apply(sliceOf('web-4-UDP', 4, 'UDP', [B[4]]));
      assert.equal(await talker.ask(), `a ${CLIENT[4]}`, 'the kernel goes on as it began');
      new StaleFlows(flows).sweep(planned.node);
      assert.equal(await talker.ask(), `b ${CLIENT[4]}`);
    } finally {
      talker.close();
    }
  });

  it('connections to endpoints that stayed, of others, and of TCP are left alone', async () => {
    endpoints(A);
    const socket = withNamespace(client, () => connectTcp(Ip.of(A[4]), 8080));
    await new Promise(resolve => socket.once('data', resolve));
    const talker = new Talker(client, A[4], 8080);
    await talker.ask();
    const count = () => flows.connections({ protocol: 6 }).length + flows.connections({ protocol: 17 }).length;
    const before = count();
    endpoints(A, B);
    new StaleFlows(flows).sweep(planned.node);
    assert.equal(count(), before);
    talker.close();
    socket.destroy();
  });

  for (const family of [4, 6] as const)
    it(`IPv${family}: a dump has what went to that front, and nothing else`, async () => {
      endpoints(A);
      const talker = new Talker(client, WEB[family]);
      await talker.ask();
      const found = flows.connections({ protocol: 17, to: { ip: Ip.of(WEB[family]), port: 80 } });
      assert.ok(found.length > 0);
      for (const { original } of found)
        assert.equal(`${original.destination} ${original.destinationPort}`, `${WEB[family]} 80`);
      assert.deepEqual(flows.connections({ protocol: 17, to: { ip: Ip.of(WEB[family]), port: 81 } }), []);
      talker.close();
    });

  it('what is asked to be forgotten twice is forgotten once', async () => {
    endpoints(A);
    await askTcp(client, WEB[4], 80);
    const learnt = await eventually('the affinity is learnt', () => flows.learnt('affinity4-10800'));
    const connections = flows.connections({ protocol: 17 });
    for (let i = 0; i < 2; i++) flows.forget(connections, learnt);
    assert.deepEqual(flows.learnt('affinity4-10800'), []);
    assert.deepEqual(flows.connections({ protocol: 17 }), []);
    assert.deepEqual(flows.learnt('nosuch'), []);
  });
});

/** Linux sends few ICMP errors per second to one destination. */
const NO_LIMIT = ['net/ipv4/icmp_ratelimit', 'net/ipv6/icmp/ratelimit'].map(
  name => ({ kind: 'sysctl', name, value: '0' }) as const,
);

function sliceOf(name: string, family: 4 | 6, protocol: string, ips: readonly string[]) {
  const object = slice(name, 'web', ips, { port: 8080, portName: protocol === 'TCP' ? 'http' : 'udp', protocol });
  return { ...object, addressType: `IPv${family}` };
}
