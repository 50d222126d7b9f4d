/** An API server in memory of the test, and requests to it as one line each. */

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, type ApiServerOptions, createApiServer } from '../../src/apiserver/api-server.js';
import type { ApiResponse, User } from '../../src/apiserver/http.js';

export const ADMIN: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely by tests.
export type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly text: string;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly user?: User;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Harness {
  readonly server: ApiServer;
  readonly stateDir: string;
  /** `GET /api/v1/pods?limit=1`; a body that is no string or bytes is sent as JSON. */
  request(line: string, options?: RequestOptions): Promise<Answer>;
  raw(line: string, options?: RequestOptions): Promise<ApiResponse>;
  /** The events of a watch until `signal` ends it. */
  watch(path: string, options?: RequestOptions): AsyncGenerator<{ type: string; object: Body }>;
}

type Test = { after(fn: () => Promise<void> | void): void };

export function startServer(t: Test, options: Partial<ApiServerOptions> = {}): Harness {
  const stateDir = options.stateDir ?? fs.mkdtempSync(join(tmpdir(), 'pwt-apiserver-'));
  const server = createApiServer({ stateDir, ...options });
  t.after(async () => {
    await server.close();
    if (!options.stateDir) fs.rmSync(stateDir, { recursive: true, force: true });
  });
  const raw = (
    line: string,
    { body, type = 'application/json', accept, user = ADMIN, signal, headers }: RequestOptions = {},
  ) => {
    const [, method, path, query] = /^(\S+) ([^?]*)\??(.*)$/s.exec(line)!;
    const bytes =
      body === undefined || body instanceof Uint8Array
        ? body
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    return server.handle({
      method: method!,
      path: path!,
      query: new URLSearchParams(query),
      headers: { ...(bytes && { 'content-type': type }), ...(accept && { accept }), ...headers },
      body: bytes as Uint8Array | undefined,
      user,
      signal,
    });
  };
  const request = async (line: string, given?: RequestOptions): Promise<Answer> => {
    const response = await raw(line, given);
    const chunks: Uint8Array[] = [];
    if (response.body instanceof Uint8Array) chunks.push(response.body);
    else for await (const chunk of response.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isJson = response.headers['content-type']?.startsWith('application/json');
    return { status: response.status, headers: response.headers, text, body: isJson && text ? JSON.parse(text) : text };
  };
  async function* watch(path: string, given: RequestOptions = {}) {
    const response = await raw(`GET ${path}${path.includes('?') ? '&' : '?'}watch=true`, given);
    if (response.body instanceof Uint8Array) throw new Error(Buffer.from(response.body).toString());
    let rest = '';
    for await (const chunk of response.body) {
      const lines = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line);
    }
  }
  return { server, stateDir, request, raw, watch };
}

export const configMap = (name: string, data: Record<string, string> = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

export const pod = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
});

export const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], selector: { app: name }, ...spec },
});

export const deployment = (name: string, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
  },
});
