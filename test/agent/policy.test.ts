/** Fail closed, on fake kernels: no Pod is attached before its policies are known, and none loses them while an agent is away. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../src/objects/meta.js';
import { addRequest, ref, World } from './world.js';

const story = (name: string, tell: (world: World) => Promise<void>) =>
  test(name, async () => {
    const world = new World();
    try {
      await tell(world);
    } finally {
      world.remove();
    }
  });

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };

const DENY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'deny', namespace: 'default' },
  spec: { podSelector: { matchLabels: { app: 'web' } } },
};

const pod = (name: string, labels: Record<string, string>, ip?: string, uid = `uid-${name}`): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid, labels },
  spec: { containers: [] },
  status: { phase: 'Running', ...(ip && { podIPs: [{ ip }] }) },
});

type Agent = ReturnType<World['start']>;

function tell({ network }: Agent, ...objects: readonly object[]): void {
  for (const object of objects) network.apply({ type: 'upsert', object: object as KubeObject });
}

/** Set by set what decides of an address; only the first words of a chain's name. */
function verdicts(world: World, ip: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const object of world.kernel.read().values()) {
    if (object.kind !== 'element' || !object.set.startsWith('policy-') || String(object.key[0]) !== ip) continue;
    const data = object.data as { readonly verdict: string; readonly chain?: string };
    found[object.set] = data.chain?.replace(/-[0-9a-f]{20}$/, '') ?? data.verdict;
  }
  return found;
}

const OPEN = { 'policy-egress4': 'accept', 'policy-ingress4': 'accept', 'policy-node4': 'accept' };
const ISOLATED = { ...OPEN, 'policy-ingress4': 'policy-ingress' };

story('where there is no policy nobody waits', async world => {
  const agent = world.start();
  world.pod('c1');
  assert.ok(!('code' in (await agent.attachments.add(addRequest('c1')))));
  assert.deepEqual(verdicts(world, '10.244.1.2'), OPEN);
});

story('with a policy, ADD waits for the API’s word on the Pod; it is isolated with its first route', async world => {
  const agent = world.start({}, undefined, 2000);
  tell(agent, NAMESPACE, DENY);
  world.pod('c1');
  const added = agent.attachments.add(addRequest('c1'));
  await sleep(30);
  assert.deepEqual(world.audit(agent), [], 'nothing of it is there');
  tell(agent, pod('c1', { app: 'web' }));
  assert.ok(!('code' in (await added)));
  assert.deepEqual(verdicts(world, '10.244.1.2'), ISOLATED);
});

story('when the word does not come ADD fails, and nothing is left', async world => {
  const agent = world.start();
  tell(agent, NAMESPACE, DENY);
  world.pod('c1');
  const answer = await agent.attachments.add(addRequest('c1'));
  assert.equal('code' in answer && answer.code, 11);
  assert.match(JSON.stringify(answer), /not told yet of Pod default\/c1/);
  assert.deepEqual(world.audit(agent), []);
});

story('the last Pod of that name is not this one', async world => {
  const agent = world.start({}, undefined, 2000);
  tell(agent, NAMESPACE, DENY, pod('c1', {}, undefined, 'uid-of-the-last'));
  world.pod('c1');
  const added = agent.attachments.add(addRequest('c1'));
  await sleep(30);
  assert.deepEqual(world.audit(agent), []);
  tell(agent, pod('c1', { app: 'web' }));
  assert.ok(!('code' in (await added)));
  assert.deepEqual(verdicts(world, '10.244.1.2'), ISOLATED);
});

story('an address that another Pod still has in the API is not given out', async world => {
  const agent = world.start();
  tell(agent, NAMESPACE, pod('gone', {}, '10.244.1.2'), pod('c1', {}));
  world.pod('c1');
  const answer = await agent.attachments.add(addRequest('c1'));
  assert.ok(!('code' in answer), JSON.stringify(answer));
  assert.equal(String(answer.addresses[0]!.address), '10.244.1.3/32');
  assert.deepEqual(world.audit(agent), ['c1']);
});

story('labels and policies change under a Pod', async world => {
  const agent = world.start();
  tell(agent, NAMESPACE, DENY, pod('c1', {}));
  world.pod('c1');
  await agent.attachments.add(addRequest('c1'));
  assert.deepEqual(verdicts(world, '10.244.1.2'), OPEN);
  tell(agent, pod('c1', { app: 'web' }));
  agent.network.flush();
  assert.deepEqual(verdicts(world, '10.244.1.2'), ISOLATED);
  agent.network.apply({ type: 'delete', object: DENY as KubeObject });
  agent.network.flush();
  assert.deepEqual(verdicts(world, '10.244.1.2'), OPEN);
});

story('DEL takes every verdict away at once', async world => {
  const agent = world.start();
  tell(agent, NAMESPACE, DENY, pod('c1', { app: 'web' }));
  world.pod('c1');
  await agent.attachments.add(addRequest('c1'));
  await agent.attachments.remove(ref('c1'));
  assert.deepEqual(verdicts(world, '10.244.1.2'), {});
  agent.attachments.close();
});

story(
  'an agent that starts leaves policies alone until it knows all of them, and then changes nothing',
  async world => {
    const first = world.start();
    tell(first, NAMESPACE, DENY, pod('c1', { app: 'web' }));
    world.pod('c1');
    await first.attachments.add(addRequest('c1'));
    first.journal.close();
    const before = world.kernel.dump();
    const second = world.start({}, undefined, undefined, [NAMESPACE, DENY, pod('c1', { app: 'web' })]);
    assert.equal(second.network.counters.operations, 0);
    assert.equal(world.kernel.dump(), before);
  },
);
