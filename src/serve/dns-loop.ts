/** The loop that answers from the table: datagrams in, replies out, the rest handed over. Decides nothing and waits in the kernel alone. */

import { FLAG, WORD } from '../dns/table/memory.js';
import type { Prefixes } from '../dns/table/prefixes.js';
import { LEFT, type TableResponder } from '../dns/table/respond.js';
import type { DnsCounters } from './dns-counters.js';
import { Parcel } from './dns-parcel.js';

/** host's DatagramBatch, of which this folder knows the shape alone. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  receive(fd: number): number;
  packet(i: number): number;
  length(i: number): number;
  setLength(i: number, length: number): void;
  peer(i: number): number;
  peerSize(i: number): number;
  send(fd: number, from: number, end: number): void;
}

export interface Poll {
  wait(milliseconds: number): number;
  ready(i: number): number | undefined;
}

export interface LoopOptions {
  readonly sockets: readonly number[];
  readonly batch: Batch;
  readonly poll: Poll;
  readonly responder: TableResponder;
  /** Clients of the cluster; all others get small replies only. */
  readonly inside: Prefixes;
  readonly control: Int32Array;
  readonly counters: DnsCounters;
  /** Requests for the chain, and while somebody listens, what was answered here. */
  handOver(parcel: Uint8Array): void;
  /** Somebody woke us. False: it is over. */
  woken(): boolean;
  /** Says that the loop lives, to whom it may concern; called so often, in milliseconds. */
  beat(): void;
  readonly beatMs: number;
}

/** Requests that the chain has not answered yet; more are dropped, and their clients ask again. */
const MAX_PENDING = 4096;

export function runLoop(options: LoopOptions): void {
  const { sockets, batch, poll, control, counters, beatMs } = options;
  const parcel = new Parcel();
  for (let next = 0; ; ) {
    const now = performance.now();
    if (now >= next) {
      options.beat();
      next = now + beatMs;
    }
    const ready = poll.wait(Math.max(1, Math.ceil(next - now)));
    for (let i = 0; i < ready; i++) {
      const socket = poll.ready(i);
      if (socket === undefined) {
        if (!options.woken()) return;
      } else {
        // Odd: references into the table are in hand, and what they lead to must stay.
        const epoch = Atomics.add(control, WORD.epoch, 1) + 1;
        serve(socket, sockets[socket]!);
        Atomics.store(control, WORD.epoch, epoch + 1);
      }
    }
  }

  function serve(socket: number, fd: number): void {
    const count = batch.receive(fd);
    if (count === 0) return;
    const start = performance.now();
    const { bytes, view } = batch;
    const { responder, inside } = options;
    const tail = (Atomics.load(control, WORD.flags) & FLAG.tail) !== 0;
    let replies = 0;
    let from = 0;
    for (let i = 0; i < count; i++) {
      const at = batch.packet(i);
      const peer = batch.peer(i);
      const size = batch.peerSize(i);
      const length = batch.length(i);
      const reply = length && responder.respond(view, at, length, !inside.hasPeer(bytes, peer));
      if (reply !== LEFT) {
        batch.setLength(i, reply);
        counters.answered(size === 16 ? 4 : 6, responder.type, responder.rcode);
        if (tail) parcel.add(socket, true, bytes, peer, size, at, reply);
        replies++;
        continue;
      }
      if (length) parcel.add(socket, false, bytes, peer, size, at, length);
      batch.send(fd, from, i);
      from = i + 1;
    }
    batch.send(fd, from, count);
    if (replies) counters.took(replies, (performance.now() - start) / 1000);
    if (parcel.count) dispatch();
  }

  function dispatch(): void {
    const count = parcel.count;
    const bytes = parcel.take();
    if (Atomics.add(control, WORD.pending, count) < MAX_PENDING) options.handOver(bytes);
    else {
      Atomics.sub(control, WORD.pending, count);
      counters.dropped(count);
    }
  }
}
