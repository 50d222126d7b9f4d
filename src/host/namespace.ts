/** Network namespaces by path: make, enter, remove. Knows threads and mounts; refuses to know what is inside. */

import { closeSync, mkdirSync, openSync, statfsSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CLONE_NEWNET,
  MNT_DETACH,
  MS_BIND,
  MS_REC,
  MS_SHARED,
  mount,
  SystemError,
  setns,
  umount2,
  unshare,
} from './libc.js';

// The calling thread's own, whatever other threads of the process are in.
const OWN = '/proc/thread-self/ns/net';
/** linux/magic.h: the file system that namespace files live on. */
const NSFS_MAGIC = 0x6e736673;

/** Where this thread is now; each worker thread has its own copy of this module, so its own. */
let current: number | undefined;

/**
 * Runs `work` with the calling thread inside the network namespace at `path`. Sockets opened and children spawned there belong
 * to it for good. `work` must be synchronous: after an `await` the thread would be elsewhere, so a Promise is refused.
 * Throws what open(2), setns(2) or `work` throw.
 */
export function withNamespace<T>(path: string, work: () => T): T {
  const namespace = holdNamespace(path);
  try {
    return namespace.run(work);
  } finally {
    namespace.close();
  }
}

/** A namespace that stays what it is, and alive, while it is held, whatever happens to its path. */
export interface HeldNamespace {
  /** As `withNamespace`. */
  run<T>(work: () => T): T;
  close(): void;
}

/** The namespace at `path`, or the one that the calling thread is in. Throws what open(2) throws. */
export function holdNamespace(path: string = OWN): HeldNamespace {
  const fd = openSync(path, 'r');
  return {
    run: work => visit(() => setns(fd, CLONE_NEWNET), fd, work),
    close: () => closeSync(fd),
  };
}

/**
 * Makes a network namespace and pins it by a bind mount at `path`, as `ip netns add` does, so that it outlives its makers.
 * Loopback is down in it. Throws code EEXIST when there is a file at `path` already.
 */
export function createNamespace(path: string): void {
  shareMounts(dirname(path));
  closeSync(openSync(path, 'wx', 0o444));
  try {
    visit(
      () => unshare(CLONE_NEWNET),
      undefined,
      () => mount(OWN, path, 'none', MS_BIND, null),
    );
  } catch (error) {
    unlinkSync(path);
    throw error;
  }
}

/** Unpins the namespace; it ends with its last process and socket. Removing what is not there succeeds. */
export function removeNamespace(path: string): void {
  ignoring(['EINVAL', 'ENOENT'], () => umount2(path, MNT_DETACH));
  ignoring(['ENOENT'], () => unlinkSync(path));
}

/** Whether a namespace is pinned at `path`; false for the plain file that a killed `createNamespace` leaves. */
export function isNamespace(path: string): boolean {
  try {
    return statfsSync(path).type === NSFS_MAGIC;
  } catch {
    return false;
  }
}

/** Enters by `enter`, works, and comes back whatever happens; may be nested. */
function visit<T>(enter: () => void, fd: number | undefined, work: () => T): T {
  current ??= openSync(OWN, 'r');
  const outer = current;
  enter();
  current = fd;
  try {
    const result = work();
    if (result instanceof Promise) throw new TypeError('work inside a namespace must be synchronous');
    return result;
  } finally {
    setns(outer, CLONE_NEWNET);
    current = outer;
  }
}

/** Mounts under a shared directory reach the other mount namespaces, so that a namespace seen here is seen there. */
function shareMounts(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  try {
    mount('', directory, 'none', MS_SHARED | MS_REC, null);
  } catch (error) {
    // EINVAL: not a mount point yet.
    if (!(error instanceof SystemError && error.code === 'EINVAL')) throw error;
    mount(directory, directory, 'none', MS_BIND | MS_REC, null);
    mount('', directory, 'none', MS_SHARED | MS_REC, null);
  }
}

function ignoring(codes: readonly string[], call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
