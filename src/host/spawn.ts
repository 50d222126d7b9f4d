/** Starts programs without copying this process: posix_spawn(3). Knows descriptors, sessions and ends; refuses to know shells and paths. */

import { closeSync, openSync } from 'node:fs';
import { bind, SystemError } from './libc.js';
import { duplicateAbove } from './pipes.js';

// Node's own spawn forks: with a heap of 100 MB that copies page tables for 3 ms, this thread standing still.
// posix_spawn shares the memory until the new program runs, which takes a tenth of that.

// spawn.h (glibc and musl alike)
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
/** More than any C library's posix_spawnattr_t, posix_spawn_file_actions_t or sigset_t. Bytes. */
const OPAQUE = 512;
const WNOHANG = 1;

const posix_spawn = bind<
  [pid: Int32Array, path: string, actions: Uint8Array, attributes: Uint8Array, argv: Strings, env: Strings]
>('int posix_spawn(void *pid, const char *path, void *actions, void *attributes, const char **argv, const char **env)');
const attributesInit = bind<[Uint8Array]>('int posix_spawnattr_init(void *attributes)');
const setFlags = bind<[Uint8Array, number]>('int posix_spawnattr_setflags(void *attributes, short flags)');
const setMask = bind<[Uint8Array, Uint8Array]>('int posix_spawnattr_setsigmask(void *attributes, const void *set)');
const setDefaults = bind<[Uint8Array, Uint8Array]>(
  'int posix_spawnattr_setsigdefault(void *attributes, const void *set)',
);
const actionsInit = bind<[Uint8Array]>('int posix_spawn_file_actions_init(void *actions)');
const addDup2 = bind<[Uint8Array, number, number]>(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
);
const actionsDestroy = bind<[Uint8Array]>('int posix_spawn_file_actions_destroy(void *actions)');
const waitpid = bind<[pid: number, status: Int32Array, options: number]>(
  'int waitpid(int pid, void *status, int options)',
);

type Strings = readonly (string | null)[];

export interface Spawned {
  readonly pid: number;
  /** The exit code; 128 + n after signal n. */
  readonly exited: Promise<number>;
}

const children = new Map<number, (code: number) => void>();

/**
 * Runs the file at `path`; `fds` become its descriptors 0, 1, 2 …, and stay the caller's to close. Signals are as at the start
 * of a session; with `session` it is the leader of a new one, and outlives us. Throws SystemError when it cannot be started.
 */
export function spawnProgram(
  path: string,
  argv: readonly string[],
  env: readonly string[],
  fds: readonly number[],
  session: boolean,
): Spawned {
  // None may be overwritten by one before it.
  const low = fds.filter(fd => fd < fds.length);
  const moved = new Map(low.map(fd => [fd, duplicateAbove(fd, fds.length)]));
  const attributes = new Uint8Array(OPAQUE);
  const actions = new Uint8Array(OPAQUE);
  attributesInit(attributes);
  setFlags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (session ? POSIX_SPAWN_SETSID : 0));
  setMask(attributes, new Uint8Array(OPAQUE));
  setDefaults(attributes, new Uint8Array(OPAQUE).fill(0xff));
  actionsInit(actions);
  if (children.size === 0) process.on('SIGCHLD', reap);
  try {
    for (const [to, from] of fds.entries()) addDup2(actions, moved.get(from) ?? from, to);
    const pid = new Int32Array(1);
    const errno = posix_spawn(pid, path, actions, attributes, [...argv, null], [...env, null]);
    if (errno !== 0) throw new SystemError('posix_spawn', errno, path);
    return { pid: pid[0]!, exited: new Promise(resolve => children.set(pid[0]!, resolve)) };
  } finally {
    for (const fd of moved.values()) closeSync(fd);
    actionsDestroy(actions);
    if (children.size === 0) process.off('SIGCHLD', reap);
  }
}

/** One signal may stand for several ends. Children of Node's own spawn are not asked for: they are libuv's. */
function reap(): void {
  const status = new Int32Array(1);
  for (const [pid, ended] of children) {
    if (waitpid(pid, status, WNOHANG) === 0) continue;
    children.delete(pid);
    const signal = status[0]! & 0x7f;
    ended(signal === 0 ? (status[0]! >> 8) & 0xff : 128 + signal);
  }
  if (children.size === 0) process.off('SIGCHLD', reap);
}

let nothing: number | undefined;

/** A descriptor of /dev/null, for `fds`; not to be closed. */
export function nullDevice(): number {
  nothing ??= openSync('/dev/null', 'r+');
  return nothing;
}
