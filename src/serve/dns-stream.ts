/** Queries to one upstream over a stream, TCP or TLS, many at a time on one connection (RFC 7766, 7858). Opens it when needed. */

import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Upstream } from '../dns/upstream.js';
import { encode, type Message } from '../wire/dns.js';
import { fitting, onAbort } from './dns-exchange.js';
import { frame } from './dns-tcp.js';

/** Milliseconds that a connection is kept without a question under way. */
const IDLE_MS = 10_000;
const MAX_IN_FLIGHT = 256;

interface Waiting {
  readonly query: Message;
  resolve(reply: Message): void;
  reject(reason: unknown): void;
}

interface Connection {
  readonly socket: Socket;
  readonly waiting: Map<number, Waiting>;
  /** How many replies came over it. */
  heard: number;
}

export class UpstreamStream {
  #connection: Connection | undefined;
  /** Made once: reading a hundred certificates takes longer than a handshake. */
  #trust: SecureContext | undefined;

  /** `ca`: certificates in PEM trusted beside the public ones. */
  constructor(
    private readonly upstream: Upstream,
    private readonly ca?: string,
  ) {}

  /** Rejects when the upstream cannot be reached, is not whom it should be, or the signal ends the wait. */
  async ask(query: Message, signal: AbortSignal): Promise<Message> {
    const connection = this.#usable();
    const { heard } = connection;
    try {
      return await this.#askOver(connection, query, signal);
    } catch (error) {
      // The other end may have vanished without a word: nothing ever comes over this connection again.
      if (signal.aborted && connection.heard === heard) connection.socket.destroy();
      // RFC 7766 §6.2.4: an upstream may close a connection that is idle, which is only seen now.
      if (signal.aborted || heard === 0) throw error;
      return this.#askOver(this.#usable(), query, signal);
    }
  }

  close(): void {
    this.#connection?.socket.destroy();
  }

  #usable(): Connection {
    const known = this.#connection;
    if (known && !known.socket.destroyed && known.waiting.size < MAX_IN_FLIGHT) return known;
    return (this.#connection = this.#open());
  }

  #askOver({ socket, waiting }: Connection, given: Message, signal: AbortSignal): Promise<Message> {
    let id = given.id;
    while (waiting.has(id)) id = randomInt(0x1_0000);
    const query = { ...given, id };
    return new Promise<Message>((resolve, reject) => {
      waiting.set(id, { query, resolve, reject });
      onAbort(signal, reject);
      socket.setTimeout(0);
      socket.write(frame(encode(query)));
    }).finally(() => {
      waiting.delete(id);
      if (!waiting.size) socket.setTimeout(IDLE_MS);
    });
  }

  #open(): Connection {
    const { ip, port, serverName } = this.upstream;
    const to = { host: String(ip), port };
    const socket =
      serverName === undefined
        ? connect(to)
        : connectTls({ ...to, servername: serverName, secureContext: this.#trusted() });
    const connection: Connection = { socket: socket.setNoDelay(), waiting: new Map(), heard: 0 };
    let received = Buffer.alloc(0);
    let problem: Error | undefined;
    socket.on('timeout', () => socket.destroy());
    socket.on('error', error => (problem = error));
    socket.on('close', () => {
      for (const { reject } of connection.waiting.values())
        reject(problem ?? new Error('the upstream closed the connection'));
    });
    socket.on('data', chunk => {
      received = received.length ? Buffer.concat([received, chunk]) : chunk;
      while (received.length >= 2 && received.length >= received.readUInt16BE() + 2) {
        const end = received.readUInt16BE() + 2;
        this.#take(connection, received.subarray(2, end));
        received = received.subarray(end);
      }
    });
    return connection;
  }

  #take(connection: Connection, bytes: Uint8Array): void {
    const id = bytes.length >= 2 ? (bytes[0]! << 8) | bytes[1]! : -1;
    const waiting = connection.waiting.get(id);
    // The reply to a question that was given up.
    if (!waiting) return;
    const reply = fitting(bytes, waiting.query);
    if (!reply) {
      connection.socket.destroy(new Error('the upstream answered something else'));
      return;
    }
    connection.heard++;
    waiting.resolve(reply);
  }

  #trusted(): SecureContext {
    return (this.#trust ??= createSecureContext({
      minVersion: 'TLSv1.2',
      ...(this.ca !== undefined && { ca: [...rootCertificates, this.ca] }),
    }));
  }
}
