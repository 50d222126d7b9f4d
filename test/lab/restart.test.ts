/** Traffic does not depend on our processes: each one dies under load, and no connection, old or new, notices. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { applyManifests } from '../../src/client/apply.js';
import { readLiving } from '../../src/lab/processes.js';
import { resources } from '../../src/objects/resources.js';
import { get } from './http.js';
import { eventually, Lab, skip } from './lab.js';
import { lasting, newConnections, startLoad } from './load.js';
import { echo } from './pods.js';

const MANIFESTS = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'echo' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'echo' } },
      template: {
        metadata: { labels: { app: 'echo' } },
        spec: echo,
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'echo' },
    spec: { selector: { app: 'echo' }, ports: [{ port: 80, targetPort: 8080 }] },
  },
];

describe('every process of podwire dies under load', { skip }, () => {
  const lab = new Lab('restart');
  let clusterIp = '';
  let client = '';

  before(async () => {
    await lab.up('--nodes', '2');
    const api = await lab.api();
    await applyManifests(api, MANIFESTS, () => {});
    const pods = await eventually('three Pods ready', async () => {
      const { items } = await api.list(resources.pods, { namespace: 'default' });
      const ready = items.filter(pod =>
        pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      );
      return ready.length === 3 ? ready : undefined;
    });
    client = lab.at.podNetns(pods[0]!.metadata.uid!);
    clusterIp = (await api.get(resources.services, { namespace: 'default', name: 'echo' })).spec!.clusterIP!;
    await eventually('the Service answers', () => get(client, clusterIp, 80, '/hostname').catch(() => ''));
  });
  after(() => lab.down());

  const stories: [name: string, harm: () => Promise<unknown>][] = [
    ['the agent of n1 by SIGKILL', () => killAgent('n1', 'SIGKILL')],
    ['the agent of n2 by SIGKILL', () => killAgent('n2', 'SIGKILL')],
    ['the agent of n1 by SIGTERM', () => killAgent('n1', 'SIGTERM')],
    ['labd by SIGKILL, and up again', killLabd],
    [
      'labd and both agents at once',
      async () => {
        for (const node of ['n1', 'n2']) process.kill(readLiving(lab.at.node(node).agentProcess)!.pid, 'SIGKILL');
        await killLabd();
      },
    ],
  ];
  for (const [name, harm] of stories) {
    test(name, async () => {
      const places = [client, lab.at.netns('n1'), undefined];
      const load = startLoad(places.flatMap(netns => [lasting(netns, clusterIp), newConnections(netns, clusterIp)]));
      await harm();
      const { requests, failures } = await load.stop();
      assert.deepEqual(failures, []);
      assert.ok(requests > 30, `only ${requests} requests were made`);
    });
  }

  async function killAgent(node: string, signal: NodeJS.Signals): Promise<void> {
    const { agentProcess } = lab.at.node(node);
    const before = readLiving(agentProcess)!.pid;
    process.kill(before, signal);
    await eventually('another agent runs', () => {
      const now = readLiving(agentProcess)?.pid;
      return now !== undefined && now !== before;
    });
    await eventually('the lab is healthy again', async () => (await lab.podwire('status')).code === 0);
  }

  async function killLabd(): Promise<void> {
    process.kill(readLiving(lab.at.labd)!.pid, 'SIGKILL');
    await new Promise(resolve => setTimeout(resolve, 300));
    const again = await lab.podwire('up');
    assert.equal(again.code, 0, again.stderr);
    await eventually('the lab is healthy again', async () => (await lab.podwire('status')).code === 0);
  }
});
