/** The sockets of the API server: TLS, HTTP/2 and HTTP/1.1, who is asking. Knows no resource; every answer comes from `handle`. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { PodwireError } from '../report/errors.js';
import type { Api } from './api.js';
import type { ApiServer } from './api-server.js';
import { userOf } from './auth/user.js';
import { MAX_BODY } from './body.js';
import type { ApiRequest, ApiResponse } from './http.js';
import { asUpgrade, refuse, type UpgradeTarget } from './upgrade.js';

/** An address to bind, or a socket that listens already, perhaps in another network namespace. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly fd: number };

/** Takes a connection over after its Upgrade request was authenticated and its Pod was found. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, target: UpgradeTarget) => void;

export interface Listening {
  /** One per address, in their order. */
  readonly ports: readonly number[];
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly addresses: readonly ListenAddress[];
  readonly names: readonly string[];
  readonly upgrade: UpgradeHandler | undefined;
  readonly api: Api;
}

type Request = http2.Http2ServerRequest;
type Response = http2.Http2ServerResponse;

/** Throws PW-L804 when an address is taken; then none is bound. */
export async function listen(server: ApiServer, options: ListenOptions): Promise<Listening> {
  const { certificate, key } = server.authority.server(options.names);
  const tls: http2.SecureServerOptions = {
    cert: certificate,
    key,
    ca: server.authority.caCertificate,
    // Asked for, and checked per request: health and version are for everybody.
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    handshakeTimeout: 10_000,
    allowHTTP1: true,
    // Enough for hundreds of watches on a connection and too little to be drowned by one (megabytes, header pairs).
    maxSessionMemory: 32,
    maxHeaderListPairs: 256,
    settings: { maxConcurrentStreams: 1000 },
  };
  const open = new Set<Duplex>();
  const one = async (address: ListenAddress) => {
    const listener = http2.createSecureServer(tls, (request, response) => void serve(server, request, response));
    listener.on('upgrade', (request, socket, head) => void upgrade(server, options, request, socket, head));
    // From the first byte on: a handshake that never ends must not hold up close().
    listener.on('connection', (socket: Duplex) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    });
    // A client that breaks the protocol or its connection harms only itself.
    listener.on('sessionError', () => {});
    listener.on('tlsClientError', () => {});
    listener.listen(address);
    await listening(listener, address);
    return listener;
  };
  const results = await Promise.allSettled(options.addresses.map(one));
  const listeners = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  const close = async () => {
    for (const socket of open) socket.destroy();
    await Promise.all(listeners.map(listener => new Promise(resolve => listener.close(resolve))));
  };
  const failed = results.find(result => result.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { ports: listeners.map(listener => (listener.address() as AddressInfo).port), close };
}

async function listening(listener: http2.Http2SecureServer, address: ListenAddress): Promise<void> {
  try {
    await once(listener, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' && 'port' in address)
      throw new PodwireError('PW-L804', { port: address.port, address: address.host });
    throw error;
  }
}

async function serve(server: ApiServer, request: Request, response: Response): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  // A reset while we write; 'close' follows.
  response.on('error', () => {});
  request.on('error', () => {});
  try {
    const body = await readBody(request);
    const answer = await server.handle(toApiRequest(server, request, body, gone.signal));
    // The rest of a body that was too long is not waited for.
    if (body && body.length > MAX_BODY) response.on('finish', () => request.destroy());
    await write(response, request, answer, gone.signal);
  } catch {
    response.destroy();
  }
}

function toApiRequest(
  server: ApiServer,
  request: Request | IncomingMessage,
  body: Uint8Array | undefined,
  signal: AbortSignal,
): ApiRequest {
  const { path, query } = splitUrl(request.url ?? '/');
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const user = userOf(request.socket as TLSSocket, headers.authorization, server.authority);
  return { method: request.method ?? 'GET', path, query, headers, body, user, signal };
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}

/** The body, or so much of it that it is certainly too long. */
async function readBody(request: Request): Promise<Uint8Array | undefined> {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  // Not destroyed when we stop reading: the answer goes out on the same stream.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BODY) break;
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

async function write(response: Response, request: Request, answer: ApiResponse, gone: AbortSignal): Promise<void> {
  const { body } = answer;
  if (body instanceof Uint8Array) {
    response.writeHead(answer.status, { ...answer.headers, 'content-length': String(body.length) });
    response.end(request.method === 'HEAD' ? '' : body);
    return;
  }
  response.writeHead(answer.status, answer.headers);
  // The client of a watch waits for the headers before anything happens: HTTP/2 sends them at once, HTTP/1.1 when told to.
  if ('flushHeaders' in response) (response as unknown as ServerResponse).flushHeaders();
  const stream = response as unknown as Writable;
  for await (const chunk of body) {
    if (gone.aborted) return;
    // Rejects when the client goes; either way nothing keeps listening.
    if (!stream.write(chunk)) await once(stream, 'drain', { signal: gone });
  }
  stream.end();
}

async function upgrade(
  server: ApiServer,
  options: ListenOptions,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  const gone = new AbortController();
  socket.on('close', () => gone.abort());
  const target = asUpgrade(options.api, toApiRequest(server, request, undefined, gone.signal));
  if (target instanceof Error) refuse(socket, target);
  else if (options.upgrade) options.upgrade(request, socket, head, target);
  else socket.destroy();
}
