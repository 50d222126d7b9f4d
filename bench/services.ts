/** Services into the kernel: from API objects through model, plan and reconciler, beside `nft -f` with kube-proxy's rules. */

import { fileURLToPath } from 'node:url';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import { oneChange, wholeTable } from './kube-proxy.js';
import type { Row } from './row.js';
import { ENDPOINTS } from './services-objects.js';
import type { Measured } from './services-ours.js';
import { load, nftVersion, run } from './services-peer.js';

const SIZES = [1_000, 10_000, 40_000] as const;
const FEW = 100;
/** What `nft -f` takes grows at least with the square of the chains: two minutes for 10,000 Services, so only `--full` waits for that. */
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
  const largest = process.argv.includes('--full') ? FULL : COMPARED;
  const peers = new Map<number, Peer>();
  for (const size of new Set([SIZES[0], largest]))
    peers.set(size, await inNamespace('peer', netns => measurePeer(netns, size)));
  const sizes = new Map<number, Measured>();
  for (const size of new Set([FEW, largest, ...SIZES])) sizes.set(size, await measureOurs(size));
  const compared = [...new Set([...SIZES, largest])].sort((a, b) => a - b);
  const theirs = (size: number): Load => {
    const known = peers.get(size);
    if (known) return { time: known.cold, text: `${perService(known.cold, size)}, nft -f` };
    const time = peers.get(largest)!.cold * (size / largest) ** 2;
    return { time, text: `${perService(time, size)}, by the square of ${largest}'s` };
  };
  return [
    ...compared.map(size => ({
      name: `${size} Services × ${ENDPOINTS} into the kernel`,
      ours: perService(sizes.get(size)!.load, size),
      peer: theirs(size).text,
      ratio: ratio(theirs(size).time, sizes.get(size)!.load),
      goal: size === FULL ? '300×' : 'ours linear',
    })),
    ...compared.map(size => ({
      name: `${size} × ${ENDPOINTS}, cold: from API objects on`,
      ours: cold(sizes.get(size)!, size),
      peer: '',
      ratio: ratio(theirs(size).time, sizes.get(size)!.cold.total),
      goal: size === FULL ? '<= 300 ms' : 'linear',
    })),
    {
      name: `one endpoint of ${largest} × ${ENDPOINTS} changed`,
      ours: change(sizes.get(largest)!),
      peer: `${(peers.get(largest)!.change * 1000).toFixed(0)} µs (nft -f, ${version})`,
      ratio: ratio(peers.get(largest)!.change * 1000, sizes.get(largest)!.change.wall),
      goal: '',
    },
    {
      name: `one endpoint of ${SIZES.at(-1)} × ${ENDPOINTS} changed`,
      ours: change(sizes.get(40_000)!),
      peer: `${change(sizes.get(FEW)!)} of ${FEW}`,
      ratio: ratio(sizes.get(FEW)!.change.wall, sizes.get(40_000)!.change.wall),
      goal: '<= 1000 µs CPU, 1 batch, 1×',
    },
  ];
}

/** Milliseconds of `nft -f` for the whole table, and for one endpoint's change. */
interface Peer {
  readonly cold: number;
  readonly change: number;
}

interface Load {
  /** Milliseconds. */
  readonly time: number;
  readonly text: string;
}

function ratio(theirs: number, ours: number): string {
  return `${(theirs / ours).toFixed(theirs / ours < 10 ? 1 : 0)}×`;
}

function perService(milliseconds: number, size: number): string {
  const whole = milliseconds < 10_000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(0)} s`;
  return `${whole} (${((milliseconds * 1000) / size).toFixed(0)} µs each)`;
}

function cold({ cold: { total, model, plan, program, cpu } }: Measured, size: number): string {
  const parts = `model ${model.toFixed(0)}, plan ${plan.toFixed(0)}, reconcile and kernel ${program.toFixed(0)}`;
  return `${perService(total, size)}: ${parts}; CPU ${cpu.toFixed(0)} ms`;
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

async function measurePeer(netns: string, services: number): Promise<Peer> {
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
