/** A node in a namespace of its own, with an agent process that stories may kill, and the audit of what is left. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Journal } from '../../src/agent/journal.js';
import { openKernel } from '../../src/host/kernel-port.js';
import { createNamespace, removeNamespace, withNamespace } from '../../src/host/namespace.js';
import { LINK_PREFIX, PROTOCOL } from '../../src/kernel/kind.js';
import type { KernelObject } from '../../src/kernel/port.js';
import { Ip } from '../../src/net/ip.js';
import { CONFIG } from '../agent/world.js';

/** What a test says when it cannot run here; undefined where it can. */
export const unable = process.getuid?.() === 0 ? undefined : 'needs root: network namespaces';

export interface Outcome {
  readonly exitCode: number | null;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the plugin printed.
  readonly json: any;
}

let nodes = 0;

export class LabNode {
  readonly dir = mkdtempSync(join(tmpdir(), 'pwt-agent-'));
  readonly prefix = `/run/netns/pwt-agent-${process.pid}-${++nodes}`;
  readonly netns = `${this.prefix}-node`;
  readonly plugin = join(this.dir, 'bin', 'podwire');
  readonly stateDir = join(this.dir, 'state');
  readonly #pods = new Set<string>();
  #agent: ChildProcess | undefined;

  /** `resync`: milliseconds between the agent's looks at what others did. */
  constructor(
    private readonly profile: 'routed' | 'bridge' = 'routed',
    private readonly resync = 30_000,
  ) {
    createNamespace(this.netns);
    const address = (ip: string, prefix: number) =>
      ({ verb: 'add', object: { kind: 'address', link: 'eth0', ip: Ip.of(ip), prefix, nodad: true } }) as const;
    const kernel = openKernel(this.netns);
    const failures = kernel.apply([
      { verb: 'replace', object: { kind: 'link', type: 'other', driver: '', name: 'lo', up: true } },
      { verb: 'add', object: { kind: 'link', type: 'veth', name: 'eth0', up: true, mtu: 1400, peer: { name: 'far' } } },
      { verb: 'replace', object: { kind: 'link', type: 'other', driver: '', name: 'far', up: true } },
      address('172.30.0.11', 24),
      address('fd00:172:30::b', 64),
    ]);
    kernel.close();
    assert.deepEqual(failures, []);
  }

