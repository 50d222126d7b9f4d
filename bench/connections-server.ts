/** A thread that accepts connections on a listening socket until that is shut down. */

import { closeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { bind, SOCK_CLOEXEC, SystemError } from '../src/host/libc.js';

const accept = bind<[fd: number, address: null, length: null, flags: number]>(
  'int accept4(int fd, uint8_t *address, uint8_t *length, int flags)',
);

try {
  for (;;) closeSync(accept(workerData as number, null, null, SOCK_CLOEXEC));
} catch (error) {
  if (!(error instanceof SystemError)) throw error;
}
