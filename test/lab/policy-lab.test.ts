/** Policies as users meet them: applied by kubectl, in force on every node at once and before a Pod's first packet, kept by dead agents. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { applyManifests } from '../../src/client/apply.js';
import { readLiving } from '../../src/lab/processes.js';
import { resources } from '../../src/objects/resources.js';
import { parseExposition } from '../agent/prometheus.js';
import { get } from './http.js';
import { eventually, KUBECTLS, Lab, run, skip } from './lab.js';
import { echo, idlePod, type Place, serviceOf, start } from './pods.js';
import { askTcp, type Stop, serve, Talker } from './talk.js';

const SILENCE = 300;
const PORT = 9090;

const policy = (name: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'default' },
  spec,
});
const of = (app: string) => ({ podSelector: { matchLabels: { app } } });

describe('policies in the lab', { skip }, () => {
  const lab = new Lab('policy');
  const kubectlPath = KUBECTLS.find(({ path }) => path)?.path;
  const stops: Stop[] = [];
  let pods: Record<string, Place>;

  before(async () => {
    await lab.up('--nodes', '2');
    pods = await start(lab, [idlePod('web', 'n1'), idlePod('near', 'n1'), idlePod('far', 'n2'), serviceOf('web')]);
    for (const name of ['web', 'near', 'far']) stops.push(serve(pods[name]!.netns, name, PORT));
  });
  after(async () => {
    for (const stop of stops) stop();
    await lab.down();
  });

  const kubectl = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(kubectlPath!, words, lab.env);
    return { code, text: stdout + stderr };
  };
  /** Applied as a user does it, by a file. */
  const apply = async (...objects: object[]) => {
    const file = join(lab.directory, 'policies.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return kubectl('apply', '-f', file);
  };
  const passes = async (from: string, to: string, family: 4 | 6 = 4) =>
    (await askTcp(pods[from]!.netns, pods[to]![family], PORT, SILENCE)).startsWith(to);
  const matrix = async () => {
    const ways = ['near→web', 'far→web', 'web→near', 'web→far'];
    const passing = await Promise.all(ways.map(way => passes(...(way.split('→') as [string, string]))));
    return ways.filter((_, i) => passing[i]).join(' ');
  };
  const becomes = (expected: string) =>
    eventually(expected || 'nothing passes', async () => (await matrix()) === expected, 5);

  test('a NetworkPolicy isolates a running Pod, also for who speaks with it already, and lets in whom it names', {
    skip: !kubectlPath && 'no kubectl',
  }, async () => {
    await becomes('near→web far→web web→near web→far');
    const talker = new Talker(pods.far!.netns, pods.web![4], PORT);
    try {
      assert.match(await talker.ask(), /^web /);
      const { code, text } = await apply(
        policy('web', { ...of('web'), policyTypes: ['Ingress'], ingress: [{ from: [of('near')] }] }),
      );
      assert.equal(code, 0, text);
      await becomes('near→web web→near web→far');
      assert.equal(await talker.ask(), 'silence');
      assert.ok(await passes('near', 'web', 6));
      assert.ok(!(await passes('far', 'web', 6)));
      assert.equal((await kubectl('delete', 'netpol', 'web')).code, 0);
      await becomes('near→web far→web web→near web→far');
      assert.match(await talker.ask(), /^web /);
    } finally {
      talker.close();
    }
  });

  test('a ClusterNetworkPolicy goes before them, and kubectl shows what it is', {
    skip: !kubectlPath && 'no kubectl',
  }, async () => {
    const everywhere = { namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } };
    const { code, text } = await apply({
      apiVersion: 'policy.networking.k8s.io/v1alpha2',
      kind: 'ClusterNetworkPolicy',
      metadata: { name: 'no-near' },
      spec: {
        tier: 'Admin',
        priority: 7,
        subject: { pods: everywhere },
        ingress: [
          {
            action: 'Deny',
            from: [{ pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'near' } } } }],
          },
        ],
      },
    });
    assert.equal(code, 0, text);
    await becomes('far→web web→near web→far');
    assert.match((await kubectl('get', 'cnp')).text, /NAME +TIER +PRIORITY +AGE\s+no-near +Admin +7 /);
    const page = await get(lab.at.netns('n1'), '127.0.0.1', 10249, '/metrics');
    const drops = parseExposition(page).get('podwire_policy_drops_total')!;
    assert.deepEqual(
      drops.samples.filter(({ value }) => value > 0).map(({ labels }) => labels.cause),
      ['ClusterNetworkPolicy no-near ingress 1'],
    );
    assert.equal((await kubectl('delete', 'cnp', 'no-near')).code, 0);
    await becomes('near→web far→web web→near web→far');
  });

  test('a Pod whose egress is closed still has names, and its probes pass when its ingress is closed, too', async () => {
    const api = await lab.api();
    await applyManifests(
      api,
      [policy('closed', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }) as never],
      () => {},
    );
    await becomes('');
    const probed = (await start(lab, [idlePod('probed', 'n2', echo)])).probed!;
    assert.ok(probed, 'it became ready');
    const { stdout } = await lab.podwire('dns', 'query', 'web', '--from', 'far');
    assert.match(stdout, /web\.default\.svc\.cluster\.local/);
    const dig = ['dig', '+short', '+time=2', '+tries=2', '@10.97.0.10', 'web.default.svc.cluster.local'];
    const answer = await run('nsenter', [`--net=${pods.far!.netns}`, '--', ...dig]);
    assert.match(answer.stdout, /^10\.97\./);
    await api.delete(resources.networkpolicies, { namespace: 'default', name: 'closed' });
    await becomes('near→web far→web web→near web→far');
  });

  test('an isolated Pod hears nobody from its first packet on', async () => {
    const api = await lab.api();
    await applyManifests(api, [policy('late', { ...of('late'), policyTypes: ['Ingress'] }) as never], () => {});
    const { late } = await start(lab, [idlePod('late', 'n1')]);
    stops.push(serve(late!.netns, 'late', PORT));
    pods.late = late!;
    for (let i = 0; i < 5; i++) for (const from of ['near', 'far']) assert.ok(!(await passes(from, 'late')), from);
    await api.delete(resources.networkpolicies, { namespace: 'default', name: 'late' });
    await eventually('it is open', () => passes('far', 'late'), 5);
  });

  test('policies stay when their agent dies, and its successor keeps them', async () => {
    const api = await lab.api();
    await applyManifests(api, [policy('web', { ...of('web'), policyTypes: ['Ingress'] }) as never], () => {});
    await becomes('web→near web→far');
    const { pid } = readLiving(lab.at.node('n1').agentProcess)!;
    process.kill(pid, 'SIGKILL');
    let asked = 0;
    await eventually('a successor', async () => {
      asked++;
      assert.equal(await matrix(), 'web→near web→far');
      const living = readLiving(lab.at.node('n1').agentProcess);
      return living && living.pid !== pid;
    });
    for (let i = 0; i < 5; i++) assert.equal(await matrix(), 'web→near web→far');
    assert.ok(asked > 0);
    await api.delete(resources.networkpolicies, { namespace: 'default', name: 'web' });
    await becomes('near→web far→web web→near web→far');
  });

  test('what is wrong is refused with its field, and changes nothing', {
    skip: !kubectlPath && 'no kubectl',
  }, async () => {
    const ports = [{ protocol: 'TCP', port: 80, endPort: 79 }];
    const { code, text } = await apply(policy('wrong', { podSelector: {}, ingress: [{ ports }] }));
    assert.notEqual(code, 0);
    assert.match(text, /spec\.ingress\[0\]\.ports\[0\]\.endPort: Invalid value: 79/);
    assert.equal(await matrix(), 'near→web far→web web→near web→far');
  });
});
