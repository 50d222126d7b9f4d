/** The C library's functions that Node has no word for, called through koffi. Knows signatures and errno, decides nothing. */

import { constants } from 'node:os';
import koffi from 'koffi';

/** A failed call, shaped like Node's own system errors: `code` is the errno's name ('EPERM'), `errno` its positive number. */
export class SystemError extends Error {
  readonly code: string;

  constructor(
    readonly syscall: string,
    readonly errno: number,
    detail = '',
  ) {
    super(`${syscall}: ${errnoName(errno)}${detail && ` (${detail})`}`);
    this.name = 'SystemError';
    this.code = errnoName(errno);
  }
}

// ENOTSUP and EWOULDBLOCK share their numbers with the names that Linux prints.
const NAMES = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name !== 'ENOTSUP' && name !== 'EWOULDBLOCK')
    .map(([name, number]) => [number as number, name]),
);

/** 'ENOENT' for 2; a number without a name stays readable as 'E524'. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

const library = koffi.load(null);

/**
 * Binds a function that reports failure as -1 and errno; the wrapper throws a SystemError instead. An errno that is an
 * everyday answer may be given as `answer`: then -1 is returned, for an Error costs more than the call.
 */
export function bind<A extends readonly unknown[]>(declaration: string, answer?: number): (...args: A) => number {
  const call = library.func(declaration);
  const { name } = call.info;
  return (...args) => {
    const result = call(...args) as number;
    if (result >= 0) return result;
    const errno = koffi.errno();
    if (errno === answer) return result;
    throw new SystemError(name, errno);
  };
}

// asm-generic/fcntl.h, linux/socket.h, linux/mount.h, linux/sched.h
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
/** With a struct timeval of two 64-bit numbers. */
export const SO_RCVTIMEO = 20;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const SO_REUSEPORT = 15;
export const SO_RCVBUF = 8;
export const MSG_DONTWAIT = 0x40;
export const MSG_TRUNC = 0x20;
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWNET = 0x40000000;
export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 1 << 18;
export const MS_SHARED = 1 << 20;
export const MNT_DETACH = 2;

/** A new file descriptor; close it with `fs.closeSync`. */
export const socket = bind<[domain: number, type: number, protocol: number]>(
  'int socket(int domain, int type, int protocol)',
);

/** `address` is a struct sockaddr. */
export const bindSocket = bind<[fd: number, address: Uint8Array, length: number]>(
  'int bind(int fd, const void *address, unsigned int length)',
);

/** Throws code EINPROGRESS when the socket does not block and the answer is still to come. */
export const connect = bind<[fd: number, address: Uint8Array, length: number]>(
  'int connect(int fd, const void *address, unsigned int length)',
);

export const listen = bind<[fd: number, backlog: number]>('int listen(int fd, int backlog)');

export const setsockopt = bind<[fd: number, level: number, name: number, value: Uint8Array, length: number]>(
  'int setsockopt(int fd, int level, int name, const void *value, unsigned int length)',
);

/** Bytes sent. The kernel reads from `buffer` before this returns. */
export const send = bind<[fd: number, buffer: Uint8Array, length: number, flags: number]>(
  'long send(int fd, const void *buffer, size_t length, int flags)',
);

/** Bytes received into `buffer`, with MSG_TRUNC the length of the whole datagram; -1 when there is nothing (EAGAIN). */
export const recv = bind<[fd: number, buffer: Uint8Array, length: number, flags: number]>(
  'long recv(int fd, void *buffer, size_t length, int flags)',
  constants.errno.EAGAIN,
);

/** Bytes sent. `address` is a struct sockaddr. */
export const sendto = bind<
  [fd: number, buffer: Uint8Array, length: number, flags: number, address: Uint8Array, size: number]
>('long sendto(int fd, const void *buffer, size_t length, int flags, const void *address, unsigned int size)');

/** Datagrams received, into an array of struct mmsghdr; -1 when there are none (EAGAIN). */
export const recvmmsg = bind<[fd: number, messages: Uint8Array, count: number, flags: number, timeout: null]>(
  'int recvmmsg(int fd, void *messages, unsigned int count, int flags, void *timeout)',
  constants.errno.EAGAIN,
);

/** Datagrams sent, less than `count` when one of them failed; throws when it was the first. */
export const sendmmsg = bind<[fd: number, messages: Uint8Array, count: number, flags: number]>(
  'int sendmmsg(int fd, void *messages, unsigned int count, int flags)',
);

/** The address that the socket is bound to; `size` is a socklen_t, in and out. */
export const getsockname = bind<[fd: number, address: Uint8Array, size: Uint8Array]>(
  'int getsockname(int fd, void *address, void *size)',
);

export const epollCreate = bind<[flags: number]>('int epoll_create1(int flags)');

/** `event` is a struct epoll_event. */
export const epollControl = bind<[epoll: number, operation: number, fd: number, event: Uint8Array]>(
  'int epoll_ctl(int epoll, int operation, int fd, void *event)',
);

/** Events written into an array of struct epoll_event; -1 when a signal came first (EINTR). */
export const epollWait = bind<[epoll: number, events: Uint8Array, most: number, milliseconds: number]>(
  'int epoll_wait(int epoll, void *events, int most, int milliseconds)',
  constants.errno.EINTR,
);

export const eventfd = bind<[value: number, flags: number]>('int eventfd(unsigned int value, int flags)');

const memmove = library.func('uintptr_t memmove(void *to, const void *from, size_t length)');

/** Where the bytes are in memory, for structures that point to them. They must not move: more than 64 of them, and kept by the caller. */
export function addressOf(bytes: Uint8Array): number {
  return memmove(bytes, bytes, 0) as number;
}

/** Moves the calling thread into the namespace behind `fd`; `type` is a CLONE_NEW* or 0 for any. */
export const setns = bind<[fd: number, type: number]>('int setns(int fd, int type)');

/** Gives the calling thread new namespaces. */
export const unshare = bind<[flags: number]>('int unshare(int flags)');

export const mount = bind<[source: string, target: string, type: string | null, flags: number, data: string | null]>(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);

export const umount2 = bind<[target: string, flags: number]>('int umount2(const char *target, int flags)');

/** An int as setsockopt wants it, in host byte order. */
export function intBytes(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}
