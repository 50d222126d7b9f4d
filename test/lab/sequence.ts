/** Numbered datagrams through the kernel: a thread sends them one after another, another notes which arrived. */

import { closeSync, readSync, writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { connect } from '../../src/host/libc.js';
import { withNamespace } from '../../src/host/namespace.js';
import { sockaddr } from '../../src/host/sockaddr.js';
import { bindUdp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';

/** At most so many numbers. */
const MOST = 4_000_000;
/** Cells of the shared numbers: sent begun, sent done, greatest received, whether to stop. */
const [BEGUN, DONE, LAST, STOP] = [0, 1, 2, 3] as const;
/** Milliseconds between two datagrams, and between two looks for one. */
const PAUSE = 0.02;

interface Role {
  readonly send: boolean;
  readonly fd: number;
  readonly counters: Int32Array;
  readonly received: Uint8Array;
}

export class Sequence {
  readonly #counters = new Int32Array(new SharedArrayBuffer(16));
  readonly #received = new Uint8Array(new SharedArrayBuffer(MOST));
  readonly #workers: Worker[];

  /** From one namespace to an address in another, UDP port 9. */
  constructor(from: string, to: string, ip: string) {
    const address = Ip.of(ip);
    const receiver = withNamespace(to, () => bindUdp(address, 9));
    const sender = withNamespace(from, () => {
      const fd = bindUdp(Ip.of(address.family === 4 ? '0.0.0.0' : '::'), 0);
      const peer = sockaddr(address, 9);
      connect(fd, peer, peer.length);
      return fd;
    });
    this.#workers = [true, false].map(send => {
      const role: Role = { send, fd: send ? sender : receiver, counters: this.#counters, received: this.#received };
      return new Worker(new URL(import.meta.url), { workerData: role, trackUnmanagedFds: false });
    });
  }

  /** The number sent last: every later one is sent after this moment. */
  get begun(): number {
    return Atomics.load(this.#counters, BEGUN);
  }

  /** Waits until so many more were sent; the last of them. */
  async more(count: number): Promise<number> {
    const end = this.begun + count;
    while (Atomics.load(this.#counters, DONE) < end) await pause();
    return end;
  }

  /** Waits until that one has arrived, or a second has gone. */
  async arrival(number: number): Promise<void> {
    for (const end = Date.now() + 1000; Atomics.load(this.#counters, LAST) < number && Date.now() < end; )
      await pause();
  }

  /** Of the numbers after `first` up to `last` how many arrived. */
  arrived(first: number, last: number): number {
    return this.#received.subarray(first + 1, last + 1).reduce((sum, one) => sum + one, 0);
  }

  async close(): Promise<void> {
    Atomics.store(this.#counters, STOP, 1);
    await Promise.all(this.#workers.map(worker => new Promise(resolve => worker.once('exit', resolve))));
  }
}

const pause = () => new Promise(resolve => setImmediate(resolve));

function run({ send, fd, counters, received }: Role): void {
  const bytes = Buffer.alloc(4);
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (!Atomics.load(counters, STOP)) {
    try {
      if (send) {
        bytes.writeInt32LE(Atomics.add(counters, BEGUN, 1) + 1);
        writeSync(fd, bytes);
        Atomics.add(counters, DONE, 1);
      } else {
        readSync(fd, bytes);
        received[bytes.readInt32LE()] = 1;
        Atomics.store(counters, LAST, bytes.readInt32LE());
        continue;
      }
    } catch (error) {
      // Nothing there yet.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    Atomics.wait(nothing, 0, 0, PAUSE);
  }
  closeSync(fd);
}

if (!isMainThread && workerData && 'counters' in (workerData as Role)) run(workerData as Role);
