/** A thousand changes of Services under load, the agent's death among them: whoever stays reachable is reached, all the time. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Api } from '../../src/client/api.js';
import { applyManifests } from '../../src/client/apply.js';
import { openKernel } from '../../src/host/kernel-port.js';
import { dump } from '../../src/kernel/dump.js';
import { readLiving } from '../../src/lab/processes.js';
import type { KubeObject } from '../../src/objects/meta.js';
import { resources } from '../../src/objects/resources.js';
import { eventually, inPath, Lab, run, skip } from './lab.js';
import { lasting, newConnections, startLoad } from './load.js';
import { echo, idlePod, type Place, start } from './pods.js';
import { type Stop, serve, Talker } from './talk.js';

const CHANGES = 1000;
/** Beside the one under load; they come, change and go. */
const NEIGHBOURS = 20;
const WEB = '10.97.200.1';
const UDP_PORT = 9090;

const reason = skip || (inPath('nft') ? false : 'needs nft on this machine');

describe('a thousand changes of Services', { skip: reason }, () => {
  const lab = new Lab('change');
  const stops: Stop[] = [];
  let pods: Record<string, Place> = {};
  let api: Api;

  before(async () => {
    await lab.up('--nodes', '2');
    api = await lab.api();
    pods = await start(lab, [
      idlePod('stays', 'n1', echo),
      idlePod('one', 'n1', echo),
      idlePod('two', 'n2', echo),
      idlePod('client', 'n1'),
    ]);
    for (const name of ['stays', 'one', 'two']) stops.push(serve(pods[name]!.netns, name, UDP_PORT));
    await applyManifests(api, [web(), slice('web', ['stays'])], () => {});
    const talker = new Talker(pods.client!.netns, WEB);
    await eventually('the Service answers', async () => (await talker.ask()).startsWith('stays')).finally(() =>
      talker.close(),
    );
  });
  after(async () => {
    for (const stop of stops) stop();
    await lab.down();
  });

  /** An EndpointSlice of that Service to these Pods, under the ports of `web`. */
  function slice(name: string, names: readonly string[], service = name): KubeObject {
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': service } },
      addressType: 'IPv4',
      ports: [
        { name: 'http', protocol: 'TCP', port: 8080 },
        { name: 'udp', protocol: 'UDP', port: UDP_PORT },
      ],
      endpoints: names.map(pod => ({
        addresses: [pods[pod]![4]],
        conditions: { ready: true },
        nodeName: pods[pod]!.pod.spec.nodeName,
      })),
    } as KubeObject;
  }

  /** The i-th of a fixed sequence: of Services that come and go, and of the endpoints beside the one that stays. */
  async function change(i: number): Promise<void> {
    let asked = 0;
    const random = (below: number) => Math.floor(fraction(i, ++asked) * below);
    const others = ['one', 'two'].filter((_, bit) => random(4) & (1 << bit));
    if (i % 3 === 0) return applyManifests(api, [slice('web', ['stays', ...others])], () => {});
    const name = `neighbour-${random(NEIGHBOURS)}`;
    if (i % 7 === 0) await api.delete(resources.services, { namespace: 'default', name }).catch(() => {});
    else await applyManifests(api, [neighbour(name, random), slice(name, others)], () => {}).catch(ignoreConflict);
  }

  test('no flow to an endpoint that stays is lost; agents die and rules are damaged meanwhile', async () => {
    const client = pods.client!.netns;
    const n1 = lab.at.netns('n1');
    await nft(n1, 'add table inet foreign; add chain inet foreign c { type filter hook forward priority 1; }');
    const load = startLoad([
      ...[client, n1, pods.two!.netns].flatMap(netns => [newConnections(netns, WEB), lasting(netns, WEB)]),
      ...[client, n1].map(netns => udpStream(netns)),
    ]);
    for (let i = 0; i < CHANGES; i++) {
      await change(i);
      if (i === CHANGES / 4) killAgent('n1');
      if (i === CHANGES / 2) await nft(n1, 'delete chain inet podwire affinity');
      if (i === (CHANGES * 3) / 4) killAgent('n2');
    }
    await eventually('both agents run again', async () => (await lab.podwire('status')).code === 0);
    const { requests, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(requests > 1000, `only ${requests} requests were made`);
  });

  test('what a stranger took is there again, and said', async () => {
    const n1 = lab.at.netns('n1');
    await eventually(
      'the chain is mended',
      async () => /chain affinity \{/.test(await nft(n1, 'list table inet podwire')),
      40,
    );
    const metrics = await run('curl', ['-s', '--unix-socket', lab.at.node('n1').healthSocket, 'http://n1/metrics']);
    assert.match(metrics.stdout, /^podwire_reconcile_repairs_total [1-9]/m);
  });

  test('a table of somebody else is as it was', async () => {
    assert.match(await nft(lab.at.netns('n1'), 'list table inet foreign'), /chain c \{/);
  });

  test('both nodes hold what an agent would make of the cluster anew', async () => {
    const before = ['n1', 'n2'].map(rules);
    for (const node of ['n1', 'n2']) killAgent(node);
    await eventually('both agents run again', async () => (await lab.podwire('status')).code === 0);
    assert.deepEqual(['n1', 'n2'].map(rules), before);
  });

  /** From one port, for as long as it lasts. */
  function udpStream(netns: string) {
    const talker = new Talker(netns, WEB);
    return {
      async ask() {
        const answer = await talker.ask();
        if (!/^(stays|one|two) /.test(answer)) throw new Error(`UDP from ${netns}: ${answer}`);
      },
      close: () => talker.close(),
    };
  }

  function killAgent(node: string): void {
    process.kill(readLiving(lab.at.node(node).agentProcess)!.pid, 'SIGKILL');
  }

  function rules(node: string): string {
    const kernel = openKernel(lab.at.netns(node));
    try {
      return dump(kernel.read(['table', 'set', 'chain', 'element', 'slots']));
    } finally {
      kernel.close();
    }
  }
});

function web(): KubeObject {
  const ports = [
    { name: 'http', protocol: 'TCP', port: 80 },
    { name: 'udp', protocol: 'UDP', port: 80 },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: WEB, clusterIPs: [WEB], ports },
  } as KubeObject;
}

/** One of every sort. */
function neighbour(name: string, random: (below: number) => number): KubeObject {
  const type = ['ClusterIP', 'NodePort', 'LoadBalancer'][random(3)];
  const external = type === 'ClusterIP' ? {} : { externalTrafficPolicy: ['Cluster', 'Local'][random(2)] };
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 + random(3) }];
  const sessionAffinity = ['None', 'ClientIP'][random(2)];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { type, ports, sessionAffinity, internalTrafficPolicy: ['Cluster', 'Local'][random(2)], ...external },
  } as KubeObject;
}

/** 0 up to 1, the same in every run (a hash of two numbers by Weyl's golden ratio). */
function fraction(i: number, salt: number): number {
  const product = (i * 16 + salt) * 0.6180339887498949;
  return product - Math.floor(product);
}

/** Two of the sequence want one thing: the API server says so, which is its business. */
function ignoreConflict(error: Error): void {
  if (!/conflict|already allocated|may not be used/i.test(error.message)) throw error;
}

async function nft(netns: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await run('nsenter', [`--net=${netns}`, 'nft', command]);
  assert.equal(code, 0, stderr);
  return stdout;
}
