/** Starts programs as cheaply as a container runtime written in C would: posix_spawn(3), so that the caller's size does not count. */

import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
// Opaque structures of glibc and musl: generous, since their sizes differ.
const ACTIONS_SIZE = 512;
const posixSpawn = libc.func(
  'int posix_spawn(_Out_ int *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)',
);
const initActions = libc.func('int posix_spawn_file_actions_init(void *actions)');
const addDup2 = libc.func('int posix_spawn_file_actions_adddup2(void *actions, int fd, int newfd)');
const waitpid = libc.func('int waitpid(int pid, _Out_ int *status, int options)');

export interface Program {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** A file that becomes standard input. */
  readonly stdin: string;
  /** A file that standard output is written to, over what was in it. */
  readonly stdout: string;
}

/** The process id. The child inherits the calling thread's namespaces. */
export function start({ path, env, stdin, stdout }: Program): number {
  const [input, output] = [openSync(stdin, 'r'), openSync(stdout, 'w')];
  const actions = Buffer.alloc(ACTIONS_SIZE);
  initActions(actions);
  addDup2(actions, input, 0);
  addDup2(actions, output, 1);
  const pid = [0];
  const error = posixSpawn(
    pid,
    path,
    actions,
    null,
    [path, null],
    [...Object.entries(env).map(([key, value]) => `${key}=${value}`), null],
  );
  closeSync(input);
  closeSync(output);
  if (error !== 0) throw new Error(`posix_spawn ${path}: errno ${error}`);
  return pid[0]!;
}

/** Blocks until that child ends (-1: any), and throws unless it ended with 0. */
export function wait(pid: number): number {
  const status = [0];
  const ended = waitpid(pid, status, 0) as number;
  if (status[0] !== 0) throw new Error(`process ${ended} ended with status ${status[0]}`);
  return ended;
}
