/** Pipes, named pipes and files without a name, as file descriptors that close when a program starts. Knows what Node has no word for. */

import { writeSync } from 'node:fs';
import { bind } from './libc.js';

// linux/memfd.h, linux/fcntl.h
const MFD_CLOEXEC = 1;
const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;
const F_DUPFD_CLOEXEC = 1030;

const memfd_create = bind<[name: string, flags: number]>('int memfd_create(const char *name, unsigned int flags)');
const mkfifo = bind<[path: string, mode: number]>('int mkfifo(const char *path, unsigned int mode)');
const pipe2 = bind<[fds: Int32Array, flags: number]>('int pipe2(void *fds, int flags)');
const fcntl = bind<[fd: number, command: number, value: number]>('int fcntl(int fd, int command, int value)');

/** A file in memory with that content; `/proc/PID/fd/N` can be executed. `name` is what ps shows. */
export function memoryFile(name: string, content: Uint8Array): number {
  const fd = memfd_create(name, MFD_CLOEXEC);
  for (let at = 0; at < content.length; ) at += writeSync(fd, content, at);
  return fd;
}

/** Throws code EEXIST when there is something at `path`. */
export function namedPipe(path: string): void {
  mkfifo(path, 0o600);
}

/** A real pipe: a program may open its /dev/stdout anew, which the socket pairs that Node calls pipes refuse. */
export function pipe(): { readonly read: number; readonly write: number } {
  const fds = new Int32Array(2);
  pipe2(fds, O_CLOEXEC);
  return { read: fds[0]!, write: fds[1]! };
}

/** How many bytes a pipe holds before writers wait. */
export function setPipeSize(fd: number, bytes: number): void {
  fcntl(fd, F_SETPIPE_SZ, bytes);
}

/** Another descriptor of the same file, the lowest that is free from `least` on. */
export function duplicateAbove(fd: number, least: number): number {
  return fcntl(fd, F_DUPFD_CLOEXEC, least);
}
