/** A thread that sends datagrams to many addresses in turn, as fast as it can. */

import { closeSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { bind, SystemError } from '../../src/host/libc.js';
import { withNamespace } from '../../src/host/namespace.js';
import { sockaddr } from '../../src/host/sockaddr.js';
import { bindUdp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';

interface Orders {
  readonly fd: number;
  readonly flood: readonly string[];
  readonly stop: Int32Array;
}

export class Flood {
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly started: Promise<unknown>;

  /** IPv4 addresses; UDP port 9. */
  constructor(from: string, to: readonly string[]) {
    const fd = withNamespace(from, () => bindUdp(Ip.of('0.0.0.0'), 0));
    const orders: Orders = { fd, flood: to, stop: this.#stop };
    this.#worker = new Worker(new URL(import.meta.url), { workerData: orders, trackUnmanagedFds: false });
    this.started = new Promise(resolve => this.#worker.once('message', resolve));
  }

  async close(): Promise<void> {
    Atomics.store(this.#stop, 0, 1);
    await new Promise(resolve => this.#worker.once('exit', resolve));
  }
}

function run({ fd, flood, stop }: Orders): void {
  const sendto = bind<[fd: number, data: Uint8Array, size: number, flags: number, to: Uint8Array, length: number]>(
    'long sendto(int fd, const uint8_t *data, size_t size, int flags, const uint8_t *to, uint32_t length)',
  );
  const targets = flood.map(ip => sockaddr(Ip.of(ip), 9));
  const data = Buffer.from('flood');
  parentPort!.postMessage('started');
  for (let i = 0; !Atomics.load(stop, 0); i++) {
    const target = targets[i % targets.length]!;
    try {
      sendto(fd, data, data.length, 0, target, target.length);
    } catch (error) {
      // No room, or an ICMP error about an earlier one.
      if (!(error instanceof SystemError)) throw error;
    }
  }
  closeSync(fd);
}

if (!isMainThread && workerData && 'flood' in (workerData as Orders)) run(workerData as Orders);
