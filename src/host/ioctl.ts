/** ioctl(2), and what is asked by it where netlink would be too much. */

import { closeSync } from 'node:fs';
import { bind, SOCK_CLOEXEC, socket } from './libc.js';

/** `request` is an unsigned long in C; the kernel looks at its lower 32 bits. `argument` is read and written. */
export const ioctl = bind<[fd: number, request: number, argument: Uint8Array]>(
  'int ioctl(int fd, unsigned long request, void *argument)',
);

// linux/sockios.h, net/if.h, bits/socket.h
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFNAMSIZ = 16;
const AF_INET = 2;
const SOCK_DGRAM = 2;

/** Sets `lo` up in the calling thread's network namespace: the addresses 127.0.0.1 and ::1 come with it. */
export function raiseLoopback(): void {
  // struct ifreq: the name, then the flags.
  const request = new Uint8Array(40);
  request.set(Buffer.from('lo'));
  request.set(new Uint8Array(Uint16Array.of(IFF_UP).buffer), IFNAMSIZ);
  const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    ioctl(fd, SIOCSIFFLAGS, request);
  } finally {
    closeSync(fd);
  }
}
