/** A small HTTP server of fixed pages. Knows GET and HEAD; refuses to know what stands on a page. */

import { chmod, unlink } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ip } from '../net/ip.js';

/** A unix socket (0600, an old one is replaced) or an address; port 0 lets the kernel choose. */
export type Listen = { readonly socket: string } | { readonly ip: Ip; readonly port: number };

export interface Answer {
  readonly status: number;
  /** Text, or what writes line after line from when it is called until what it returns is. */
  readonly body: string | ((write: (line: string) => void) => () => void);
  /** Content-Type; plain text when left out. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Page = (query: URLSearchParams) => Answer | Promise<Answer>;

export interface PageServer {
  /** 0 on a unix socket. */
  readonly port: number;
  close(): Promise<void>;
}

/** `find` gives the page of a path, undefined where there is none. Rejects with Node's system errors, for instance EADDRINUSE. */
export async function servePages(listen: Listen, find: (path: string) => Page | undefined): Promise<PageServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://page');
    const answer = async (): Promise<Answer> => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, body: 'only GET\n' };
      return (await find(url.pathname)?.(url.searchParams)) ?? { status: 404, body: 'no such page\n' };
    };
    answer().then(
      found => send(response, found),
      error => send(response, { status: 500, body: `${error instanceof Error ? error.message : error}\n` }),
    );
  });
  if ('socket' in listen) await unlink(listen.socket).catch(() => {});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const where = 'socket' in listen ? { path: listen.socket } : { host: String(listen.ip), port: listen.port };
    server.listen(where, resolve);
  });
  if ('socket' in listen) await chmod(listen.socket, 0o600);
  return {
    port: 'socket' in listen ? 0 : (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, body, type = 'text/plain; charset=utf-8', headers }: Answer): void {
  response.writeHead(status, {
    'content-type': type,
    ...(typeof body === 'string' && { 'content-length': Buffer.byteLength(body) }),
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  if (typeof body === 'string') response.end(body);
  else feed(response, body);
}

/** What a reader leaves unread beyond this is not kept for it. */
const MAX_UNREAD = 1 << 20;

function feed(response: ServerResponse, start: Exclude<Answer['body'], string>): void {
  response.flushHeaders();
  const stop = start(line => {
    if (response.writableLength < MAX_UNREAD) response.write(`${line}\n`);
  });
  response.once('close', stop);
}
