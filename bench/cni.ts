/** Whole plugin calls, from starting the program to its end, beside Debian's bridge + host-local; one family, as both can. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespace, removeNamespace, withNamespace } from '../src/host/namespace.js';
import { LabNode, unable } from '../test/lab/cni-node.js';
import { median } from './median.js';
import type { Row } from './row.js';
import { type Program, start, wait } from './spawn.js';

const PEER = '/usr/lib/cni';
const SINGLE = 80;
const BLOCK = 20;
const PARALLEL = 100;
const CALLERS = 4;

type Command = 'ADD' | 'DEL';

/** One plugin under test: how its calls look, and on which node they are made. */
interface Side {
  readonly netns: string;
  program(command: Command, container: string): Program;
}

export async function bench(): Promise<Row[]> {
  if (unable) return skipped(unable);
  const node = new LabNode();
  const peerNode = `${node.prefix}-peer`;
  createNamespace(peerNode);
  try {
    await node.start({ podCidrs: ['10.244.0.0/20'] });
    const config = (more: object) => JSON.stringify({ cniVersion: '1.0.0', name: 'bench', ...more });
    const ours = side(node, node.plugin, node.netns, config({ type: 'podwire' }), 'o');
    if (!existsSync(`${PEER}/bridge`))
      return skipped(`${PEER}/bridge is not there: apt install containernetworking-plugins`);
    const ipam = {
      type: 'host-local',
      dataDir: join(node.dir, 'ipam'),
      ranges: [[{ subnet: '10.245.0.0/20' }]],
      routes: [{ dst: '0.0.0.0/0' }],
    };
    const peer = side(
      node,
      `${PEER}/bridge`,
      peerNode,
      config({ type: 'bridge', bridge: 'cni0', isGateway: true, ipam }),
      'p',
    );
    return await measure(node, ours, peer);
  } finally {
    await node.remove();
    removeNamespace(peerNode);
  }
}

async function measure(node: LabNode, ours: Side, peer: Side): Promise<Row[]> {
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  const single = names('s', SINGLE);
  const many = names('m', PARALLEL);
  for (const name of [...single, ...many]) for (const letter of ['o', 'p']) node.pod(letter + name);

  // In turns, so that whatever else the machine does meets both; in blocks, so that each pays for the work that the
  // kernel puts off until after its own calls.
  const each = (command: Command) => {
    const times = { ours: [] as number[], peer: [] as number[] };
    for (let at = 0; at < SINGLE; at += BLOCK) {
      const block = single.slice(at, at + BLOCK);
      for (const name of block) times.ours.push(milliseconds(ours, command, name));
      for (const name of block) times.peer.push(milliseconds(peer, command, name));
    }
    return { ours: median(times.ours), peer: median(times.peer) };
  };
  const add = each('ADD');
  const del = each('DEL');
  await sleep(100);
  const together = { ours: parallel(ours, many), peer: parallel(peer, many) };

  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const rate = (value: number) => `${Math.round(value)} pods/s`;
  const times = (value: number) => `${value.toFixed(1)}×`;
  return [
    {
      name: 'CNI ADD, p50',
      ours: ms(add.ours),
      peer: ms(add.peer),
      ratio: times(add.peer / add.ours),
      goal: '≥ 5×, < 1.5 ms',
    },
    {
      name: 'CNI DEL until it returns, p50',
      ours: ms(del.ours),
      peer: ms(del.peer),
      ratio: times(del.peer / del.ours),
      goal: '≥ 5×',
    },
    {
      name: `CNI ADD, ${CALLERS} callers at once`,
      ours: rate(together.ours),
      peer: rate(together.peer),
      ratio: times(together.ours / together.peer),
      goal: '≥ 5×',
    },
  ];
}

function side(node: LabNode, path: string, netns: string, config: string, letter: string): Side {
  const stdin = join(node.dir, `${letter}.conf`);
  writeFileSync(stdin, config);
  const program = (command: Command, container: string): Program => ({
    path,
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: letter + container,
      CNI_NETNS: `${node.prefix}-${letter}${container}`,
      CNI_IFNAME: 'eth0',
      CNI_PATH: PEER,
    },
    stdin,
    stdout: join(node.dir, `${letter}.out`),
  });
  return { netns, program };
}

/** One call alone, until it ended. */
function milliseconds(side: Side, command: Command, container: string): number {
  return onNode(side, () => {
    const begin = process.hrtime.bigint();
    wait(start(side.program(command, container)));
    return Number(process.hrtime.bigint() - begin) / 1e6;
  });
}

function onNode<T>({ netns, program }: Side, work: () => T): T {
  try {
    return withNamespace(netns, work);
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${readFileSync(program('ADD', '').stdout, 'utf8')}`);
  }
}

/** Pods per second with several calls under way at any time. */
function parallel(side: Side, names: readonly string[]): number {
  return onNode(side, () => {
    const begin = process.hrtime.bigint();
    let running = 0;
    for (const name of names) {
      start(side.program('ADD', name));
      if (++running < CALLERS) continue;
      wait(-1);
      running--;
    }
    while (running-- > 0) wait(-1);
    return names.length / (Number(process.hrtime.bigint() - begin) / 1e9);
  });
}

function skipped(why: string): Row[] {
  return [{ name: 'CNI', ours: '-', peer: '-', ratio: '-', goal: `skipped: ${why}` }];
}
