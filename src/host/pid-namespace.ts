/** Children in another PID namespace. Knows that only children can be there: the calling thread itself stays where it is. */

import { closeSync, openSync } from 'node:fs';
import { setns, unshare } from './libc.js';

/** linux/sched.h */
const CLONE_NEWPID = 0x20000000;

/** This thread's own; opened once. */
let own: number | undefined;

/**
 * Runs `work`, whose first child becomes process 1 of a new PID namespace: when it ends, the kernel kills all others there.
 * `work` must be synchronous, and must start no thread (the kernel refuses it with EINVAL).
 */
export function inNewPidNamespace<T>(work: () => T): T {
  return visit(() => unshare(CLONE_NEWPID), work);
}

/** Runs `work`, whose children are born in the PID namespace at `path` (/proc/PID/ns/pid), which must be a descendant of our own. */
export function inPidNamespace<T>(path: string, work: () => T): T {
  const fd = openSync(path, 'r');
  try {
    return visit(() => setns(fd, CLONE_NEWPID), work);
  } finally {
    closeSync(fd);
  }
}

function visit<T>(enter: () => void, work: () => T): T {
  own ??= openSync('/proc/thread-self/ns/pid', 'r');
  enter();
  try {
    const result = work();
    if (result instanceof Promise) throw new TypeError('work inside a namespace must be synchronous');
    return result;
  } finally {
    setns(own, CLONE_NEWPID);
  }
}
