/** The thread of the DNS loop: `workerData` names its sockets and its table. It never waits but in the kernel. */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { WORD } from '../dns/table/memory.js';
import { Prefixes } from '../dns/table/prefixes.js';
import { TableResponder } from '../dns/table/respond.js';
import { DatagramBatch, Poller, sendTo } from '../host/datagrams.js';
import { Cidr } from '../net/cidr.js';
import { DnsCounters } from '../serve/dns-counters.js';
import { runLoop } from '../serve/dns-loop.js';
import type { LoopTask } from '../serve/dns-udp.js';

/** Milliseconds between two looks at nothing, when no beat is asked for: so late at most a thread that is to end does. */
const IDLE = 250;
const BEAT = new Uint8Array(1);

const { task, wake } = workerData as { readonly task: LoopTask; readonly wake: number };
const { sockets, control, beat } = task;
const port = parentPort!;
const poll = new Poller(sockets, wake);
const responder = new TableResponder(task.domain, task.memory, control);
Atomics.store(control, WORD.used, task.generation);
// A predecessor that failed may have left it odd.
Atomics.store(control, WORD.epoch, (Atomics.load(control, WORD.epoch) + 1) & ~1);

runLoop({
  sockets,
  batch: new DatagramBatch(),
  poll,
  responder,
  inside: new Prefixes(task.inside.map(Cidr.of)),
  control,
  counters: new DnsCounters(task.counts),
  handOver: parcel => port.postMessage(parcel, [parcel.buffer as ArrayBuffer]),
  woken() {
    for (let item = receiveMessageOnPort(port); item; item = receiveMessageOnPort(port)) {
      const message = item.message as Pick<LoopTask, 'memory' | 'generation'> | 'close';
      if (message === 'close') return false;
      responder.memory = message.memory;
      Atomics.store(control, WORD.used, message.generation);
    }
    return true;
  },
  beat() {
    for (const [i, peer] of (beat?.peers ?? []).entries()) sendTo(sockets[i]!, BEAT, peer);
  },
  beatMs: beat?.milliseconds ?? IDLE,
});
poll.close();
