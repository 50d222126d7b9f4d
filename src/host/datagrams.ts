/** UDP by the batch: many datagrams for one system call each way, answered where they lie. Knows addresses; refuses to know what datagrams say. */

import { closeSync, readSync, writeSync } from 'node:fs';
import type { Ip } from '../net/ip.js';
import * as libc from './libc.js';
import { addressIn, SOCKADDR_SIZE } from './sockaddr.js';
import { bindUdp } from './sockets.js';

// sys/epoll.h, sys/eventfd.h
const EPOLLIN = 1;
const EPOLL_CTL_ADD = 1;
const EFD_NONBLOCK = 0o4000;
const ON = libc.intBytes(1);
/** Bytes. A burst waits here; the kernel may allow less. */
const RECEIVE_BUFFER = libc.intBytes(4 << 20);

// Sizes and offsets of 64-bit Linux: struct mmsghdr is a struct msghdr and a length, padded.
const MMSGHDR = 64;
const MSG = { nameSize: 8, vector: 16, vectors: 24, flags: 48, length: 56 } as const;
const IOVEC = 16;
const PEER_STRIDE = 32;
/** Room for a datagram: the largest reply that is not cut. No power of two, or all would share the same lines of the cache. */
const PACKET = 1344;

/**
 * A socket bound to that address; port 0 lets the kernel choose. A successor may bind the same address at once, beside this one
 * while it ends. Throws SystemError, for instance EADDRNOTAVAIL.
 */
export function openUdp(ip: Ip, port: number): number {
  return bindUdp(ip, port, fd => {
    libc.setsockopt(fd, libc.SOL_SOCKET, libc.SO_REUSEPORT, ON, 4);
    libc.setsockopt(fd, libc.SOL_SOCKET, libc.SO_RCVBUF, RECEIVE_BUFFER, 4);
  });
}

/** The port that a socket is bound to. */
export function portOf(fd: number): number {
  const address = new Uint8Array(128);
  libc.getsockname(fd, address, libc.intBytes(address.length));
  return addressIn(address).port;
}

/** False when the kernel did not take it: a datagram lost. */
export function sendTo(fd: number, bytes: Uint8Array, peer: Uint8Array): boolean {
  try {
    return libc.sendto(fd, bytes, bytes.length, libc.MSG_DONTWAIT, peer, peer.length) >= 0;
  } catch {
    return false;
  }
}

/** Buffers for so many datagrams and their senders, received into and sent from the same place. */
export class DatagramBatch {
  /** All of it: packets and peers are parts of this. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #words: Uint32Array;
  readonly #headers: Uint8Array[];
  readonly #vectors: number;
  readonly #peers: number;
  readonly #packets: number;
  #filled = 0;

  constructor(readonly capacity = 64) {
    this.#vectors = capacity * MMSGHDR;
    this.#peers = this.#vectors + capacity * IOVEC;
    this.#packets = this.#peers + capacity * PEER_STRIDE;
    const memory = new ArrayBuffer(this.#packets + capacity * PACKET);
    this.bytes = new Uint8Array(memory);
    this.view = new DataView(memory);
    this.#words = new Uint32Array(memory);
    this.#headers = Array.from({ length: capacity }, (_, i) => this.bytes.subarray(i * MMSGHDR));
    const base = BigInt(libc.addressOf(this.bytes));
    const pointers = new BigUint64Array(memory);
    for (let i = 0; i < capacity; i++) {
      const header = i * MMSGHDR;
      const vector = this.#vectors + i * IOVEC;
      pointers[header >> 3] = base + BigInt(this.peer(i));
      pointers[(header + MSG.vector) >> 3] = base + BigInt(vector);
      pointers[(header + MSG.vectors) >> 3] = 1n;
      pointers[vector >> 3] = base + BigInt(this.packet(i));
    }
    this.#filled = capacity;
  }

  /** How many datagrams came, without waiting for any. Throws SystemError. */
  receive(fd: number): number {
    for (let i = 0; i < this.#filled; i++) {
      this.#words[(i * MMSGHDR + MSG.nameSize) >> 2] = SOCKADDR_SIZE;
      this.setLength(i, PACKET);
    }
    const count = libc.recvmmsg(fd, this.bytes, this.capacity, libc.MSG_DONTWAIT, null);
    this.#filled = Math.max(count, 0);
    return this.#filled;
  }

  /** Where the packet begins. */
  packet(i: number): number {
    return this.#packets + i * PACKET;
  }

  /** Bytes of the packet received; 0 for one that was larger than there is room. */
  length(i: number): number {
    const header = (i * MMSGHDR) >> 2;
    return this.#words[header + (MSG.flags >> 2)]! & libc.MSG_TRUNC ? 0 : this.#words[header + (MSG.length >> 2)]!;
  }

  /** Bytes to send of the packet. */
  setLength(i: number, length: number): void {
    this.#words[(this.#vectors + i * IOVEC + 8) >> 2] = length;
  }

  /** Where the sender's address begins: a struct sockaddr. */
  peer(i: number): number {
    return this.#peers + i * PEER_STRIDE;
  }

  peerSize(i: number): number {
    return this.#words[(i * MMSGHDR + MSG.nameSize) >> 2]!;
  }

  /** Sends the packets from `from` up to `end` back to where they came from. One that the kernel does not take is lost. */
  send(fd: number, from: number, end: number): void {
    for (let at = from; at < end; ) {
      try {
        at += libc.sendmmsg(fd, this.#headers[at]!, end - at, libc.MSG_DONTWAIT);
      } catch {
        at++;
      }
    }
  }
}

/** Waits for several sockets at once, or to be woken. */
export class Poller {
  readonly #epoll = libc.epollCreate(0);
  readonly #size = process.arch === 'x64' ? 12 : 16;
  readonly #events: Uint8Array;
  readonly #data: number;

  /** `wake` is an `openWake()`; the other's caller closes all of them. */
  constructor(
    private readonly fds: readonly number[],
    private readonly wake: number,
  ) {
    this.#events = new Uint8Array(Math.max(this.#size * (fds.length + 1), 128));
    // The kernel's structure is packed on x86-64 alone (linux/eventpoll.h).
    this.#data = this.#size - 8;
    for (const [i, fd] of [...fds, wake].entries()) {
      const event = new Uint8Array(this.#size);
      event[0] = EPOLLIN;
      event[this.#data] = i;
      libc.epollControl(this.#epoll, EPOLL_CTL_ADD, fd, event);
    }
  }

  /** How many sockets are ready, after at most that time; `ready(i)` names them. */
  wait(milliseconds: number): number {
    return Math.max(0, libc.epollWait(this.#epoll, this.#events, this.fds.length + 1, milliseconds));
  }

  /** The index of the socket among those given, or undefined when it was a wake-up, which is over then. */
  ready(i: number): number | undefined {
    const index = this.#events[i * this.#size + this.#data]!;
    if (index < this.fds.length) return index;
    readSync(this.wake, new Uint8Array(8));
    return undefined;
  }

  close(): void {
    closeSync(this.#epoll);
  }
}

/** Wakes a `Poller` from any thread; see `wakeUp`. */
export function openWake(): number {
  return libc.eventfd(0, EFD_NONBLOCK | libc.SOCK_CLOEXEC);
}

export function wakeUp(wake: number): void {
  writeSync(wake, ONE);
}

const ONE = new Uint8Array(BigUint64Array.of(1n).buffer);
