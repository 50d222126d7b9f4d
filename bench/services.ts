/** Services into the kernel: from API objects through model, plan and reconciler, beside `nft -f` with kube-proxy's rules. */

import { fileURLToPath } from 'node:url';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import type { Row } from './row.js';
import { ENDPOINTS } from './services-objects.js';
import type { Measured } from './services-ours.js';
import { load, nftVersion, oneChange, run, wholeTable } from './services-peer.js';

const SIZES = [100, 1_000, 10_000, 40_000] as const;
/** What `nft -f` takes grows with the square of the chains: 26 s for 10,000 Services, so only `--full` waits for that. */
const COMPARED = 2_000;
const FULL = 10_000;
/** Others' work on the machine only adds: of so many cold starts the shortest is shown. */
const RUNS = 3;

export async function bench(): Promise<Row[]> {
  // To end by `exit` runs what is to be done then: see inNamespace and run.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  if (process.getuid?.() !== 0) return [skipped('needs root, to make network namespaces')];
  const version = nftVersion();
  if (!version) return [skipped('nft is not installed (Debian: nftables)')];
  const compared = process.argv.includes('--full') ? FULL : COMPARED;
  const peer = await inNamespace('peer', netns => measurePeer(netns, compared));
  const same = await measureOurs(compared);
  const sizes = new Map<number, Measured>();
  for (const size of SIZES) sizes.set(size, await measureOurs(size));
  const ratio = (theirs: number, ours: number) => `${(theirs / ours).toFixed(theirs / ours < 10 ? 1 : 0)}×`;
  const perService = (milliseconds: number, size: number) =>
    `${((milliseconds * 1000) / size).toFixed(0)} µs a Service`;
  return [
    {
      name: `${compared} Services × ${ENDPOINTS} into the kernel`,
      ours: `${same.load.toFixed(0)} ms`,
      peer: `${peer.cold.toFixed(0)} ms (nft -f, ${version})`,
      ratio: ratio(peer.cold, same.load),
      goal: compared === FULL ? '300×' : '(300× with --full)',
    },
    {
      name: '… from API objects on, cold',
      ours: cold(same),
      peer: `${peer.cold.toFixed(0)} ms`,
      ratio: ratio(peer.cold, same.cold.total),
      goal: '',
    },
    ...SIZES.slice(1).map(size => ({
      name: `${size} Services × ${ENDPOINTS}, cold`,
      ours: cold(sizes.get(size)!),
      peer: `${perService(sizes.get(size)!.cold.total, size)}, ${perService(sizes.get(size)!.load, size)} in the kernel`,
      ratio: '',
      goal: size === FULL ? '<= 300 ms' : 'linear',
    })),
    {
      name: `one endpoint of ${compared} × ${ENDPOINTS} changed`,
      ours: change(same),
      peer: `${(peer.change * 1000).toFixed(0)} µs (nft -f)`,
      ratio: ratio(peer.change * 1000, same.change.wall),
      goal: '',
    },
    {
      name: `one endpoint of ${SIZES.at(-1)} × ${ENDPOINTS} changed`,
      ours: change(sizes.get(40_000)!),
      peer: `${change(sizes.get(100)!)} of 100`,
      ratio: ratio(sizes.get(100)!.change.wall, sizes.get(40_000)!.change.wall),
      goal: '<= 1000 µs CPU, 1 batch, 1×',
    },
  ];
}

function cold({ cold: { total, model, plan, program, cpu } }: Measured): string {
  const parts = `model ${model.toFixed(0)}, plan ${plan.toFixed(0)}, reconcile and kernel ${program.toFixed(0)}`;
  return `${total.toFixed(0)} ms (${parts}; CPU ${cpu.toFixed(0)})`;
}

function change({ change: { wall, cpu, batches } }: Measured): string {
  return `${wall.toFixed(0)} µs (CPU ${cpu.toFixed(0)} µs, ${batches} batch)`;
}

/** Each time in a new process and a new namespace. */
async function measureOurs(services: number): Promise<Measured> {
  const script = fileURLToPath(new URL('services-ours.js', import.meta.url));
  const all: Measured[] = [];
  for (let i = 0; i < RUNS; i++)
    all.push(
      await inNamespace('ours', async netns =>
        JSON.parse(await run(netns, process.execPath, [script, netns, `${services}`])),
      ),
    );
  const least = (of: (one: Measured) => number) => all.reduce((a, b) => (of(a) <= of(b) ? a : b));
  return {
    cold: least(one => one.cold.total).cold,
    load: least(one => one.load).load,
    change: least(one => one.change.wall).change,
  };
}

async function measurePeer(netns: string, services: number) {
  const cold = await load(netns, wholeTable(services));
  const times: number[] = [];
  for (let i = 0; i < 9; i++) times.push(await load(netns, oneChange((i * 79) % services, i % ENDPOINTS, 1)));
  return { cold, change: times.sort((a, b) => a - b)[times.length >> 1]! };
}

/** The namespace goes with the work, or with this process when a signal ends it before. */
async function inNamespace<T>(name: string, work: (netns: string) => Promise<T>): Promise<T> {
  const netns = `/run/netns/podwire-bench-${name}-${process.pid}`;
  const remove = () => removeNamespace(netns);
  process.once('exit', remove);
  createNamespace(netns);
  try {
    return await work(netns);
  } finally {
    remove();
    process.removeListener('exit', remove);
  }
}

function skipped(reason: string): Row {
  return { name: 'Services', ours: `skipped: ${reason}`, peer: '', ratio: '', goal: '' };
}
