/** A client that keeps its port follows its Service: what the kernel remembers of endpoints that are gone does not hold it. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StaleFlows } from '../../src/agent/stale-flows.js';
import { openFlows } from '../../src/host/flow-kernel.js';
import { withNamespace } from '../../src/host/namespace.js';
import { connectTcp } from '../../src/host/sockets.js';
import { elementOf, type FlowPort } from '../../src/kernel/flows.js';
import type { Change } from '../../src/model/cluster.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
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
    stale = new StaleFlows(flows, planned.port);
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
    flushed(planned.apply(service('web', [WEB[4], WEB[6]], { ports, sessionAffinity: 'ClientIP' }), ...objects));
  };

  const flushed = (change: Change) => {
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

  it('a client stays with an endpoint that drains, and leaves it in the moment that it is gone', async () => {
    const talker = new Talker(client, WEB[4]);
    const udp = (...ips: Parameters<typeof slice>[2]) =>
      flushed(planned.apply(slice('web-4-UDP', 'web', ips, { port: 8080, portName: 'udp', protocol: 'UDP' })));
    const draining = { ready: false, serving: true, terminating: true };
    try {
      endpoints(A);
      assert.equal(await talker.ask(), `a ${CLIENT[4]}`);
      udp([A[4], draining], B[4]);
      assert.equal(await talker.ask(), `a ${CLIENT[4]}`);
      udp(B[4]);
      assert.equal(await talker.ask(), `b ${CLIENT[4]}`);
    } finally {
      talker.close();
    }
  });

  it('node ports are forgotten, also when very many Services go at once', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `many-${i}`);
    const objects = names.flatMap((name, i) => {
      const ports = [{ name: 'udp', protocol: 'UDP', port: 53, nodePort: 30500 + i }];
      const target = { port: 8080, portName: 'udp', protocol: 'UDP' };
      return [service(name, [`10.96.7.${i}`], { type: 'NodePort', ports }), slice(`${name}-1`, name, [A[4]], target)];
    });
    flushed(planned.applyAll(objects));
    const talker = new Talker(planned.outside, '172.30.0.11', 30511);
    try {
      assert.match(await talker.ask(), /^a /);
      flushed(planned.removeAll(objects));
      assert.equal(await talker.ask(), 'ECONNREFUSED');
    } finally {
      talker.close();
    }
  });

  it('what went to an address before a Service had it comes to the Service', async () => {
    const ports = [{ name: 'udp', protocol: 'UDP', port: 80 }];
    const target = { port: 8080, portName: 'udp', protocol: 'UDP' };
    const talker = new Talker(client, '192.0.2.77');
    try {
      assert.doesNotMatch(await talker.ask(), /^a /, 'the neighbour outside sends it back');
      const balancer = service('late', ['10.96.1.9'], { type: 'LoadBalancer', ports });
      const status = { loadBalancer: { ingress: [{ ip: '192.0.2.77' }] } };
      flushed(planned.applyAll([{ ...balancer, status } as KubeObject, slice('late-1', 'late', [A[4]], target)]));
      assert.equal(await talker.ask(), `a ${CLIENT[4]}`);
    } finally {
      talker.close();
    }
  });

  it('what it deletes is no change by a stranger', async () => {
    endpoints(A);
    await askTcp(client, WEB[4], 80);
    await eventually('the affinity is learnt', () => flows.learnt('affinity4-10800').length);
    const before = planned.port.foreignChanges!();
    endpoints(B);
    assert.deepEqual(flows.learnt('affinity4-10800'), []);
    assert.equal(planned.port.foreignChanges!(), before);
  });

  it('a sweep finds what nobody saw go', async () => {
    const talker = new Talker(client, WEB[4]);
    try {
      endpoints(A);
      assert.equal(await talker.ask(), `a ${CLIENT[4]}`);
      planned.apply(sliceOf('web-4-UDP', 4, 'UDP', [B[4]]));
      assert.equal(await talker.ask(), `a ${CLIENT[4]}`, 'the kernel goes on as it began');
      new StaleFlows(flows, planned.port).sweep(planned.node);
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
    new StaleFlows(flows, planned.port).sweep(planned.node);
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
    for (let i = 0; i < 2; i++) {
      flows.forget(connections);
      assert.deepEqual(planned.port.apply(learnt.map(element => ({ verb: 'delete', object: elementOf(element) }))), []);
    }
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
