/** DNS over TCP (RFC 7766): length-prefixed messages, pipelined and answered in any order, with limits against abuse. */

import { createServer, type Server, type Socket } from 'node:net';
import type { Ip } from '../net/ip.js';
import type { Responder } from './dns-responder.js';

const MAX_CONNECTIONS = 512;
const MAX_PER_CLIENT = 64;
const MAX_IN_FLIGHT = 64;
const MAX_QUERIES = 10_000;
/** Bytes of replies a client may leave unread. */
const MAX_UNREAD = 256 << 10;
const IDLE_MS = 10_000;

export interface TcpListener {
  readonly server: Server;
  close(): void;
}

/** Rejects with the errno's error when the address cannot be bound. */
export function listenTcp(ip: Ip, port: number, responder: Responder): Promise<TcpListener> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    const client = socket.remoteAddress;
    const peers = [...sockets].filter(other => other.remoteAddress === client).length;
    if (client === undefined || sockets.size >= MAX_CONNECTIONS || peers >= MAX_PER_CLIENT) socket.destroy();
    else {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      converse(socket, client, responder);
    }
  });
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: String(ip), port, ipv6Only: ip.family === 6, exclusive: true }, () => {
      server.removeListener('error', reject).on('error', () => {});
      resolve({ server, close });
    });
  });
}

function converse(socket: Socket, address: string, responder: Responder): void {
  let waiting = Buffer.alloc(0);
  let inFlight = 0;
  let left = MAX_QUERIES;
  let taking = false;
  let ended = false;
  const busy = () => inFlight >= MAX_IN_FLIGHT || socket.writableLength > MAX_UNREAD;

  /** False: the connection is not worth keeping. */
  const takeOne = (size: number): boolean => {
    if (size === 0 || left-- === 0) return false;
    const query = waiting.subarray(2, size + 2);
    waiting = waiting.subarray(size + 2);
    inFlight++;
    return responder.handle(query, { address, transport: 'tcp' }, reply => {
      inFlight--;
      if (!socket.destroyed) socket.write(frame(reply));
      take();
    });
  };
  const take = () => {
    // A reply may come at once, inside the loop, which then goes on by itself.
    if (taking) return;
    taking = true;
    while (!socket.destroyed && !busy() && waiting.length >= 2 && waiting.length >= waiting.readUInt16BE() + 2) {
      if (!takeOne(waiting.readUInt16BE())) socket.destroy();
    }
    taking = false;
    if (busy()) socket.pause();
    else socket.resume();
    // Half-closed by the client: what it asked is still answered.
    if (ended && !inFlight) socket.end();
  };
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('drain', take);
  socket.on('data', chunk => {
    waiting = waiting.length ? Buffer.concat([waiting, chunk]) : chunk;
    take();
  });
  socket.on('end', () => {
    ended = true;
    take();
  });
}

/** RFC 1035 §4.2.2, in one write so that length and message share a segment. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2);
  framed.writeUInt16BE(message.length);
  framed.set(message, 2);
  return framed;
}
