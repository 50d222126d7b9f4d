/** Which entries of the kernel lead to where nobody is any more, as a table. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '../../src/kernel/flows.js';
import { buildCluster } from '../../src/model/builder.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { isForgotten, isStale, type Node } from '../../src/plan/services/stale.js';
import { node1, RANGES, service, slice } from './world.js';

const UDP = 17;
const TCP = 6;
const A = '10.244.1.5:5353';
const B = '10.244.2.6:5353';

const PORT = { name: 'dns', protocol: 'UDP', port: 53, nodePort: 30053 };
const balancer = {
  ...service('dns', ['10.96.1.1'], { type: 'LoadBalancer', ports: [PORT], sessionAffinity: 'ClientIP' }),
  status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
};
const both = slice('dns-1', 'dns', ['10.244.1.5', ['10.244.2.6', { ready: false, serving: true, terminating: true }]], {
  port: 5353,
  portName: 'dns',
  protocol: 'UDP',
});
const none = { ...both, endpoints: [] };

const node = (...objects: Parameters<typeof buildCluster>[0] extends Iterable<infer T> ? T[] : never): Node => ({
  cluster: buildCluster(objects, RANGES),
  nodeName: 'n1',
  settings: node1(),
});

/** [what, protocol, where it was sent, who answers, stale with endpoints, stale without, stale without the Service] */
const CONNECTIONS: readonly [string, number, string, string, boolean, boolean, boolean][] = [
  ['to an endpoint', UDP, '10.96.1.1:53', A, false, true, true],
  ['to one that still serves while it ends', UDP, '10.96.1.1:53', B, false, true, true],
  ['to one that is gone', UDP, '10.96.1.1:53', '10.244.2.9:5353', true, true, true],
  ['to an endpoint at another port', UDP, '10.96.1.1:53', '10.244.1.5:53', true, true, true],
  ['begun while there was none', UDP, '10.96.1.1:53', '10.96.1.1:53', true, false, false],
  ['by the node port, to one that is gone', UDP, '172.30.0.11:30053', '10.244.2.9:5353', true, true, false],
  ['by the node port', UDP, '172.30.0.11:30053', A, false, true, false],
  ['by the balancer’s address, to one that is gone', UDP, '192.0.2.1:53', '10.244.2.9:5353', true, true, false],
  ['of TCP', TCP, '10.96.1.1:53', '10.244.2.9:5353', false, false, false],
  ['to the node itself', UDP, '172.30.0.11:53', '172.30.0.11:53', false, false, false],
  ['translated by somebody else', UDP, '172.30.0.11:8053', '172.17.0.2:53', false, false, false],
  ['from Pod to Pod', UDP, A, A, false, false, false],
];

describe('a connection', () => {
  const worlds = [node(balancer, both), node(balancer, none), node()];
  for (const [what, protocol, sent, answered, ...expected] of CONNECTIONS)
    it(`${what}: ${expected.map(stale => (stale ? 'stale' : 'kept')).join(', ')}`, () => {
      assert.deepEqual(
        worlds.map(world => isStale(connection(protocol, sent, answered), world)),
        expected,
      );
    });

  it('of a node port that is known to have gone is stale, too', () => {
    assert.equal(isStale(connection(UDP, '172.30.0.11:30053', A), worlds[2]!, true), true);
  });
});

describe('what was learnt of a client', () => {
  const learnt = (front: string, target: string) => ({
    set: 'affinity4-10800',
    key: [Ip.of('10.244.1.9'), ip(front), UDP, port(front)],
    data: [ip(target), port(target)],
  });
  const rows: readonly [string, string, string, boolean][] = [
    ['an endpoint', '10.96.1.1:53', A, false],
    ['one that ends, and takes no new connections', '10.96.1.1:53', B, true],
    ['one that is gone', '10.96.1.1:53', '10.244.2.9:5353', true],
    ['an endpoint, by the node port', '172.30.0.11:30053', A, false],
    ['an endpoint, by a front that is gone', '10.96.1.1:54', A, true],
  ];
  for (const [what, front, target, expected] of rows)
    it(`${what}: ${expected ? 'forgotten' : 'kept'}`, () =>
      assert.equal(isForgotten(learnt(front, target), node(balancer, both)), expected));

  it('is forgotten with the affinity', () => {
    const { sessionAffinity: _, ...spec } = (balancer as KubeObject).spec as Record<string, unknown>;
    assert.equal(isForgotten(learnt('10.96.1.1:53', A), node({ ...balancer, spec }, both)), true);
  });
});

function connection(protocol: number, sent: string, answered: string): Connection {
  const client = { ip: Ip.of('10.244.1.9'), port: 40000 };
  return {
    protocol,
    original: { source: client.ip, sourcePort: client.port, destination: ip(sent), destinationPort: port(sent) },
    reply: { source: ip(answered), sourcePort: port(answered), destination: client.ip, destinationPort: client.port },
    status: 0,
    zone: 0,
  };
}

function ip(text: string): Ip {
  return Ip.of(text.split(':')[0]!);
}

function port(text: string): number {
  return Number(text.split(':')[1]);
}
