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

// A batch is one datagram: 50,000 elements are 6 MB. Memory is taken only while a message is under way.
const SEND_BUFFER = 64 << 20;
const RECEIVE_BUFFER = 4 << 20;
// The kernel fills dumps up to what a recv(2) offers, 32 KiB at most.
const DATAGRAM = 64 << 10;
/** One for all sockets of this thread: what arrives is copied before the next call. */
const buffer = new Uint8Array(DATAGRAM);
const DUMP_ATTEMPTS = 20;
// The kernel answers at once or, holding its lock for others' work, within seconds; an answer may only be missing by a bug.
const ANSWER_SECONDS = 30n;

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

  /** Belongs for good to the network namespace that the calling thread is in. Throws SystemError. */
  constructor(protocol: number) {
    this.#fd = libc.socket(libc.AF_NETLINK, libc.SOCK_RAW | libc.SOCK_CLOEXEC, protocol);
    this.#set(libc.SOL_SOCKET, libc.SO_SNDBUFFORCE, SEND_BUFFER);
    this.#set(libc.SOL_SOCKET, libc.SO_RCVBUFFORCE, RECEIVE_BUFFER);
    libc.setsockopt(
      this.#fd,
      libc.SOL_SOCKET,
      libc.SO_RCVTIMEO,
      new Uint8Array(BigInt64Array.of(ANSWER_SECONDS, 0n).buffer),
      16,
    );
    this.#set(SOL_NETLINK, NETLINK_CAP_ACK, 1);
    this.#set(SOL_NETLINK, NETLINK_EXT_ACK, 1);
    this.#set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    // struct sockaddr_nl with port 0: the kernel chooses one.
    const address = new Uint8Array(12);
    address.set(new Uint8Array(Uint16Array.of(libc.AF_NETLINK).buffer));
    libc.bindSocket(this.#fd, address, address.length);
  }

  /** Sends one request and waits for its answer: the messages that came before the acknowledgement. Throws NetlinkError. */
  request(name: string, type: number, flags: number, content: (w: Writer) => void): readonly NetlinkMessage[] {
    const seq = this.#nextSeq();
    this.#write(type, flags | NLM_F_ACK, seq, content);
    return this.#collect(name, seq).messages;
  }

  /** All messages of a dump; read again while the kernel says that it changed meanwhile. Throws NetlinkError. */
  dump(name: string, type: number, content: (w: Writer) => void): readonly NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const seq = this.#nextSeq();
      this.#write(type, NLM_F_DUMP, seq, content);
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

  #nextSeq(): number {
    return this.sequence(1);
  }

  #write(type: number, flags: number, seq: number, content: (w: Writer) => void): void {
    const w = new Writer(512);
    encodeMessage(w, type, flags, seq, content);
    this.#send(w.bytes);
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
        if (message.seq !== seq) continue;
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
    try {
      // ENOBUFS says once that answers were dropped for want of room; those that fitted follow.
      const size = retrying(() => libc.recv(this.#fd, buffer, buffer.length, flags), 'ENOBUFS');
      return buffer.slice(0, size);
    } catch (error) {
      if (error instanceof libc.SystemError && error.code === 'EAGAIN') return undefined;
      throw error;
    }
  }

  #set(level: number, name: number, value: number): void {
    libc.setsockopt(this.#fd, level, name, libc.intBytes(value), 4);
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