  /** Starts an agent in the node's namespace and waits until it can attach; with `wait` false until it ends or listens. */
  async start({ fail = '', podCidrs = undefined as readonly string[] | undefined } = {}): Promise<void> {
    const config = {
      ...CONFIG,
      profile: this.profile,
      stateDir: this.stateDir,
      cniSocket: join(this.dir, 'cni', 'agent.sock'),
      cniBinDir: join(this.dir, 'bin'),
    };
    writeFileSync(join(this.dir, 'agent.json'), JSON.stringify(config));
    rmSync(config.cniSocket, { force: true });
    this.#agent = this.spawn(fail, podCidrs);
    for (let i = 0; i < 500; i++) {
      assert.equal(this.#agent.exitCode, null, 'the agent runs');
      if ((await this.call('STATUS').catch(() => undefined))?.exitCode === 0) return;
      await sleep(10);
    }
    assert.fail('the agent does not become ready');
  }

  spawn(fail = '', podCidrs?: readonly string[], stderr: 'inherit' | 'pipe' = 'inherit'): ChildProcess {
    const main = new URL('cni-agent.js', import.meta.url).pathname;
    const args = [main, join(this.dir, 'agent.json'), ...(podCidrs ? [JSON.stringify(podCidrs)] : [])];
    const env = {
      ...process.env,
      PODWIRE_FAIL: fail,
      PWT_RESYNC: String(this.resync),
      PODWIRE_LOG: process.env.PODWIRE_LOG ?? 'error',
    };
    return withNamespace(this.netns, () =>
      spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', stderr] }),
    );
  }

  /** Ends the agent, by default as a crash does. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#agent && this.#agent.exitCode === null && this.#agent.signalCode === null) {
      this.#agent.kill(signal);
      await once(this.#agent, 'exit');
    }
  }

  get agentPid(): number {
    return this.#agent!.pid!;
  }

  pod(containerId: string): string {
    const path = `${this.prefix}-${containerId}`;
    if (!this.#pods.has(path)) createNamespace(path);
    this.#pods.add(path);
    return path;
  }

  removePod(containerId: string): void {
    const path = `${this.prefix}-${containerId}`;
    removeNamespace(path);
    this.#pods.delete(path);
  }

  /** Runs the plugin as a runtime does. */
  async call(command: string, containerId = '', config: object = {}): Promise<Outcome> {
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerId,
      CNI_NETNS: `${this.prefix}-${containerId}`,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: `K8S_POD_NAMESPACE=default;K8S_POD_NAME=${containerId};K8S_POD_UID=uid-${containerId}`,
      CNI_PATH: join(this.dir, 'bin'),
    };
    const child = spawn(this.plugin, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdin.on('error', () => {});
    child.stdin.end(JSON.stringify({ cniVersion: '1.1.0', name: 'podwire', type: 'podwire', ...config }));
    child.stdout.on('data', chunk => (stdout += chunk));
    const [exitCode] = await once(child, 'close');
    return { exitCode, json: stdout === '' ? undefined : JSON.parse(stdout) };
  }

  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await new Promise<string>((resolve, reject) => {
      const ask = request({ socketPath: join(this.dir, 'cni', 'health.sock'), path: '/metrics' }, response => {
        let body = '';
        response.on('data', chunk => (body += chunk));
        response.on('end', () => resolve(body));
      });
      ask.on('error', reject);
      ask.end();
    });
    return new Map(
      text
        .split('\n')
        .flatMap(
          line =>
            (/^\w/.test(line) ? [[line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line))]] : []) as [string, number][],
        ),
    );
  }

  /** What of Pods is in the node's kernel, by a word each. */
  kernel(): string[] {
    const port = openKernel(this.netns);
    const words = [...port.read().values()].flatMap(word);
    port.close();
    return words.sort();
  }

  /** The containers on the node; fails unless journal, addresses in use, links, routes and guard elements agree. */
  async audit(): Promise<string[]> {
    const metrics = await this.metrics();
    const copy = join(this.dir, 'audit');
    mkdirSync(copy, { recursive: true });
    writeFileSync(join(copy, 'journal'), readFileSync(join(this.stateDir, 'attachments')));
    const journal = new Journal(join(copy, 'journal'));
    const records = [...journal.records.values()];
    journal.close();
    const wanted = records.flatMap(({ attachment: { link, ips } }) => [
      `link ${link}`,
      ...ips.flatMap(ip => [`route ${ip}`, `guard ${link} ${ip}`]),
    ]);
    assert.deepEqual(this.kernel(), wanted.sort(), 'the kernel has what the journal says');
    assert.equal(metrics.get('podwire_attachments'), records.length);
    for (const [name, used] of metrics)
      if (name.startsWith('podwire_ipam_addresses_used')) assert.equal(used, records.length, name);
    return records.map(record => record.ref.containerId).sort();
  }

  async remove(): Promise<void> {
    await this.kill();
    for (const path of this.#pods) removeNamespace(path);
    removeNamespace(this.netns);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function word(object: KernelObject): string[] {
  if (object.kind === 'link')
    return object.name.startsWith(LINK_PREFIX) && !object.name.includes('-') ? [`link ${object.name}`] : [];
  if (object.kind === 'element')
    return object.family === 'inet' && object.set.startsWith('pod-sources') ? [`guard ${object.key.join(' ')}`] : [];
  if (object.kind !== 'route' || object.protocol !== PROTOCOL || object.type !== 'unicast') return [];
  const { ip, prefix } = object.destination;
  return prefix === ip.bytes.length * 8 ? [`route ${ip}`] : [];
}
