/** DNS on one core: the same zone, the same questions, the same client; our server beside knot, nsd and unbound, in turns. */

import { execFile, fork, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ClientResult } from './dns-client.js';
import { hits, records, searches } from './dns-data.js';
import type { Ready } from './dns-ours.js';
import { PEERS, type Peer, startPeer } from './dns-peers.js';
import { median } from './median.js';
import type { Row } from './row.js';

const FIRST_PORT = 15_353;
const QUESTIONS = 20_000;
/** Others' work on the machine meets all alike, in so many turns of so many milliseconds. */
const TURNS = 6;
const TURN = 1000;
/** Where the servers run and where the client does: knot takes the first core by itself. */
const SERVER = 0;
const CLIENT = 1;
const TICK_US = 10_000;

interface Load {
  readonly name: string;
  readonly file: string;
}

interface Measured {
  /** The best turn's and all turns' questions a second. */
  best: number;
  total: number;
  /** Microseconds of CPU in all turns. */
  cpu: number;
}

export async function bench(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'podwire-bench-dns-'));
  const started: Peer[] = [];
  try {
    const zone = records();
    for (const [i, name] of PEERS.entries()) {
      const peer = startPeer(name, FIRST_PORT + 1 + i, directory, zone, pinned);
      if (peer) started.push(peer);
    }
    const { peer: ours, ready } = await startOurs(FIRST_PORT);
    started.push(ours);
    const loads = [
      load(directory, 'search path, 4 questions a look-up', searches(QUESTIONS)),
      load(directory, 'addresses of Services', hits(QUESTIONS)),
    ];
    for (const peer of started) await answers(peer, loads[1]!);
    const rows: Row[] = [];
    let peak = 0;
    for (const load of loads) {
      const found = await throughput(started, load);
      const own = found.get('podwire')!;
      peak ||= Math.min(...[...found.values()].map(({ total }) => total / TURNS));
      for (const peer of started) if (peer !== ours) rows.push(compare(load.name, own, peer, found.get(peer.name)!));
      if (started.length === 1) rows.push({ ...compare(load.name, own, ours, own), peer: 'none installed', ratio: '' });
    }
    rows.push(...(await latency(started, ours, loads[0]!, Math.round(peak / 2))));
    rows.push(
      only(`${ready.names} names: CPU to read them all`, `${ready.build.toFixed(0)} ms`),
      only(`${ready.names} names: memory`, `${ready.memory.toFixed(0)} MiB`, '< 150 MiB'),
      only(
        'endpoint changed, until it is answered',
        `${ready.change.toFixed(1)} ms (worst ${ready.worst.toFixed(1)})`,
        '< 10 ms',
      ),
    );
    return rows;
  } finally {
    for (const peer of started) peer.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function throughput(peers: readonly Peer[], load: Load): Promise<Map<string, Measured>> {
  const found = new Map(peers.map(({ name }) => [name, { best: 0, total: 0, cpu: 0 }]));
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { name, port, pid } of peers) {
      const measured: Measured = found.get(name)!;
      const before = cpuTicks(pid);
      const { perSecond } = await ask(port, load, TURN, 0);
      measured.cpu += (cpuTicks(pid) - before) * TICK_US;
      measured.total += perSecond;
      measured.best = Math.max(measured.best, perSecond);
    }
  }
  return found;
}

function compare(name: string, ours: Measured, peer: Peer, theirs: Measured): Row {
  const text = ({ best, total, cpu }: Measured) =>
    `${(best / 1000).toFixed(0)}k/s, ${(cpu / ((total * TURN) / 1000)).toFixed(2)} µs CPU`;
  const cost = ({ total, cpu }: Measured) => cpu / total;
  return {
    name,
    ours: text(ours),
    peer: `${text(theirs)} (${peer.name} ${peer.version})`,
    ratio: `${(ours.total / theirs.total).toFixed(2)}× rate, ${(cost(theirs) / cost(ours)).toFixed(2)}× per CPU`,
    goal: peer.name === 'knot' ? '>= 1.2×' : '',
  };
}

/** At a rate that all of them can hold. */
async function latency(peers: readonly Peer[], ours: Peer, load: Load, rate: number): Promise<Row[]> {
  const found = new Map<string, ClientResult[]>(peers.map(({ name }) => [name, []]));
  for (let turn = 0; turn < TURNS; turn++)
    for (const { name, port } of peers) found.get(name)!.push(await ask(port, load, TURN, rate));
  const middle = (name: string, of: (result: ClientResult) => number) => median(found.get(name)!.map(of));
  const text = (name: string) =>
    `p50 ${middle(name, ({ p50 }) => p50).toFixed(0)}, p99 ${middle(name, ({ p99 }) => p99).toFixed(0)} µs`;
  return peers
    .filter(peer => peer !== ours)
    .map(peer => ({
      name: `latency at ${(rate / 1000).toFixed(0)}k/s`,
      ours: text(ours.name),
      peer: `${text(peer.name)} (${peer.name})`,
      ratio: `${(middle(peer.name, ({ p99 }) => p99) / middle(ours.name, ({ p99 }) => p99)).toFixed(2)}× p99`,
      goal: peer.name === 'knot' ? '> 1×' : '',
    }));
}

function load(directory: string, name: string, questions: readonly (readonly [string, string])[]): Load {
  const file = join(directory, `${name.split(' ')[0]}.json`);
  writeFileSync(file, JSON.stringify(questions));
  return { name, file };
}

function ask(port: number, { file }: Load, milliseconds: number, rate: number): Promise<ClientResult> {
  const script = fileURLToPath(new URL('dns-client.js', import.meta.url));
  const args = [script, `${port}`, file, `${milliseconds}`, `${rate}`];
  return new Promise((resolve, reject) => {
    execFile(...pinned(process.execPath, args, CLIENT), { encoding: 'utf8' }, (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout) as ClientResult);
    });
  });
}

async function answers(peer: Peer, load: Load): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const { codes } = await ask(peer.port, load, 20, 1000).catch(() => ({ codes: [0] }));
    if (codes[0]) return;
    await sleep(100);
  }
  throw new Error(`${peer.name} does not answer`);
}

async function startOurs(port: number): Promise<{ readonly peer: Peer; readonly ready: Ready }> {
  const script = fileURLToPath(new URL('dns-ours.js', import.meta.url));
  const [execPath, execArgv] = pinned(process.execPath, ['--expose-gc']);
  const child = fork(script, [`${port}`], {
    execPath,
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.once('message', message => resolve(message as Ready));
    child.once('exit', code => reject(new Error(`our server ended with ${code}`)));
  });
  const peer = { name: 'podwire', port, version: '', pid: child.pid!, end: () => child.disconnect() };
  return { peer, ready };
}

const canPin = spawnSync('taskset', ['-V']).status === 0;

/** On one core, where util-linux can say so. */
function pinned(program: string, args: readonly string[], core = SERVER): [string, readonly string[]] {
  return canPin ? ['taskset', ['-c', `${core}`, program, ...args]] : [program, args];
}

/** User and system time of all threads, and of its children: nsd answers in one of those. See proc(5). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + cpuTicks(Number(child)), Number(fields[11]) + Number(fields[12]));
}

function only(name: string, ours: string, goal = ''): Row {
  return { name, ours, peer: '', ratio: '', goal };
}
