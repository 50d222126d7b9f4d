/** The lab's own times: up, the shop, a hundred Pods, down, the agent at rest. Its peers publish theirs; nothing of them runs here. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Api } from '../src/client/api.js';
import { applyManifests } from '../src/client/apply.js';
import { httpsTransport } from '../src/client/https-transport.js';
import { readKubeconfig } from '../src/client/kubeconfig.js';
import { places } from '../src/lab/places.js';
import { readLiving } from '../src/lab/processes.js';
import { resources } from '../src/objects/resources.js';
import { median } from './median.js';
import type { Row } from './row.js';

const CLI = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
/** minikube's published comparison (v1.26.1): seconds until the cluster is created, and until DNS answers. */
const KIND = { created: 21, dns: 46.6 };
const PODS = 100;
const RUNS = 3;

export async function bench(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'podwire-bench-'));
  const env = {
    PODWIRE_LAB: 'bench',
    PODWIRE_STATE_DIR: join(directory, 'state'),
    PODWIRE_RUN_DIR: join(directory, 'run'),
    KUBECONFIG: join(directory, 'kubeconfig'),
  };
  Object.assign(process.env, env);
  const podwire = (...args: string[]) => timed(() => run(CLI, args));
  const rows: Row[] = [];
  try {
    const ups: number[] = [];
    const downs: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      if (i > 0) downs.push(podwire('down'));
      ups.push(podwire('up'));
    }
    const up = median(ups);
    rows.push({
      name: 'podwire up: 3 nodes Ready, DNS answers',
      ours: seconds(up),
      peer: `${KIND.dns} s (kind, published)`,
      ratio: `${(KIND.dns / up).toFixed(0)}×`,
      goal: '1 s',
    });
    const at = places('bench');
    const transport = httpsTransport(await readKubeconfig(at.kubeconfig));
    try {
      const api = new Api(transport, 'podwire-bench');
      const pods = await hundredPods(api);
      rows.push({ name: `${PODS} Pods Ready`, ours: seconds(pods), peer: '-', ratio: '-', goal: '5 s' });
      const agent = Math.max(
        ...['n1', 'n2', 'n3'].map(node => residentMiB(readLiving(at.node(node).agentProcess)!.pid)),
      );
      rows.push({
        name: 'agent, resident, with its share of those Pods',
        ours: `${agent.toFixed(0)} MiB`,
        peer: '-',
        ratio: '-',
        goal: '< 90 MiB',
      });
    } finally {
      transport.close();
    }
    downs.push(podwire('down'));
    podwire('up');
    rows.push({
      name: 'examples/shop Ready and a page through it',
      ours: seconds(podwire('demo')),
      peer: '-',
      ratio: '-',
      goal: '2 s',
    });
    downs.push(podwire('down'));
    rows.push({ name: 'podwire down', ours: seconds(median(downs)), peer: '-', ratio: '-', goal: '1 s' });
  } finally {
    run(CLI, ['down']);
    rmSync(directory, { recursive: true, force: true });
  }
  const help = median(Array.from({ length: 7 }, () => timed(() => run(CLI, ['--help']))));
  const bare = median(Array.from({ length: 7 }, () => timed(() => run('-e', ['0']))));
  rows.push({
    name: 'podwire --help',
    ours: milliseconds(help),
    peer: `${milliseconds(bare)} (node -e 0)`,
    ratio: `${(help / bare).toFixed(1)}×`,
    goal: '< 150 ms',
  });
  return rows;
}

async function hundredPods(api: Api): Promise<number> {
  const begun = performance.now();
  const labels = { app: 'many' };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'many' },
    spec: {
      replicas: PODS,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10' }],
        },
      },
    },
  };
  await applyManifests(api, [deployment], () => {});
  for (;;) {
    const { status } = await api.get(resources.deployments, { namespace: 'default', name: 'many' });
    if (status?.readyReplicas === PODS) return (performance.now() - begun) / 1000;
    if (performance.now() - begun > 120_000)
      throw new Error(`only ${status?.readyReplicas ?? 0} of ${PODS} Pods became Ready`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function run(script: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
}

function timed(work: () => void): number {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1000;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

function milliseconds(value: number): string {
  return `${(value * 1000).toFixed(0)} ms`;
}
