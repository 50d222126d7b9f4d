/** One agent per node: an advisory lock that the kernel gives up when its holder dies, however it dies. */

import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { bind } from '../host/libc.js';
import { PodwireError } from '../report/errors.js';

const flock = bind<[fd: number, operation: number]>('int flock(int fd, int operation)');
// linux/fcntl.h
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Holds `<directory>/lock` until the returned function is called or the process ends. Throws PW-N301 when another has it. */
export function lockNode(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'lock');
  // Opened for reading and writing without truncation: the process id in it may be another's. Closed on exec by Node.
  const fd = openSync(path, 'a+', 0o600);
  try {
    flock(fd, LOCK_EX | LOCK_NB);
  } catch {
    closeSync(fd);
    throw new PodwireError('PW-N301', { pid: readFileSync(path, 'utf8').trim() || 'unknown', path });
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return () => closeSync(fd);
}
