/** A node for the kubelet's tests: an API server, a network namespace and a CNI plugin in a few lines of shell. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type ApiServer, createApiServer } from '../../src/apiserver/api-server.js';
import { Api } from '../../src/client/api.js';
import { MNT_DETACH, umount2 } from '../../src/host/libc.js';
import { createNamespace, removeNamespace } from '../../src/host/namespace.js';
import { type Kubelet, startKubelet } from '../../src/lab/kubelet/kubelet.js';
import { localTransport } from '../../src/lab/local-transport.js';
import { end, processesIn } from '../../src/lab/processes.js';
import type { Pod } from '../../src/objects/pod.js';
import { resources } from '../../src/objects/resources.js';

const NETNS = '/run/netns';

/** Each Pod gets 10.99.N.1, its node end 10.99.N.0; every call is noted with what came on standard input. */
const PLUGIN = `#!/bin/sh
dir=$(dirname "$0")/..
conf=$(cat)
printf '%s %s %s\\n' "$CNI_COMMAND" "$CNI_CONTAINERID" "$conf" >> "$dir/calls"
fail() { echo "{\\"code\\":11,\\"msg\\":\\"$1\\"}"; exit 1; }
case $CNI_COMMAND in
STATUS) [ -e "$dir/broken" ] && fail 'the network is down'; exit 0 ;;
ADD)
  [ -e "$dir/broken" ] && fail 'no address is free'
  n=1
  while ! mkdir "$dir/ip.$n" 2>/dev/null; do n=$((n+1)); done
  echo "$CNI_CONTAINERID" > "$dir/ip.$n/owner"
  pod=$(basename "$CNI_NETNS")
  ip link add "pwt$n" type veth peer name "$CNI_IFNAME" netns "$pod" || fail 'link'
  ip addr add "10.99.$n.0/31" dev "pwt$n" && ip link set "pwt$n" up
  ip -n "$pod" addr add "10.99.$n.1/31" dev "$CNI_IFNAME" && ip -n "$pod" link set "$CNI_IFNAME" up
  ip -n "$pod" route add default via "10.99.$n.0"
  echo "{\\"cniVersion\\":\\"1.1.0\\",\\"interfaces\\":[{\\"name\\":\\"$CNI_IFNAME\\"}],\\"ips\\":[{\\"address\\":\\"10.99.$n.1/31\\",\\"interface\\":0}]}" ;;
DEL)
  for each in "$dir"/ip.*; do
    [ "$(cat "$each/owner" 2>/dev/null)" = "$CNI_CONTAINERID" ] || continue
    ip link del "pwt\${each##*.}" 2>/dev/null
    rm -rf "$each"
  done ;;
esac
exit 0
`;

export class TestNode {
  readonly directory: string;
  readonly prefix: string;
  readonly netns: string;
  readonly server: ApiServer;
  readonly api: Api;
  kubelet!: Kubelet;

