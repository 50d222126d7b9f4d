/** The HTTP side of an upgrade: which protocol, the 101, or the Status that says why not. Knows nothing of what follows. */

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { ApiError, badRequest } from '../status.js';

/** Names of the subprotocols that are spoken, best first. */
export interface Protocols {
  readonly websocket: readonly string[];
  readonly spdy: readonly string[];
}

export interface Upgrade {
  readonly kind: 'websocket' | 'spdy';
  readonly protocol: string;
}

/** Throws an ApiError when the request asks for nothing that we speak. */
export function upgradeOf(request: IncomingMessage, protocols: Protocols): Upgrade {
  const kind = { websocket: 'websocket', 'spdy/3.1': 'spdy' }[`${request.headers.upgrade}`.toLowerCase()];
  if (kind !== 'websocket' && kind !== 'spdy')
    throw badRequest('unable to upgrade: only websocket and SPDY/3.1 are spoken');
  const header = kind === 'websocket' ? 'sec-websocket-protocol' : 'x-stream-protocol-version';
  const offered = `${request.headers[header] ?? ''}`.split(',').map(name => name.trim());
  const protocol = protocols[kind].find(name => offered.includes(name));
  if (!protocol) {
    const message = `unable to upgrade: unable to negotiate protocol: client supports ${offered}, server accepts ${protocols[kind]}`;
    throw new ApiError(403, 'Forbidden', message);
  }
  return { kind, protocol };
}

/** Switches to SPDY; the socket is the transport. */
export function acceptSpdy(socket: Duplex, head: Buffer, protocol: string): Duplex {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length) socket.unshift(head);
  return socket;
}

/** Bytes of one message; kubectl sends 32 KiB. */
const MAX_MESSAGE = 1 << 20;
/** Milliseconds until the client must have read everything and answered our close. */
const CLOSE_TIMEOUT = 3_600_000;

/** Paused: `resume()` it. Rejects, with the socket answered and closed, when the request is no proper WebSocket handshake. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<{ readonly socket: WebSocket; stream(): Duplex }> {
  const options = { noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE, closeTimeout: CLOSE_TIMEOUT };
  const server = new WebSocketServer(options);
  // `ws` takes no name with a slash in it (RFC 6455 §4.1 wants a token), but kubectl's has one: it goes around `ws`.
  delete request.headers['sec-websocket-protocol'];
  server.on('headers', headers => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    if (socket.destroyed) reject(new Error('the client is gone'));
    socket.once('close', () => reject(new Error('no WebSocket')));
    server.handleUpgrade(request, socket, head, open => {
      // Not read until somebody listens.
      open.pause();
      resolve({ socket: open, stream: () => createWebSocketStream(open) });
    });
  });
}

/** An ordinary answer in place of the upgrade; the connection ends with it. */
export function refuse(socket: Duplex, error: Partial<ApiError> & Error): void {
  const known = typeof error.toStatus === 'function' && typeof error.status === 'number';
  const problem = known ? (error as ApiError) : new ApiError(500, 'InternalError', error.message);
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify(problem.toStatus());
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
