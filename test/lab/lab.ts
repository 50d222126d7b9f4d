/** A lab of its own for a test: other names, ranges and directories than a user's, so that both can run side by side. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Api } from '../../src/client/api.js';
import { type HttpsTransport, httpsTransport } from '../../src/client/https-transport.js';
import { readKubeconfig } from '../../src/client/kubeconfig.js';
import { labNamespaces, type Places, places } from '../../src/lab/places.js';

export const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Why the tests of this folder cannot run here, or false: the `skip` of node:test. */
export const skip: string | false = process.getuid?.() === 0 ? false : 'needs root, to make network namespaces';

/** `kubectl` by version, with the reason where one is absent. */
export const KUBECTLS: readonly { readonly name: string; readonly path: string | undefined }[] = [
  { name: 'kubectl of this machine', path: inPath('kubectl') },
  { name: "Debian's kubectl 1.20", path: process.env.PODWIRE_KUBECTL_120 },
];

export function inPath(program: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map(directory => join(directory, program))
    .find(existsSync);
}

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Lab {
  readonly at: Places;
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  #transport: HttpsTransport | undefined;

  constructor(readonly name = 'test') {
    this.directory = mkdtempSync(join(tmpdir(), 'podwire-test-'));
    this.env = {
      ...process.env,
      PODWIRE_LAB: name,
      PODWIRE_STATE_DIR: join(this.directory, 'state'),
      PODWIRE_RUN_DIR: join(this.directory, 'run'),
      KUBECONFIG: join(this.directory, 'kubeconfig'),
      NO_COLOR: '1',
    };
    this.at = places(name, this.env);
  }

  /** Ranges beside the default ones; the API server's port likewise. */
  static readonly OPTIONS = [
    '--api-port',
    '16443',
    '--pod-cidrs',
    '10.245.0.0/16,fd00:10:245::/56',
    '--service-cidrs',
    '10.97.0.0/16,fd00:10:97::/112',
    '--node-cidrs',
    '172.29.250.0/24,fd00:172:29::/64',
  ];

  /** `podwire up` with those options; fails the test with labd's log when it does not come up. */
  async up(...options: string[]): Promise<Output> {
    const result = await this.podwire('up', ...Lab.OPTIONS, ...options);
    assert.equal(
      result.code,
      0,
      `${result.stdout}\n${result.stderr}\n${(await this.podwire('logs', 'labd')).stdout.slice(-3000)}`,
    );
    return result;
  }

  /** Also after a failed test: nothing of the lab stays. */
  async down(): Promise<void> {
    this.#transport?.close();
    this.#transport = undefined;
    const result = await this.podwire('down');
    rmSync(this.directory, { recursive: true, force: true });
    assert.equal(result.code, 0, result.stderr);
  }

  /** Paths of all its network namespaces, Pods' among them. */
  namespaces(): readonly string[] {
    return labNamespaces(this.at);
  }

  podwire(...args: string[]): Promise<Output> {
    return run(process.execPath, [CLI, ...args], this.env);
  }

  async api(): Promise<Api> {
    this.#transport ??= httpsTransport(await readKubeconfig(this.at.kubeconfig));
    return new Api(this.#transport, 'podwire-test');
  }
}

/** Runs a program to its end; never throws for its exit code. */
export function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  input?: string,
): Promise<Output> {
  return new Promise(resolve => {
    const child = execFile(program, args, { env, maxBuffer: 64 << 20, timeout: 120_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ code, stdout, stderr });
    });
    if (input !== undefined) child.stdin!.end(input);
  });
}

type Truthy<T> = Exclude<T, false | '' | 0 | null | undefined>;

/** Waits until `look` gives something true; fails with `what` after `seconds`. */
export async function eventually<T>(what: string, look: () => T | Promise<T>, seconds = 20): Promise<Truthy<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found as Truthy<T>;
    if (Date.now() > deadline) assert.fail(`not within ${seconds} s: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 25));
  }
}
