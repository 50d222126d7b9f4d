/** One node on fake kernels: an agent's inside without processes, sockets or root, and the audit that every story ends with. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Attachments } from '../../src/agent/attachments.js';
import { type AgentConfigFile, agentConfig } from '../../src/agent/config.js';
import { Journal } from '../../src/agent/journal.js';
import { NodeNetwork } from '../../src/agent/node-network.js';
import { type Namespaces, podSides } from '../../src/agent/pod-side.js';
import type { AddRequest, AttachmentRef, CheckRequest } from '../../src/cni/protocol.js';
import type { Attached } from '../../src/cni/result.js';
import { FakeKernel } from '../../src/kernel/fake.js';
import { LINK_PREFIX, PROTOCOL } from '../../src/kernel/kind.js';
import type { KernelPort } from '../../src/kernel/port.js';
import { Ip } from '../../src/net/ip.js';

export const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', uid: 'n1' },
  spec: { podCIDRs: ['10.244.1.0/24', 'fd00:10:244:1::/64'] },
  status: {
    addresses: [
      { type: 'InternalIP', address: '172.30.0.11' },
      { type: 'InternalIP', address: 'fd00:172:30::b' },
    ],
  },
};

export const CONFIG: AgentConfigFile = {
  node: 'n1',
  kubeconfig: '/nowhere',
  stateDir: '/nowhere',
  cniSocket: '/nowhere/cni/agent.sock',
  profile: 'routed',
  overlay: 'none',
  podCidrs: ['10.244.0.0/16', 'fd00:10:244::/56'],
  serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
  dns: { addresses: [], clusterDomain: 'cluster.local', upstreams: [] },
};

export const ref = (containerId: string): AttachmentRef => ({ network: 'podwire', containerId, ifname: 'eth0' });

export const addRequest = (containerId: string, netns = `/run/netns/${containerId}`): AddRequest => ({
  command: 'ADD',
  version: '1.1.0',
  network: 'podwire',
  ref: ref(containerId),
  netns,
  pod: { namespace: 'default', name: containerId, uid: `uid-${containerId}` },
  hostPorts: [],
  dns: {},
});

export const checkRequest = (containerId: string, attached: Attached): CheckRequest => ({
  ...addRequest(containerId),
  command: 'CHECK',
  addresses: attached.addresses.map(({ address }) => String(address)),
});

/** What outlives an agent: kernels and files. `start` makes an agent on it, as often as a story wants. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'pwt-agent-'));
  readonly pods = new Map<string, FakeKernel>();
  readonly kernel = new FakeKernel(this.pods);
  readonly exhausted: string[] = [];

  constructor() {
    const address = (ip: string, prefix: number) =>
      ({ verb: 'add', object: { kind: 'address', link: 'eth0', ip: Ip.of(ip), prefix, nodad: true } }) as const;
    const failures = this.kernel.apply([
      { verb: 'replace', object: { kind: 'link', type: 'other', driver: '', name: 'lo', up: true } },
      { verb: 'add', object: { kind: 'link', type: 'veth', name: 'eth0', up: true, mtu: 1400, peer: { name: 'far' } } },
      { verb: 'replace', object: { kind: 'link', type: 'veth', name: 'far', up: true } },
      address('172.30.0.11', 24),
      address('fd00:172:30::b', 64),
    ]);
    assert.deepEqual(failures, []);
  }

  get namespaces(): Namespaces {
    return { exists: path => this.pods.has(path), open: path => keepOpen(this.pods.get(path)!) };
  }

  pod(containerId: string): FakeKernel {
    const kernel = new FakeKernel();
    this.pods.set(`/run/netns/${containerId}`, kernel);
    return kernel;
  }

  /**
   * Another agent on the same node, as after a crash: whatever an earlier one holds in memory is forgotten. `patience`: milliseconds;
   * `others`: objects of the first lists.
   */
  start(change: Partial<AgentConfigFile> = {}, node: object = NODE, patience = 30, others: readonly object[] = []) {
    const config = agentConfig({ ...CONFIG, ...change });
    const journal = new Journal(join(this.dir, 'attachments'), 'boot');
    const living = Attachments.living(journal).map(record => record.attachment);
    const network = new NodeNetwork(config, keepOpen(this.kernel), living, { ready: () => attachments.recover() });
    const attachments = new Attachments(
      config.profile,
      journal,
      network,
      podSides(this.namespaces),
      {
        exhausted: (_, pool) => this.exhausted.push(pool),
      },
      patience,
    );
    for (const object of [node, ...others]) network.apply({ type: 'upsert', object: object as never });
    network.synced();
    network.flush();
    return { network, attachments, journal };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true });
  }

  /** The containers that anything on the node speaks of; fails unless journal, addresses, links, routes and guard agree. */
  audit({ journal, attachments }: ReturnType<World['start']>): string[] {
    return audit(this.kernel, journal, attachments);
  }
}

export function audit(kernel: KernelPort, journal: Journal, attachments: Attachments): string[] {
  const records = [...journal.records.values()];
  const state = [...kernel.read().values()];
  const links = state.flatMap(o =>
    o.kind === 'link' && o.name.startsWith(LINK_PREFIX) && !o.name.includes('-') ? o.name : [],
  );
  const routes = state.flatMap(o => {
    const host =
      o.kind === 'route' &&
      o.protocol === PROTOCOL &&
      o.type === 'unicast' &&
      o.destination.prefix === o.destination.ip.bytes.length * 8;
    return host ? String(o.destination.ip) : [];
  });
  const guard = state.flatMap(o =>
    o.kind === 'element' && o.family === 'inet' && o.set.startsWith('pod-sources') ? o.key.join(' ') : [],
  );
  const all = records.map(record => record.attachment);
  const ips = all.flatMap(({ ips }) => ips.map(String)).sort();
  assert.deepEqual(links.sort(), all.map(({ link }) => link).sort(), 'links are those of the journal');
  assert.deepEqual(routes.sort(), ips, 'routes are those of the journal');
  assert.deepEqual(
    guard.sort(),
    all.flatMap(({ link, ips }) => ips.map(ip => `${link} ${ip}`)).sort(),
    'guard elements are those of the journal',
  );
  for (const pool of attachments.pools) {
    const used = ips.filter(ip => pool.cidr.contains(Ip.of(ip)));
    assert.equal(pool.used, used.length, `addresses in use of ${pool.cidr}`);
    for (const ip of used) assert.ok(pool.has(Ip.of(ip)), ip);
  }
  return records.map(record => record.ref.containerId).sort();
}

/** A fake is closed by nobody: it is the kernel. */
function keepOpen(kernel: FakeKernel): KernelPort {
  return { read: kinds => kernel.read(kinds), apply: operations => kernel.apply(operations), close: () => {} };
}
