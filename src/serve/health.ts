/** /livez, /readyz and /metrics of a process. Knows how to say how it is; refuses to know what is checked. */

import { chmod, unlink } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ip } from '../net/ip.js';

/** By name of the check: true, or in a few words what is wrong. */
export type Checks = Readonly<Record<string, true | string>>;

export interface HealthOptions {
  /** A unix socket (0600, an old one is replaced) or an address; port 0 lets the kernel choose. */
  readonly listen: { readonly socket: string } | { readonly ip: Ip; readonly port: number };
  readonly live: () => Checks;
  readonly ready: () => Checks;
  /** Prometheus text. */
  readonly metrics: () => string;
}

export interface HealthServer {
  /** 0 on a unix socket. */
  readonly port: number;
  close(): Promise<void>;
}

export async function startHealth({ listen, live, ready, metrics }: HealthOptions): Promise<HealthServer> {
  const pages: Record<string, (response: ServerResponse, verbose: boolean) => void> = {
    '/livez': (response, verbose) => report(response, live(), verbose),
    '/readyz': (response, verbose) => report(response, ready(), verbose),
    '/healthz': (response, verbose) => report(response, live(), verbose),
    '/metrics': response => send(response, 200, metrics()),
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://health');
    const page = Object.hasOwn(pages, url.pathname) ? pages[url.pathname] : undefined;
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') send(response, 405, 'only GET\n');
      else if (!page) send(response, 404, `there are ${Object.keys(pages).join(' ')}\n`);
      else page(response, url.searchParams.has('verbose'));
    } catch (error) {
      send(response, 500, `${error instanceof Error ? error.message : error}\n`);
    }
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

/** As kube-apiserver writes it: a line for each check where one failed or `?verbose` asks. */
function report(response: ServerResponse, checks: Checks, verbose: boolean): void {
  const failed = Object.values(checks).some(result => result !== true);
  const lines = Object.entries(checks).map(([name, result]) =>
    result === true ? `[+]${name} ok` : `[-]${name} failed: ${result}`,
  );
  if (failed) send(response, 503, `${lines.join('\n')}\ncheck failed\n`);
  else send(response, 200, verbose ? `${lines.join('\n')}\ncheck passed\n` : 'ok');
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(text);
}
