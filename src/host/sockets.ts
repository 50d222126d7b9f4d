/** TCP and UDP sockets as file descriptors, opened at once: for use inside `withNamespace`. Knows addresses; refuses to know protocols. */

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Ip } from '../net/ip.js';
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  connect,
  intBytes,
  listen,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_SOCKET,
  SystemError,
  setsockopt,
  socket,
} from './libc.js';
import { sockaddr } from './sockaddr.js';

// Node's own listen({host}) and connect() look names up first, and by then the thread has left the namespace:
// they would silently act on the machine's own network. A socket opened by hand belongs to the namespace for good.

// bits/socket.h, netinet/in.h
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const BACKLOG = 511;
const ON = intBytes(1);

/** A listening socket for `net.Server.listen({ fd })`. Throws SystemError, for instance EADDRINUSE. */
export function listenTcp(ip: Ip, port: number): number {
  return open(SOCK_STREAM, ip, fd => {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ON, 4);
    bindTo(fd, ip, port);
    listen(fd, BACKLOG);
  });
}

/** A bound socket for `dgram.Socket.bind({ fd })`; `prepare` may set its options before. Throws SystemError. */
export function bindUdp(ip: Ip, port: number, prepare: (fd: number) => void = () => {}): number {
  return open(SOCK_DGRAM, ip, fd => {
    prepare(fd);
    bindTo(fd, ip, port);
  });
}

/** A connection under way: a refusal or a time-out comes as the socket's 'error', success as its first writable moment. */
export function connectTcp(ip: Ip, port: number): Socket {
  const fd = open(SOCK_STREAM, ip, fd => {
    try {
      const address = sockaddr(ip, port);
      connect(fd, address, address.length);
    } catch (error) {
      if (!(error instanceof SystemError && error.code === 'EINPROGRESS')) throw error;
    }
  });
  // Half-open: who forwards a connection must be able to end one direction alone.
  return new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
}

/** Made ready by `use`, or closed again. */
function open(type: number, ip: Ip, use: (fd: number) => void): number {
  const fd = socket(ip.family === 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  try {
    use(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function bindTo(fd: number, ip: Ip, port: number): void {
  if (ip.family === 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, ON, 4);
  const address = sockaddr(ip, port);
  bindSocket(fd, address, address.length);
}
