/** HTTP by hand from inside a namespace: real packets from where a Pod would send them. */

import type { Socket } from 'node:net';
import { withNamespace } from '../../src/host/namespace.js';
import { connectTcp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';

/** Milliseconds until an answer is given up. */
const PATIENCE = 3000;

/** `GET path` from inside a namespace (undefined: this machine's own), on a connection of its own; the body. */
export async function get(netns: string | undefined, ip: string, port: number, path: string): Promise<string> {
  const connection = new Connection(netns, ip, port);
  try {
    return await connection.get(path);
  } finally {
    connection.close();
  }
}

/** A connection that stays open: one request after the other. */
export class Connection {
  readonly #socket: Socket;
  readonly #where: string;
  /** The server said with its last answer that it would close. */
  closing = false;
  #received = '';
  #waiting: { resolve(body: string): void; reject(error: Error): void } | undefined;
  #broken: Error | undefined;

  constructor(netns: string | undefined, ip: string, port: number) {
    this.#where = `${netns ?? 'this machine'} → ${ip} port ${port}`;
    const connect = () => connectTcp(Ip.of(ip), port);
    this.#socket = netns ? withNamespace(netns, connect) : connect();
    this.#socket.setEncoding('utf8').on('data', chunk => {
      this.#received += chunk;
      this.#take();
    });
    this.#socket.on('error', error => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('closed'));
  }

  /** Answers need a Content-Length, as our servers' have. */
  get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#broken) return reject(this.#broken);
      const timer = setTimeout(() => this.#fail('no answer'), PATIENCE);
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          this.#waiting = undefined;
          how(value);
        };
      this.#waiting = { resolve: settle(resolve), reject: settle(reject) };
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(): void {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return this.#fail(`an answer without Content-Length: ${this.#received.slice(0, end)}`);
    if (this.#received.length < end + 4 + length) return;
    this.closing = /\r\nconnection: close/i.test(this.#received.slice(0, end));
    const body = this.#received.slice(end + 4, end + 4 + length);
    this.#received = this.#received.slice(end + 4 + length);
    this.#waiting?.resolve(body);
  }

  #fail(message: string): void {
    this.#broken ??= new Error(`${this.#where}: ${message}`);
    this.#waiting?.reject(this.#broken);
  }
}
