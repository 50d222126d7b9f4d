/** TCP and UDP sockets as file descriptors, opened at once: for use inside `withNamespace`. Knows addresses; refuses to know protocols. */

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Ip } from '../net/ip.js';
import {
  AF_INET,
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

// Node's own listen({host}) and connect() look names up first, and by then the thread has left the namespace:
// they would silently act on the machine's own network. A socket opened by hand belongs to the namespace for good.

// bits/socket.h, netinet/in.h
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SO_REUSEADDR = 2;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const BACKLOG = 511;

/** A listening socket for `net.Server.listen({ fd })`. Throws SystemError, for instance EADDRINUSE. */
export function listenTcp(ip: Ip, port: number): number {
  return bound(SOCK_STREAM, ip, port, fd => listen(fd, BACKLOG));
}

/** A bound socket for `dgram.Socket.bind({ fd })`. */
export function bindUdp(ip: Ip, port: number): number {
  return bound(SOCK_DGRAM, ip, port, () => {});
}

/** A connection under way: a refusal or a time-out comes as the socket's 'error', success as its first writable moment. */
export function connectTcp(ip: Ip, port: number): Socket {
  const fd = open(SOCK_STREAM, ip);
  try {
    const address = sockaddr(ip, port);
    connect(fd, address, address.length);
  } catch (error) {
    if (!(error instanceof SystemError && error.code === 'EINPROGRESS')) {
      closeSync(fd);
      throw error;
    }
  }
  // Half-open: who forwards a connection must be able to end one direction alone.
  return new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
}

function bound(type: number, ip: Ip, port: number, then: (fd: number) => void): number {
  const fd = open(type, ip);
  try {
    if (type === SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, intBytes(1), 4);
    if (ip.family === 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, intBytes(1), 4);
    const address = sockaddr(ip, port);
    bindSocket(fd, address, address.length);
    then(fd);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function open(type: number, ip: Ip): number {
  return socket(ip.family === 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/** struct sockaddr_in (16 bytes) or sockaddr_in6 (28 bytes): the family in host byte order, the port in network byte order. */
function sockaddr(ip: Ip, port: number): Uint8Array {
  const bytes = new Uint8Array(ip.family === 4 ? 16 : 28);
  bytes.set(new Uint8Array(Uint16Array.of(ip.family === 4 ? AF_INET : AF_INET6).buffer));
  bytes[2] = port >> 8;
  bytes[3] = port & 0xff;
  bytes.set(ip.bytes, ip.family === 4 ? 4 : 8);
  return bytes;
}
