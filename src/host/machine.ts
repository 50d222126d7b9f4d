/** The state of many namespaces at once, with the wires between them: each veth read back names its other end. */

import { closeSync, openSync } from 'node:fs';
import { key } from '../kernel/kinds.js';
import type { KernelObject, KernelState } from '../kernel/port.js';
import { decodeNsid, RTM_GETNSID, writeNsidQuery } from '../wire/rtnetlink-netns.js';
import { openKernel } from './kernel-port.js';
import { withNamespace } from './namespace.js';
import { NETLINK_ROUTE, NetlinkSocket } from './netlink-socket.js';
import { LinkTable } from './rt/links.js';

/** By path, as the tracer wants it. One whose peer is in none of these namespaces names none. Throws Node's errors about a path. */
export function readMachine(paths: readonly string[]): Map<string, KernelState> {
  const files = paths.map(path => openSync(path, 'r'));
  try {
    const ends = paths.map(path => endsIn(path, files));
    return new Map(paths.map((path, i) => [path, withPeers(stateOf(path), ends, i, paths)]));
  } finally {
    for (const file of files) closeSync(file);
  }
}

function stateOf(path: string): KernelState {
  const kernel = openKernel(path);
  try {
    return kernel.read();
  } finally {
    kernel.close();
  }
}

/** One end of a veth. */
interface VethEnd {
  readonly name: string;
  readonly index: number;
  readonly peerIndex: number;
  /** Which of the namespaces the other end is in, or none of them. */
  readonly peerAt: number;
}

function endsIn(path: string, files: readonly number[]): readonly VethEnd[] {
  const socket = withNamespace(path, () => new NetlinkSocket(NETLINK_ROUTE));
  try {
    const veths = new LinkTable(socket).all().filter(({ info }) => info?.kind === 'veth');
    const ids = new Map<number | undefined, number>();
    if (veths.length > 0)
      for (const [at, fd] of files.entries()) {
        const [answer] = socket.request('get namespace id', RTM_GETNSID, 0, w => writeNsidQuery(w, fd));
        const id = answer && decodeNsid(answer);
        if (id !== undefined) ids.set(id, at);
      }
    const own = files.findIndex((_, at) => ![...ids.values()].includes(at));
    return veths.flatMap(({ name, index, peerIndex, peerNsid }) => {
      const peerAt = peerNsid === undefined ? own : ids.get(peerNsid);
      return name === undefined || peerIndex === undefined || peerAt === undefined
        ? []
        : { name, index, peerIndex, peerAt };
    });
  } finally {
    socket.close();
  }
}

function withPeers(
  state: KernelState,
  ends: readonly (readonly VethEnd[])[],
  at: number,
  paths: readonly string[],
): KernelState {
  const complete = new Map(state);
  for (const { name, peerIndex, peerAt } of ends[at]!) {
    const peer = ends[peerAt]!.find(({ index }) => index === peerIndex);
    const link = [...state.values()].find(object => object.kind === 'link' && object.name === name);
    if (!peer || link?.kind !== 'link' || link.type !== 'veth') continue;
    const named: KernelObject = { ...link, peer: { name: peer.name, netns: paths[peerAt]! } };
    complete.set(key(named), named);
  }
  return complete;
}
