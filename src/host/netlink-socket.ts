/** A netlink socket: requests, acknowledgements, dumps, synchronously. Knows no protocol above the netlink header. */

import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import {
  decodeAck,
  decodeMessages,
  encodeMessage,
  type NetlinkAck,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
} from '../wire/netlink.js';
import { Writer } from '../wire/netlink-attributes.js';
import * as libc from './libc.js';

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

// linux/netlink.h
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

// A batch of nftables is one datagram: 50,000 elements are 6 MB. Memory is taken only while a message is under way.
const SEND_BUFFER = libc.intBytes(64 << 20);
const RECEIVE_BUFFER = libc.intBytes(4 << 20);
const ON = libc.intBytes(1);
// The kernel fills dumps up to what a recv(2) offers, 32 KiB at most.
const DATAGRAM = 64 << 10;
/** One for all sockets of this thread: what arrives is copied before the next call. */
const buffer = new Uint8Array(DATAGRAM);
/** Bytes of waiting requests that are sent without waiting for more: the refusals of as many must find room in 200 KiB, at 1 KiB each. */
const ENOUGH = 8 << 10;
const DUMP_ATTEMPTS = 20;
// The kernel answers at once or, holding its lock for others' work, within seconds; an answer may only be missing by a bug.
/** A struct timeval: seconds and microseconds. */
const ANSWER_TIME = new Uint8Array(BigInt64Array.of(30n, 0n).buffer);

/** A request that the kernel refused. `code` is the errno's name. */
export class NetlinkError extends libc.SystemError {
  constructor(
    readonly ack: NetlinkAck,
    request: string,
  ) {
    super(request, ack.errno, ack.message);
  }
}

export class NetlinkSocket {
  readonly #fd: number;
  #seq = 0;
  /** Requests that were submitted and not sent yet. */
  readonly #waiting = new Writer();
  /** Names of what was submitted since `settle`, and what the kernel said against it, by sequence number. */
  readonly #names = new Map<number, string>();
  #refused = new Map<number, NetlinkError>();

  /** Belongs for good to the network namespace that the calling thread is in. Throws SystemError. */
  constructor(protocol: number) {
    this.#fd = libc.socket(libc.AF_NETLINK, libc.SOCK_RAW | libc.SOCK_CLOEXEC, protocol);
    if (protocol === NETLINK_NETFILTER) {
      this.#set(libc.SOL_SOCKET, libc.SO_SNDBUFFORCE, SEND_BUFFER);
      this.#set(libc.SOL_SOCKET, libc.SO_RCVBUFFORCE, RECEIVE_BUFFER);
    }
    this.#set(libc.SOL_SOCKET, libc.SO_RCVTIMEO, ANSWER_TIME);
    this.#set(SOL_NETLINK, NETLINK_CAP_ACK, ON);
    this.#set(SOL_NETLINK, NETLINK_EXT_ACK, ON);
    this.#set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, ON);
  }

  /** Sends one request, after what waits, and waits for its answer: the messages before the acknowledgement. Throws NetlinkError. */
  request(name: string, type: number, flags: number, content: (w: Writer) => void): readonly NetlinkMessage[] {
    const seq = this.#write(type, flags | NLM_F_ACK, content);
    this.flush();
    return this.#collect(name, seq).messages;
  }

  /**
   * Sends a request with the next datagram, so that many cost one; `settle` says what became of it. `content` must not
   * use this socket.
   */
  submit(name: string, type: number, flags: number, content: (w: Writer) => void): void {
    this.#names.set(this.#write(type, flags, content), name);
    if (this.#waiting.length < ENOUGH) return;
    this.flush();
    this.#listen();
  }

  /** Sends what waits, because something that is no request of this socket has to come after it. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    try {
      this.#send(this.#waiting.bytes);
    } finally {
      this.#waiting.clear();
    }
  }

  /** What was refused of all that was submitted since the last call, by sequence number. */
  settle(): ReadonlyMap<number, NetlinkError> {
    if (this.#names.size === 0) return this.#refused;
    this.flush();
    this.#listen();
    this.#names.clear();
    const refused = this.#refused;
    this.#refused = new Map();
    return refused;
  }

  /** The sequence number of the next request. */
  get next(): number {
    return this.#seq + 1;
  }

  /** All messages of a dump; read again while the kernel says that it changed meanwhile. Throws NetlinkError. */
  dump(name: string, type: number, content: (w: Writer) => void): readonly NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const seq = this.#write(type, NLM_F_DUMP, content);
      this.flush();
      const { messages, interrupted } = this.#collect(name, seq);
      if (!interrupted || attempt === DUMP_ATTEMPTS) return messages;
    }
  }

