/** Attachments through good and bad days, on fake kernels; after every story journal, addresses, links, routes and guard agree. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CniError } from '../../src/cni/errors.js';
import type { Attached } from '../../src/cni/result.js';
import { Ip } from '../../src/net/ip.js';
import type { HostPort } from '../../src/plan/attachment.js';
import { service } from '../plan/world.js';
import { addRequest, checkRequest, NODE, ref, World } from './world.js';

const story = (name: string, tell: (world: World) => Promise<void>) =>
  test(name, async () => {
    const world = new World();
    try {
      await tell(world);
    } finally {
      world.remove();
    }
  });

function ok(answer: Attached | CniError): Attached {
  assert.ok(!('code' in answer), JSON.stringify(answer));
  return answer;
}

const addresses = (answer: Attached | CniError) =>
  ok(answer)
    .addresses.map(({ address }) => String(address))
    .join();

story('a Pod gets an address of each family, its link, routes and guard; DEL takes all of it away', async world => {
  const agent = world.start();
  const inside = world.pod('c1');
  assert.equal(addresses(await agent.attachments.add(addRequest('c1'))), '10.244.1.2/32,fd00:10:244:1::2/128');
  assert.deepEqual(world.audit(agent), ['c1']);
  assert.match(inside.dump(), /10\.244\.1\.2\/32/);
  assert.equal(await agent.attachments.remove(ref('c1')), undefined);
  agent.attachments.close();
  assert.deepEqual(world.audit(agent), []);
});

for (const profile of ['routed', 'bridge'] as const) {
  for (const families of [[0], [1], [0, 1]]) {
    story(`profile ${profile}, families ${families.map(i => [4, 6][i])}: ADD, CHECK, DEL`, async world => {
      const podCidrs = families.map(i => ['10.244.0.0/16', 'fd00:10:244::/56'][i]!);
      const agent = world.start({ profile, podCidrs });
      world.pod('c1');
      world.pod('c2');
      const attached = ok(await agent.attachments.add(addRequest('c1')));
      ok(await agent.attachments.add(addRequest('c2')));
      assert.equal(attached.addresses.length, families.length);
      assert.equal(attached.mtu, 1400, 'that of the link to the other nodes');
      assert.equal(await agent.attachments.check(checkRequest('c1', attached)), undefined);
      for (const id of ['c1', 'c2']) await agent.attachments.remove(ref(id));
      agent.attachments.close();
      assert.deepEqual(world.audit(agent), []);
    });
  }
}

story(
  'ADD again gives the same answer; ADD for a container made anew under its name gives a new address',
  async world => {
    const agent = world.start();
    world.pod('c1');
    const first = await agent.attachments.add(addRequest('c1'));
    assert.deepEqual(await agent.attachments.add(addRequest('c1')), first);
    world.pod('other');
    assert.equal(
      addresses(await agent.attachments.add(addRequest('c1', '/run/netns/other'))),
      '10.244.1.3/32,fd00:10:244:1::3/128',
    );
    assert.deepEqual(world.audit(agent), ['c1']);
  },
);

story('DEL twice, DEL without ADD, DEL after the namespace went: success', async world => {
  const agent = world.start();
  world.pod('c1');
  ok(await agent.attachments.add(addRequest('c1')));
  world.pods.delete('/run/netns/c1');
  for (const id of ['c1', 'c1', 'never']) assert.equal(await agent.attachments.remove(ref(id)), undefined);
  agent.attachments.close();
  assert.equal(await agent.attachments.remove(ref('c1')), undefined);
  assert.deepEqual(world.audit(agent), []);
});

story('what is wrong with ADD is an error, and leaves nothing', async world => {
  const agent = world.start();
  const missing = await agent.attachments.add(addRequest('c1'));
  assert.ok('code' in missing && missing.code === 4, 'no such namespace');
  world.pod('c2');
  world.kernel.failNext(({ object }) => object.kind === 'route', 'ENOSPC', 4);
  const refused = await agent.attachments.add(addRequest('c2'));
  assert.ok('code' in refused && refused.code === 101, JSON.stringify(refused));
  assert.match(refused.details!, /ENOSPC/);
  assert.deepEqual(world.audit(agent), []);
  const inside = world.pod('c3');
  inside.failNext(({ object }) => object.kind === 'address', 'EACCES');
  const halfway = await agent.attachments.add(addRequest('c3'));
  assert.ok('code' in halfway && halfway.code === 101);
  assert.deepEqual(world.audit(agent), []);
  world.pod('c3');
  ok(await agent.attachments.add(addRequest('c3')));
  assert.deepEqual(world.audit(agent), ['c3']);
});

story(
  'a pool with nothing left: try again later, an Event, and recovery; leaving addresses are taken back first',
  async world => {
    const agent = world.start({}, { ...NODE, spec: { podCIDRs: ['10.244.1.0/29', 'fd00:10:244:1::/64'] } });
    for (const id of ['c1', 'c2', 'c3', 'c4', 'c5', 'c6']) world.pod(id);
    for (const id of ['c1', 'c2', 'c3', 'c4', 'c5']) ok(await agent.attachments.add(addRequest(id)));
    assert.equal(agent.attachments.status(), undefined, 'the node stays Ready, or its Pods would be evicted');
    const refused = await agent.attachments.add(addRequest('c6'));
    assert.ok('code' in refused && refused.code === 11);
    assert.deepEqual(world.exhausted, ['10.244.1.0/29']);
    await agent.attachments.remove(ref('c2'));
    assert.match(addresses(await agent.attachments.add(addRequest('c6'))), /^10\.244\.1\.3\/32/);
    assert.deepEqual(world.audit(agent), ['c1', 'c3', 'c4', 'c5', 'c6']);
  },
);

story('a host port is one Pod’s on the node, and no Service’s beside it', async world => {
  const agent = world.start();
  for (const id of ['c1', 'c2', 'c3']) world.pod(id);
  const wanting = (id: string, port: Partial<HostPort>) =>
    agent.attachments.add({
      ...addRequest(id),
      hostPorts: [{ protocol: 'TCP', number: 8080, containerPort: 80, ...port }],
    });
  ok(await wanting('c1', {}));
  const refused = await wanting('c2', { hostIP: Ip.of('172.30.0.11') });
  assert.ok('code' in refused && refused.code === 11);
  assert.equal(refused.msg, 'host port TCP/8080 is taken by Pod default/c1');
  ok(await wanting('c2', { protocol: 'UDP' }));
  ok(await wanting('c3', { hostIP: Ip.of('172.30.0.99') }));
  await agent.attachments.remove(ref('c1'));
  world.pod('c4');
  ok(await wanting('c4', {}));
  const ports = [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }];
  agent.network.apply({ type: 'upsert', object: service('web', ['10.96.1.1'], { type: 'NodePort', ports }) });
  world.pod('c5');
  const second = await wanting('c5', { number: 30080 });
  assert.ok('code' in second && second.msg === 'host port TCP/30080 is the node port of Service default/web');
  agent.attachments.close();
  assert.deepEqual(world.audit(agent), ['c2', 'c3', 'c4']);
});

story('without the Node, or without its pod CIDR, the runtime is told to try again', async world => {
  for (const node of [
    { ...NODE, metadata: { name: 'n2' } },
    { ...NODE, spec: {} },
    { ...NODE, status: {} },
  ]) {
    const agent = world.start({}, node);
    world.pod('c1');
    for (const answer of [await agent.attachments.add(addRequest('c1')), agent.attachments.status()]) {
      assert.ok(answer && 'code' in answer && [11, 50].includes(answer.code));
    }
    agent.network.stop();
  }
});

story('ADD waits for a pod CIDR that comes late', async world => {
  const agent = world.start({}, { ...NODE, spec: {} });
  world.pod('c1');
  const adding = agent.attachments.add(addRequest('c1'));
  agent.network.apply({ type: 'upsert', object: NODE as never });
  assert.match(addresses(await adding), /^10\.244\.1\.2/);
});

story('CHECK finds what somebody broke, on the node and in the Pod; the sweep mends it', async world => {
  const agent = world.start();
  const inside = world.pod('c1');
  const attached = ok(await agent.attachments.add(addRequest('c1')));
  const check = () => agent.attachments.check(checkRequest('c1', attached));
  const breakOne = (kernel: typeof inside, kind: string, more: (object: never) => boolean = () => true) => {
    const object = [...kernel.read().values()].find(o => o.kind === kind && more(o as never))!;
    assert.deepEqual(kernel.apply([{ verb: 'delete', object }]), []);
  };
  const table: readonly [string, () => void, RegExp][] = [
    [
      'a route',
      () =>
        breakOne(
          world.kernel,
          'route',
          (o: { protocol: number; destination: { prefix: number } }) =>
            o.protocol === 98 && o.destination.prefix === 32,
        ),
      /route/,
    ],
    [
      'a guard element',
      () => breakOne(world.kernel, 'element', (o: { set: string }) => o.set === 'pod-sources4'),
      /pod-sources4/,
    ],
    ['the link', () => breakOne(world.kernel, 'link', (o: { name: string }) => /^pw[0-9a-f]/.test(o.name)), /link/],
  ];
  for (const [what, destroy, expected] of table) {
    destroy();
    assert.match((await check())?.details ?? 'nothing was found', expected, what);
    agent.attachments.sweep();
    assert.equal(await check(), undefined, `${what} is back`);
    assert.deepEqual(world.audit(agent), ['c1']);
  }
  breakOne(inside, 'address', (o: { link: string }) => o.link === 'eth0');
  assert.match((await check())?.details ?? '', /in the Pod: address/);
  const other = await agent.attachments.check({ ...checkRequest('c1', attached), addresses: ['10.9.9.9/32'] });
  assert.match(other?.details ?? '', /prevResult lacks/);
  assert.equal((await agent.attachments.check(checkRequest('c9', attached)))?.code, 3);
});

story(
  'GC removes what is not in use, and of its own network only; a namespace that vanished frees its address',
  async world => {
    const agent = world.start();
    for (const id of ['c1', 'c2', 'c3']) world.pod(id);
    for (const id of ['c1', 'c2']) ok(await agent.attachments.add(addRequest(id)));
    const elsewhere = { ...addRequest('c3'), network: 'other', ref: { ...ref('c3'), network: 'other' } };
    ok(await agent.attachments.add(elsewhere));
    await agent.attachments.collect('podwire', [ref('c2')]);
    agent.attachments.close();
    assert.deepEqual(world.audit(agent), ['c2', 'c3']);
    // A namespace takes its end of the veth with it, and the kernel the other end.
    world.pods.delete('/run/netns/c2');
    const { link } = agent.journal.records.get('podwire/c2/eth0')!.attachment;
    world.kernel.apply([{ verb: 'delete', object: { kind: 'link', type: 'veth', name: link, up: true } }]);
    agent.attachments.sweep();
    assert.deepEqual(world.audit(agent), ['c3']);
  },
);

story('a restarted agent adopts what is right without touching it, and goes on with other addresses', async world => {
  const first = world.start();
  for (const id of ['c1', 'c2', 'c3']) world.pod(id);
  for (const id of ['c1', 'c2']) ok(await first.attachments.add(addRequest(id)));
  const before = world.kernel.dump();
  const calls = world.kernel.calls.length;
  const second = world.start();
  assert.equal(world.kernel.dump(), before);
  assert.deepEqual(world.kernel.calls.slice(calls), [], 'nothing was written');
  assert.match(addresses(await second.attachments.add(addRequest('c3'))), /^10\.244\.1\.4\/32/);
  assert.deepEqual(world.audit(second), ['c1', 'c2', 'c3']);
});