  constructor(readonly name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `pwt-kubelet-${name}-`));
    // With the process id, so that a run that was killed is not in the next one's way.
    this.prefix = `pwt-kubelet-${process.pid}-${name}`;
    this.netns = join(NETNS, this.prefix);
    for (const each of ['bin', 'net.d', 'state']) mkdirSync(join(this.directory, each));
    writeFileSync(join(this.directory, 'bin', 'test'), PLUGIN);
    chmodSync(join(this.directory, 'bin', 'test'), 0o755);
    writeFileSync(
      join(this.directory, 'net.d', '10-test.conflist'),
      JSON.stringify({ cniVersion: '1.1.0', name: 'test', plugins: [{ type: 'test' }] }),
    );
    createNamespace(this.netns);
    this.server = createApiServer({ stateDir: join(this.directory, 'state') });
    this.api = new Api(localTransport(this.server, { name: 'test', groups: ['system:masters'] }), 'test');
    this.start();
  }

  start(): void {
    this.kubelet = startKubelet({
      api: this.api,
      node: { name: this.name, addresses: ['172.31.0.11'] },
      netns: this.netns,
      podNetns: uid => join(NETNS, `${this.prefix}-pod-${uid.slice(0, 13)}`),
      runDir: join(this.directory, 'run'),
      claimsDir: join(this.directory, 'claims'),
      cniBinDir: join(this.directory, 'bin'),
      cniConfDir: join(this.directory, 'net.d'),
      cluster: { servers: ['10.96.0.10'], domain: 'cluster.local' },
      hidden: [],
      version: 'test',
    });
  }

  /** Makes the Pod, bound to this node. */
  create(name: string, spec: object, metadata: object = {}): Promise<Pod> {
    const whole = { terminationGracePeriodSeconds: 2, ...spec, nodeName: this.name };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', ...metadata }, spec: whole };
    return this.api.create(resources.pods, pod as unknown as Pod);
  }

  pod(name: string): Promise<Pod> {
    return this.api.get(resources.pods, { namespace: 'default', name });
  }

  /** The Pod as soon as it is as wanted; the wait's end says what it was like instead. */
  async until(name: string, wanted: (pod: Pod) => boolean, seconds = 20): Promise<Pod> {
    const give = Date.now() + seconds * 1000;
    for (;;) {
      const pod = await this.pod(name);
      if (wanted(pod)) return pod;
      if (Date.now() > give) throw new Error(`${name} stays ${JSON.stringify(pod.status, undefined, 1)}`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  async gone(name: string, seconds = 20): Promise<void> {
    const give = Date.now() + seconds * 1000;
    while (Date.now() < give) {
      const there = await this.pod(name).catch(() => undefined);
      if (!there) return;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
    throw new Error(`${name} is still there`);
  }

  delete(name: string, gracePeriodSeconds?: number): Promise<unknown> {
    return this.api.delete(resources.pods, { namespace: 'default', name }, { gracePeriodSeconds });
  }

  async logs(name: string, options: object = {}): Promise<string> {
    return text(await this.kubelet.logs({ namespace: 'default', name }, options));
  }

  /** The whole log as soon as it is as wanted. */
  async logged(name: string, wanted: RegExp, seconds = 10): Promise<string> {
    const give = Date.now() + seconds * 1000;
    for (;;) {
      const log = await this.logs(name);
      if (wanted.test(log) || Date.now() > give) return log;
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  /** Standard output, standard error and exit code of a command. */
  async exec(
    name: string,
    command: readonly string[],
    options: object = {},
  ): Promise<{ out: string; err: string; code: number }> {
    const session = await this.kubelet.exec(
      { namespace: 'default', name },
      { command, stdin: false, stdout: true, stderr: true, tty: false, ...options },
    );
    const [out, err, code] = await Promise.all([text(session.stdout), text(session.stderr), session.exit]);
    return { out, err, code };
  }

  /** The calls of the CNI plugin so far, without STATUS. */
  cniCalls(): string[] {
    const path = join(this.directory, 'calls');
    if (!existsSync(path)) return [];
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('STATUS'));
  }

  /** What of this node is on the machine beyond the node itself. */
  remains(): Record<string, readonly string[]> {
    const pods = readdirSync(NETNS).filter(file => file.startsWith(`${this.prefix}-pod-`));
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter(line => line.includes(this.directory) || line.includes(`${this.prefix}-pod-`));
    const run = join(this.directory, 'run', 'pods');
    const links = execFileSync('ip', ['-n', this.prefix, '-o', 'link'], { encoding: 'utf8' })
      .split('\n')
      .filter(line => line.includes('pwt'));
    return { namespaces: pods, mounts, files: existsSync(run) ? readdirSync(run) : [], links };
  }

  /** Nothing remains, at the latest in a moment: a Pod that ended by itself is forgotten by the API before it is cleaned up here. */
  async clean(): Promise<void> {
    const nothing = { namespaces: [], mounts: [], files: [], links: [] };
    const give = Date.now() + 5000;
    while (!isDeepStrictEqual(this.remains(), nothing) && Date.now() < give)
      await new Promise(resolve => setTimeout(resolve, 10));
    assert.deepEqual(this.remains(), nothing);
  }

  /** Takes everything away, whatever state it is in. */
  async destroy(): Promise<void> {
    await this.kubelet.stop();
    await this.server.close();
    const own = readdirSync(NETNS)
      .filter(file => file.startsWith(this.prefix))
      .map(file => join(NETNS, file));
    await end(processesIn(own), 'SIGKILL', 2000);
    for (const path of own) removeNamespace(path);
    for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
      const target = line.split(' ')[4];
      if (target?.startsWith(this.directory)) umount2(target, MNT_DETACH);
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function text(stream: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export const needsRoot = process.getuid?.() === 0 ? false : 'needs root: Pods are namespaces';

/** A container of the host's shell that ends at once when it is asked to. */
export function shell(script: string, more: object = {}): object {
  return { name: 'main', image: 'bash', command: ['bash', '-c', `trap 'exit 0' TERM; ${script}`], ...more };
}
export const forever = 'while :; do sleep 0.05; done';

export function condition(pod: Pod, type: string): string | undefined {
  return pod.status?.conditions?.find(each => each.type === type)?.status;
}
export const isReady = (pod: Pod) => condition(pod, 'Ready') === 'True';
