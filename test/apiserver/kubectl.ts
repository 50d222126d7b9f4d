/** Real kubectls against a server on 127.0.0.1, as lines of a story. */

import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiServerOptions } from '../../src/apiserver/api-server.js';
import { type Harness, startServer } from './harness.js';

export interface Kubectl {
  readonly version: string;
  readonly path: string | undefined;
  /** Why there is none. */
  readonly missing: string;
}

/** The kubectl of the machine, and Debian's 1.20 where PODWIRE_KUBECTL_120 names it. */
export const KUBECTLS: readonly Kubectl[] = [
  { version: 'of this machine', path: which('kubectl'), missing: 'no kubectl in PATH' },
  { version: '1.20', path: process.env.PODWIRE_KUBECTL_120, missing: 'PODWIRE_KUBECTL_120 names no kubectl 1.20' },
];

function which(name: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`])
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}

export interface Output {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Story extends Harness {
  /** `k('get pods -o name')`: split at spaces, quotes as in a shell; `stdin` for `-f -`. Both outputs, whatever the exit code. */
  k(line: string, stdin?: string, env?: Record<string, string>): Promise<Output>;
  /** Its standard output; fails the test with its complaint when it exits with another code than 0. */
  ok(line: string, stdin?: string, env?: Record<string, string>): Promise<string>;
  /** Starts it and gives its lines as they come; `stop` ends it. */
  follow(line: string): { lines: AsyncGenerator<string>; stop(): void };
  readonly directory: string;
}

export async function startStory(
  t: { after(fn: () => Promise<void> | void): void },
  kubectl: Kubectl,
  options: Partial<ApiServerOptions> = {},
): Promise<Story> {
  const harness = startServer(t, options);
  const { server } = harness;
  const listening = await server.listen([{ host: '127.0.0.1', port: 0 }]);
  const directory = fs.mkdtempSync(join(tmpdir(), 'pwt-kubectl-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const config = join(directory, 'kubeconfig');
  fs.writeFileSync(config, JSON.stringify(kubeconfig(harness, listening.ports[0]!)));
  const environment = { PATH: process.env.PATH, HOME: directory, KUBECONFIG: config, TERM: 'dumb' };
  const start = (line: string, env: Record<string, string> = {}) =>
    spawn(kubectl.path!, split(line), { cwd: directory, env: { ...environment, ...env } });
  const k = (line: string, stdin = '', env?: Record<string, string>) =>
    new Promise<Output>((resolve, reject) => {
      const child = start(line, env);
      let [out, err] = ['', ''];
      child.stdout.on('data', chunk => (out += chunk));
      child.stderr.on('data', chunk => (err += chunk));
      child.on('error', reject);
      child.on('close', code => resolve({ code, out, err }));
      child.stdin.on('error', () => {});
      child.stdin.end(stdin);
    });
  const ok = async (line: string, stdin?: string, env?: Record<string, string>) => {
    const { code, out, err } = await k(line, stdin, env);
    if (code !== 0) throw new Error(`kubectl ${line} exited with ${code}: ${err}${out}`);
    return out;
  };
  const follow = (line: string) => {
    const child = start(line);
    async function* lines() {
      let rest = '';
      for await (const chunk of child.stdout) {
        const parts = (rest + chunk).split('\n');
        rest = parts.pop()!;
        yield* parts;
      }
      if (rest) yield rest;
    }
    t.after(() => void child.kill('SIGKILL'));
    return { lines: lines(), stop: () => void child.kill('SIGINT') };
  };
  return { ...harness, k, ok, follow, directory };
}

function kubeconfig({ server }: Harness, port: number): object {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const { certificate, key } = server.authority.admin();
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'test',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': base64(server.authority.caCertificate),
        },
      },
    ],
    users: [
      { name: 'admin', user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  };
}

/** Words of a command line; single quotes keep spaces. */
function split(line: string): string[] {
  return [...line.matchAll(/(?:[^\s']+|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
}
