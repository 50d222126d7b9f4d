/** The host's UDP for the DNS server, and the thread that its loop runs in. Puts the parts together; decides nothing. */

import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { openUdp, openWake, portOf, sendTo, wakeUp } from '../host/datagrams.js';
import { addressIn } from '../host/sockaddr.js';
import { logger } from '../report/log.js';
import type { LoopTask, UdpHost } from '../serve/dns-udp.js';

const log = logger('dns');

/** Milliseconds after which a loop that failed is started again. */
const RESTART = 200;

export const udpHost: UdpHost = {
  open(ip, port) {
    const fd = openUdp(ip, port);
    return { fd, port: portOf(fd) };
  },
  close: closeSync,
  send: sendTo,
  addressIn,
  start(task, handOver) {
    const wake = openWake();
    let worker: Worker;
    let current = task;
    let closing = false;
    let ended: Promise<void>;
    const run = () => {
      worker = new Worker(new URL('./dns-thread.js', import.meta.url), {
        workerData: { task: current, wake },
        // Sockets and the rest are opened and closed by number.
        trackUnmanagedFds: false,
      });
      worker.on('message', handOver);
      worker.on('error', error => log.error('the DNS loop failed', { error }));
      ended = new Promise(resolve =>
        worker.once('exit', () => {
          if (!closing) setTimeout(() => closing || run(), RESTART);
          resolve();
        }),
      );
    };
    run();
    const tell = (message: Partial<LoopTask> | 'close') => {
      worker.postMessage(message);
      wakeUp(wake);
    };
    return {
      exchange(memory, generation) {
        current = { ...current, memory, generation };
        tell({ memory, generation });
      },
      async close() {
        closing = true;
        tell('close');
        await ended;
        closeSync(wake);
      },
    };
  },
};
