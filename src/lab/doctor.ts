/** Looks at the machine and says what podwire will find there: each check one line. Leaves nothing behind. */

import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { openKernel } from '../host/kernel-port.js';
import { createNamespace, removeNamespace } from '../host/namespace.js';
import { TABLE } from '../kernel/kind.js';
import type { NftChain, Statement } from '../kernel/nft-objects.js';
import type { KernelObject } from '../kernel/port.js';
import { Ip } from '../net/ip.js';
import { type LabConfig, ranges } from './config.js';
import { NETNS_DIR, type Places } from './places.js';
import { overlaps, portTaken } from './preflight.js';
import { findRemains } from './remains.js';

export interface Finding {
  /** `error`: the lab cannot run. `warning`: something of it cannot. */
  readonly level: 'ok' | 'warning' | 'error';
  readonly text: string;
  readonly advice?: string;
}

export async function examine(config: LabConfig, at: Places): Promise<readonly Finding[]> {
  const root = process.getuid?.() === 0;
  return [
    machine(),
    node(),
    root ? ok('root') : { level: 'error', text: 'not root', advice: 'run podwire with sudo' },
    ...(root
      ? kernelFeatures()
      : [
          {
            level: 'warning',
            text: 'kernel features not tried',
            advice: 'run the doctor as root to try them',
          } as const,
        ]),
    overlayfs(),
    ...addressRanges(config, at),
    await apiPort(config, at),
    leftovers(at),
    kubectl(),
  ];
}

const ok = (text: string): Finding => ({ level: 'ok', text });

function machine(): Finding {
  return ok(`linux ${release()}, ${cpus().length} cpu, ${Math.round(totalmem() / 2 ** 30)} GiB`);
}

function node(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  if (major < 20 || (major === 20 && minor < 19))
    return { level: 'error', text: `node ${process.versions.node}`, advice: 'install Node 20.19 or newer' };
  // Node 20 had its last security update in April 2026.
  if (major < 22)
    return {
      level: 'warning',
      text: `node ${process.versions.node} is past its end of life`,
      advice: 'use Node 22 or 24 for anything but trying out',
    };
  return ok(`node ${process.versions.node}`);
}

/** Each is really made, in a namespace that goes away again: a kernel's configuration file may be absent or wrong. */
const FEATURES: readonly { name: string; needed: boolean; objects: readonly KernelObject[] }[] = [
  { name: 'veth', needed: true, objects: [{ kind: 'link', type: 'veth', name: 'v0', up: true, peer: { name: 'v1' } }] },
  { name: 'bridge', needed: true, objects: [{ kind: 'link', type: 'bridge', name: 'b0', up: true }] },
  {
    name: 'vxlan (overlay)',
    needed: false,
    objects: [{ kind: 'link', type: 'vxlan', name: 'x0', up: false, vni: 1, port: 4789, learning: false }],
  },
  {
    name: 'nftables NAT with random choice (Services)',
    needed: true,
    objects: nftProbe('nat', 'prerouting', [
      { match: [{ field: 'meta l4proto' }], op: '==', to: 6 },
      {
        nat: 'dnat',
        family: 'ip',
        to: { key: [{ field: 'ip daddr' }, { numgen: 'random', mod: 2 }], map: { set: 'probe' }, port: false },
      },
    ]),
  },
  { name: 'nftables masquerade', needed: true, objects: nftProbe('nat', 'postrouting', [{ masquerade: true }]) },
  {
    name: 'nftables conntrack and reject',
    needed: true,
    objects: nftProbe('filter', 'forward', [
      { match: [{ field: 'ct state' }], op: '==', to: 'invalid' },
      { reject: 'port-unreachable' },
    ]),
  },
  {
    name: 'IPv6',
    needed: false,
    objects: [{ kind: 'address', link: 'lo', ip: Ip.of('fd00::1'), prefix: 128, nodad: true }],
  },
];

function nftProbe(
  type: 'nat' | 'filter',
  hook: 'prerouting' | 'postrouting' | 'forward',
  statements: readonly Statement[],
): readonly KernelObject[] {
  const table = { family: 'inet', table: TABLE } as const;
  const chain: NftChain = {
    kind: 'chain',
    ...table,
    name: 'probe-chain',
    base: { type, hook, priority: 0 },
    rules: [{ statements }],
  };
  return [
    { kind: 'table', family: 'inet', name: TABLE },
    { kind: 'set', ...table, name: 'probe', key: ['ipv4_addr', 'mark'], data: ['ipv4_addr'] },
    chain,
  ];
}

function kernelFeatures(): readonly Finding[] {
  return FEATURES.map(({ name, needed, objects }) => {
    const path = join(NETNS_DIR, `podwire-doctor-${process.pid}`);
    createNamespace(path);
    try {
      const port = openKernel(path);
      try {
        const [failure] = port.apply(objects.map(object => ({ verb: 'add', object })));
        if (!failure) return ok(name);
        return {
          level: needed ? 'error' : 'warning',
          text: `${name}: the kernel says ${failure.errno}`,
          advice: 'use a kernel that has it; every distribution kernel does',
        };
      } finally {
        port.close();
      }
    } finally {
      removeNamespace(path);
    }
  });
}

function overlayfs(): Finding {
  const has = readFileSync('/proc/filesystems', 'utf8')
    .split('\n')
    .some(line => line.trim().endsWith('\toverlay'));
  return has
    ? ok("overlayfs (Pods' file systems)")
    : { level: 'error', text: 'no overlayfs', advice: 'load the module: modprobe overlay' };
}

function addressRanges(config: LabConfig, at: Places): readonly Finding[] {
  const colliding = overlaps(config, at);
  if (colliding.length === 0) {
    const { pods, services, nodes } = ranges(config);
    return [ok(`ranges ${[...pods, ...services, ...nodes].join(' ')} overlap no route of this machine`)];
  }
  return colliding.map(({ range, route }) => ({
    level: 'error',
    text: `${range} overlaps the route ${route.destination} of this machine`,
    advice: 'choose other ranges: `podwire up --help`',
  }));
}

async function apiPort(config: LabConfig, at: Places): Promise<Finding> {
  const running = findRemains(at).labd !== undefined;
  if (running) return ok(`port ${config.apiPort} is the lab's, which runs`);
  if (await portTaken(config.apiPort))
    return {
      level: 'error',
      text: `port ${config.apiPort} on 127.0.0.1 is taken`,
      advice: 'choose another with --api-port',
    };
  return ok(`port ${config.apiPort} on 127.0.0.1 is free`);
}

function leftovers(at: Places): Finding {
  const { labd, netns } = findRemains(at);
  if (labd || netns.length === 0) return ok('nothing left by a crashed lab');
  return {
    level: 'warning',
    text: `${netns.length} namespaces of a lab whose labd is gone`,
    advice: '`podwire up` takes them over, `podwire down` removes them',
  };
}

function kubectl(): Finding {
  const found = (process.env.PATH ?? '').split(delimiter).some(directory => existsSync(join(directory, 'kubectl')));
  return found
    ? ok('kubectl')
    : { level: 'warning', text: 'no kubectl', advice: 'podwire works without; Debian has it as kubernetes-client' };
}
