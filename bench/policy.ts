/** Policies: into the kernel from API objects on, changed, and what they cost connections and bytes beside connection tracking alone. */

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import type { KubeObject } from '../src/objects/meta.js';
import { FEATURES } from '../src/plan/features.js';
import { PlannedNode } from '../test/lab/plan-node.js';
import { node } from '../test/plan/world.js';
import { measure, type Path, ratios, serveIn } from './connections.js';
import { median } from './median.js';
import { LOCAL, NAMESPACES, PODS, POLICIES } from './policy-objects.js';
import type { Measured } from './policy-ours.js';
import type { Row } from './row.js';
import { run } from './services-peer.js';

const SERVER = '10.244.1.5';
const CLIENT = '10.244.1.6';
const PASSES = 9;

export async function bench(): Promise<Row[]> {
  if (process.getuid?.() !== 0) return [{ name: 'policy', ours: 'skipped: needs root', peer: '', ratio: '', goal: '' }];
  const { cold, change, effect } = await measureOurs();
  const row = (name: string, ours: string, goal: string): Row => ({ name, ours, peer: '', ratio: '', goal });
  const ms = (milliseconds: number) => `${milliseconds.toFixed(0)} ms`;
  return [
    row(
      `${POLICIES} policies, ${PODS} Pods, ${NAMESPACES} namespaces: cold, node with ${LOCAL} Pods`,
      `${ms(cold.plan + cold.program)}: plan ${cold.plan.toFixed(0)}, reconcile and kernel ${cold.program.toFixed(0)} (${cold.objects} objects; model ${cold.model.toFixed(0)} before)`,
      '< 1 s',
    ),
    row('a Pod’s labels change, on a node that it concerns', `${change.concerned.toFixed(0)} µs CPU`, '< 2 ms'),
    row('… and on another', `${change.elsewhere.toFixed(0)} µs CPU`, '< 100 µs'),
    row('a policy comes or goes: event to kernel, p99', `${effect.toFixed(1)} ms`, '< 50 ms'),
    ...(await besideNothing()),
  ];
}

/** Others' work on the machine only adds: of each number the least of three processes is shown. */
async function measureOurs(): Promise<Measured> {
  const all = [await measureOnce(), await measureOnce(), await measureOnce()];
  const least = (of: (one: Measured) => number) => all.reduce((a, b) => (of(a) <= of(b) ? a : b));
  return {
    cold: least(({ cold }) => cold.plan + cold.program).cold,
    change: {
      concerned: least(({ change }) => change.concerned).change.concerned,
      elsewhere: least(({ change }) => change.elsewhere).change.elsewhere,
    },
    effect: least(({ effect }) => effect).effect,
  };
}

async function measureOnce(): Promise<Measured> {
  const netns = `/run/netns/podwire-bench-policy-${process.pid}`;
  createNamespace(netns);
  try {
    const script = fileURLToPath(new URL('policy-ours.js', import.meta.url));
    return JSON.parse(await run(netns, process.execPath, [script, netns]));
  } finally {
    removeNamespace(netns);
  }
}

/** Two Pods of one node: a policy of 10,000 peers between them, policies without any, and no policy feature at all. */
async function besideNothing(): Promise<Row[]> {
  const many = place(FEATURES, manyPeers());
  const without = place(FEATURES, []);
  const alone = place(
    FEATURES.filter(({ name }) => !name.startsWith('policy')),
    [],
  );
  const places = { many, without, alone };
  try {
    const paths = Object.fromEntries(
      Object.entries(places).map(([name, { client }]): [string, Path] => [name, { client, to: SERVER, port: 8080 }]),
    );
    const rates = measure(paths);
    const bytes: Record<string, number[]> = {};
    for (let pass = 0; pass < PASSES; pass++)
      for (const [name, { client, server }] of Object.entries(places))
        (bytes[name] ??= []).push(await stream(client, server));
    const row = (name: string, of: readonly number[], beside: readonly number[], unit: string): Row => ({
      name,
      ours: `${Math.round(median(of))} ${unit}`,
      peer: `${Math.round(median(beside))} ${unit} (connection tracking alone)`,
      ratio: `${median(ratios(of, beside)).toFixed(3)}×`,
      goal: '≥ 0.97×',
    });
    return [
      row(`connections, ${PODS} Pods as peers`, rates.many!, rates.alone!, '/s'),
      row('… where no policy is', rates.without!, rates.alone!, '/s'),
      row(`one TCP stream, ${PODS} Pods as peers`, bytes.many!, bytes.alone!, 'MB/s'),
      row('… where no policy is', bytes.without!, bytes.alone!, 'MB/s'),
    ];
  } finally {
    for (const one of Object.values(places)) await one.close();
  }
}

function place(features: typeof FEATURES, objects: readonly KubeObject[]) {
  const planned = new PlannedNode('routed', {}, features);
  planned.applyAll([node(1), ...objects]);
  const server = planned.addPod('server', SERVER);
  const stop = serveIn(server);
  return {
    server,
    client: planned.addPod('client', CLIENT),
    async close() {
      await stop();
      planned.close();
    },
  };
}

/** Both ends are isolated, and allow each other among all the others. */
function manyPeers(): KubeObject[] {
  const pod = (name: string, ip: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'peer' } },
    spec: { containers: [] },
    status: { phase: 'Running', podIPs: [{ ip }] },
  });
  const peers = [{ podSelector: { matchLabels: { app: 'peer' } } }];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    pod('server', SERVER),
    pod('client', CLIENT),
    ...Array.from({ length: PODS - 2 }, (_, i) => pod(`p-${i}`, `10.244.${2 + (i >> 8)}.${i & 255}`)),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'peers', namespace: 'default' },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: peers }],
        egress: [{ to: peers }],
      },
    },
  ];
}

/** Megabytes a second of one connection. */
function stream(client: string, server: string): Promise<number> {
  const worker = new Worker(new URL('policy-stream.js', import.meta.url), {
    workerData: { client, server, to: SERVER },
    trackUnmanagedFds: false,
  });
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}
