/** The fake kernel passes the suite of the real one. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FakeKernel } from '../../src/kernel/fake.js';
import { kernelSuite } from '../suites/kernel.js';
import * as o from '../suites/kernel-objects.js';

kernelSuite('fake', () => {
  const port = new FakeKernel();
  return { port, close: () => port.close() };
});

it('fake: a fault happens as often as asked and has no effect on the kernel', () => {
  const port = new FakeKernel();
  port.failNext(operation => operation.object.kind === 'chain', 'ENOMEM', 2);
  const add = () =>
    port.apply([o.table, o.chain('c')].map(object => ({ verb: 'add', object }))).map(({ errno }) => errno);
  assert.deepEqual([add(), add(), add()], [['ECANCELED', 'ENOMEM'], ['ECANCELED', 'ENOMEM'], []]);
});

it('fake: a veth pair joins two namespaces, and both ends go together', () => {
  const pod = new FakeKernel();
  const node = new FakeKernel(new Map([['/run/netns/pod', pod]]));
  const host = o.veth('pw0', { peer: { name: 'eth0', netns: '/run/netns/pod', mtu: 1400 } });
  assert.deepEqual(node.apply([{ verb: 'add', object: host }]), []);
  assert.match(pod.dump(), /^link eth0 type veth down mtu 1400/m);
  pod.apply([{ verb: 'delete', object: o.veth('eth0') }]);
  assert.doesNotMatch(node.dump(), /pw0/);
});
