/** DNS over UDP: sockets whose queries a thread of its own answers from the table; what it hands over goes to the responder. */

import type { ClusterZone } from '../dns/cluster-zone.js';
import type { TableMemory } from '../dns/table/layout.js';
import { NOBODY, WORD } from '../dns/table/memory.js';
import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import type { Name } from '../wire/dns-name.js';
import { DnsCounters } from './dns-counters.js';
import { unpack } from './dns-parcel.js';
import type { Client, Responder } from './dns-responder.js';

/** UDP as the host has it, which this folder does not know. */
export interface UdpHost {
  /** Throws the errno's error when the address cannot be bound; port 0 lets the kernel choose. */
  open(ip: Ip, port: number): { readonly fd: number; readonly port: number };
  close(fd: number): void;
  /** False: the datagram is lost. */
  send(fd: number, bytes: Uint8Array, peer: Uint8Array): boolean;
  addressIn(peer: Uint8Array): { readonly ip: Ip; readonly port: number };
  /** Runs the loop in a thread. */
  start(task: LoopTask, handOver: (parcel: Uint8Array) => void): LoopThread;
}

/** What the loop's thread is told; all of it can be sent to another thread. */
export interface LoopTask {
  readonly sockets: readonly number[];
  readonly domain: Name;
  /** Prefixes of the cluster's own clients. */
  readonly inside: readonly string[];
  readonly memory: TableMemory;
  /** Which one that is. */
  readonly generation: number;
  readonly control: Int32Array;
  readonly counts: Float64Array;
  /** Where each socket says so often that it is alive, while the loop is; left out: it says nothing. */
  readonly beat?: { readonly peers: readonly Uint8Array[]; readonly milliseconds: number };
}

export interface LoopThread {
  /** The table lies elsewhere now. */
  exchange(memory: TableMemory, generation: number): void;
  close(): Promise<void>;
}

export interface UdpOptions {
  readonly host: UdpHost;
  /** Bound ones; the caller closes them, after this. */
  readonly sockets: readonly number[];
  readonly zone: ClusterZone;
  readonly inside: readonly Cidr[];
  readonly beat?: LoopTask['beat'];
  readonly responder: Responder;
  /** Hears of what the loop answered, while the zone's control asks for it. */
  readonly answered: (client: Client, reply: Uint8Array) => void;
}

export interface UdpServer {
  readonly counters: DnsCounters;
  close(): Promise<void>;
}

export function serveUdp({ host, sockets, zone, inside, beat, responder, answered }: UdpOptions): UdpServer {
  const { table, control } = zone;
  const counters = new DnsCounters();
  const generation = () => Atomics.load(control, WORD.wanted);
  const handOver = (parcel: Uint8Array) => {
    for (const item of unpack(parcel)) {
      Atomics.sub(control, WORD.pending, 1);
      const { ip, port } = host.addressIn(item.peer);
      // A reply to port 0 goes nowhere.
      if (port === 0) continue;
      const client: Client = { address: String(ip), transport: 'udp' };
      if (item.answered) answered(client, item.bytes);
      else responder.handle(item.bytes, client, reply => host.send(sockets[item.socket]!, reply, item.peer));
    }
  };
  const task: LoopTask = {
    sockets,
    domain: zone.domain,
    inside: inside.map(String),
    memory: table.memory,
    generation: generation(),
    control,
    counts: counters.counts,
    beat,
  };
  // Before there is a reader: the memory that it is sent must stay.
  Atomics.store(control, WORD.used, task.generation);
  const thread = host.start(task, handOver);
  // A table that grows does so several times in one turn.
  let told = false;
  table.onGrown = () => {
    if (told) return;
    told = true;
    queueMicrotask(() => {
      told = false;
      thread.exchange(table.memory, generation());
    });
  };
  return {
    counters,
    async close() {
      table.onGrown = undefined;
      await thread.close();
      Atomics.store(control, WORD.used, NOBODY);
    },
  };
}