  /**
   * Sends a datagram of many messages and returns the answers that are there when the kernel has worked it off, which it
   * does before send(2) returns: by sequence number, errors alone unless acknowledgements were asked for.
   */
  exchange(datagram: Uint8Array): ReadonlyMap<number, NetlinkAck> {
    this.#send(datagram);
    const acks = new Map<number, NetlinkAck>();
    for (;;) {
      const answer = this.#receive(libc.MSG_DONTWAIT);
      if (!answer) return acks;
      for (const message of decodeMessages(answer)) {
        const ack = decodeAck(message);
        // The first word on a message is the cause; a batch's later ones are consequences.
        if (ack && !acks.has(message.seq)) acks.set(message.seq, ack);
      }
    }
  }

  /** A range of `count` sequence numbers nobody else on this socket uses; returns the first. */
  sequence(count: number): number {
    const first = this.#seq + 1;
    this.#seq += count;
    return first;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(type: number, flags: number, content: (w: Writer) => void): number {
    const seq = this.sequence(1);
    encodeMessage(this.#waiting, type, flags, seq, content);
    return seq;
  }

  /** Hears the refusals that are there: a datagram is worked off when send(2) returns, and success says nothing. */
  #listen(): void {
    for (let datagram = this.#receive(libc.MSG_DONTWAIT); datagram; datagram = this.#receive(libc.MSG_DONTWAIT))
      for (const message of decodeMessages(datagram)) this.#hear(message);
  }

  #hear(message: NetlinkMessage): void {
    const name = this.#names.get(message.seq);
    const ack = name === undefined ? undefined : decodeAck(message);
    if (ack?.errno) this.#refused.set(message.seq, new NetlinkError(ack, name!));
  }

  #send(datagram: Uint8Array): void {
    retrying(() => libc.send(this.#fd, datagram, datagram.length, 0));
  }

  /** Up to the acknowledgement or the dump's end; answers to earlier, abandoned requests are skipped. */
  #collect(name: string, seq: number): { messages: NetlinkMessage[]; interrupted: boolean } {
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      const datagram = this.#receive(0);
      if (!datagram) throw new libc.SystemError(name, constants.errno.ETIMEDOUT);
      for (const message of decodeMessages(datagram)) {
        if (message.seq !== seq) {
          this.#hear(message);
          continue;
        }
        if (message.flags & NLM_F_DUMP_INTR) interrupted = true;
        if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
          messages.push(message);
          continue;
        }
        const ack = decodeAck(message);
        if (ack?.errno) throw new NetlinkError(ack, name);
        return { messages, interrupted };
      }
    }
  }

  /** A copy, because messages are kept while the next datagram arrives; undefined when there is none and it must not wait. */
  #receive(flags: number): Uint8Array | undefined {
    // ENOBUFS says once that answers were dropped for want of room; those that fitted follow.
    const size = retrying(() => libc.recv(this.#fd, buffer, buffer.length, flags), 'ENOBUFS');
    return size < 0 ? undefined : buffer.slice(0, size);
  }

  #set(level: number, name: number, value: Uint8Array): void {
    libc.setsockopt(this.#fd, level, name, value, value.length);
  }
}

function retrying(call: () => number, ...also: readonly string[]): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof libc.SystemError && ['EINTR', ...also].includes(error.code))) throw error;
    }
  }
}
