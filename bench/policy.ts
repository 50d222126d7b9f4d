/** Policies: into the kernel from API objects on, changed, and what they cost connections and bytes beside connection tracking alone. */

import { fileURLToPath } from 'node:url';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import { Ip } from '../src/net/ip.js';
import type { KubeObject } from '../src/objects/meta.js';
import { FEATURES } from '../src/plan/features.js';
import { PlannedNode } from '../test/lab/plan-node.js';
import { node } from '../test/plan/world.js';
import { type Place, PORT } from './places.js';
import { LOCAL, NAMESPACES, PODS, POLICIES } from './policy-objects.js';
import type { Measured } from './policy-ours.js';
import type { Row } from './row.js';
import { run } from './services-peer.js';
import { connections, firstPackets, measure, stream, type Traffic } from './traffic.js';

const SERVER = '10.244.1.5';
const CLIENT = '10.244.1.6';

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
    ...besideNothing(),
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
function besideNothing(): Row[] {
  const places = {
    many: place(FEATURES, manyPeers()),
    without: place(FEATURES, []),
    alone: place(
      FEATURES.filter(({ name }) => !name.startsWith('policy')),
      [],
    ),
  };
  const rows = (what: string, make: (place: Place) => Traffic, text: (rate: number) => string): Row[] => {
    const rates = measure(make, places);
    const row = (name: string, rate: number): Row => ({
      name,
      ours: text(rate),
      peer: `${text(rates.alone!)} (connection tracking alone)`,
      ratio: `${(rate / rates.alone!).toFixed(2)}×`,
      goal: '≥ 0.97×',
    });
    return [row(`${what}, ${PODS} Pods as peers`, rates.many!), row('… where no policy is', rates.without!)];
  };
  try {
    return [
      ...rows('TCP connections', connections, rate => `${rate.toFixed(0)}/s`),
      ...rows('first packets, UDP', firstPackets, rate => `${rate.toFixed(0)}/s`),
      ...rows('bytes of a TCP stream', stream, rate => `${(rate / 2 ** 30).toFixed(2)} GiB/s`),
    ];
  } finally {
    for (const one of Object.values(places)) one.close();
  }
}

function place(features: typeof FEATURES, objects: readonly KubeObject[]): Place {
  const planned = new PlannedNode('routed', {}, features);
  planned.applyAll([node(1), ...objects]);
  const [server, client] = [planned.addPod('server', SERVER), planned.addPod('client', CLIENT)];
  const to = { ip: Ip.of(SERVER), port: PORT };
  return { client, server, from: Ip.of(CLIENT), to, close: () => planned.close() };
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
