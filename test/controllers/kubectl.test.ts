/** What kubectl says of workloads while the controllers work: rollouts and their history, scaling, waiting, deleting. */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Api } from '../../src/client/api.js';
import { runControllers } from '../../src/lab/controllers.js';
import { localTransport } from '../../src/lab/local-transport.js';
import { KUBECTLS, type Kubectl, startStory } from '../apiserver/kubectl.js';
import { registerNode, runPods } from './kubelet.js';

async function start(t: TestContext, kubectl: Kubectl) {
  const stop = new AbortController();
  // Before the server's own end, which the watches would complain of.
  t.after(() => stop.abort());
  const story = await startStory(t, kubectl);
  const api = new Api(localTransport(story.server, { name: 'test', groups: ['system:masters'] }));
  void runControllers({ api, signal: stop.signal });
  void runPods(api, stop.signal);
  for (const name of ['n1', 'n2']) await registerNode(api, name);
  return story;
}

/** Waits for what controllers do in their own time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 100) throw new Error('waited in vain');
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

const workload = (kind: string, spec: object) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'c', image: 'a' }] },
      },
      ...spec,
    },
  });

for (const kubectl of KUBECTLS) {
  describe(`workloads under kubectl ${kubectl.version}`, { skip: kubectl.path ? false : kubectl.missing }, () => {
    for (const [kind, spec, done] of [
      ['Deployment', { replicas: 3 }, /successfully rolled out/],
      [
        'StatefulSet',
        { replicas: 2, serviceName: 'web' },
        /(rolling update|partitioned roll out) complete|successfully rolled out/,
      ],
      ['DaemonSet', {}, /successfully rolled out/],
    ] as const) {
      it(`${kind}: a rollout, its history, the way back, a restart`, async t => {
        const { ok, k } = await start(t, kubectl);
        const what = `${kind.toLowerCase()}/web`;
        const image = async () =>
          (await ok(`get ${what} -o jsonpath={.spec.template.spec.containers[0].image}`)).trim();
        const images = async () => (await ok('get pods -o jsonpath={.items[*].spec.containers[0].image}')).split(' ');
        await ok('apply -f -', workload(kind, spec));
        assert.match(await ok(`rollout status ${what} --timeout=20s`), done);
        await ok(`set image ${what} c=b`);
        assert.match(await ok(`rollout status ${what} --timeout=20s`), done);
        assert.deepEqual([...new Set(await images())], ['b']);
        assert.match(await ok(`rollout history ${what}`), /^1 .*\n2 /m);
        await ok(`rollout undo ${what}`);
        assert.match(await ok(`rollout status ${what} --timeout=20s`), done);
        assert.equal(await image(), 'a');
        assert.deepEqual([...new Set(await images())], ['a']);
        const before = await ok('get pods -o name');
        await ok(`rollout restart ${what}`);
        assert.match(await ok(`rollout status ${what} --timeout=20s`), done);
        if (kind !== 'StatefulSet') assert.notEqual(await ok('get pods -o name'), before);
        await ok(`delete ${what} --cascade=foreground --timeout=20s`);
        // It complains when they are gone before it looks.
        await k('wait --for=delete pods -l app=web --timeout=20s');
        assert.equal((await ok('get pods -o name')).trim(), '');
      });
    }

    it('Endpoints, of Pods and by hand, as old and new clients show them', async t => {
      const { ok, k } = await start(t, kubectl);
      await ok('apply -f -', workload('Deployment', { replicas: 2 }));
      await ok('rollout status deployment/web --timeout=20s');
      await ok('expose deployment web --port=80 --target-port=8080');
      await until(async () => /web +10\.244\.\d+\.\d+:8080,10\.244\.\d+\.\d+:8080/.test((await k('get ep web')).out));
      assert.match(await ok('describe service web'), /Endpoints: +10\.244\.\d+\.\d+:8080,10\.244/);
      assert.match(await ok('describe endpoints web'), /Addresses: +10\.244.*\n +NotReadyAddresses: +<none>/);
      const old = { apiVersion: 'v1', metadata: { name: 'old' } };
      const subsets = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 5432 }] }];
      const items = [
        { ...old, kind: 'Service', spec: { ports: [{ port: 5432 }] } },
        { ...old, kind: 'Endpoints', subsets },
      ];
      await ok('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      assert.match(await ok('describe service old'), /Endpoints: +192\.0\.2\.1:5432/);
      const slices =
        'get endpointslices -l kubernetes.io/service-name=old -o jsonpath={.items[*].endpoints[*].addresses[*]}';
      await until(async () => (await ok(slices)).trim() === '192.0.2.1');
    });

    it('scale and wait', async t => {
      const { ok } = await start(t, kubectl);
      await ok('apply -f -', workload('Deployment', { replicas: 1 }));
      await ok('scale deployment/web --replicas=5');
      await ok('wait --for=condition=Available deployment/web --timeout=20s');
      await ok('rollout status deployment/web --timeout=20s');
      assert.match(await ok('get deployment web'), /web\s+5\/5\s+5\s+5/);
      assert.match(await ok('describe deployment web'), /ScalingReplicaSet|NewReplicaSet/);
    });
  });
}
