/** A whole agent with many Services: its memory, and how long after an event the kernel is changed. */

import { fileURLToPath } from 'node:url';
import { openKernel } from '../src/host/kernel-port.js';
import { createNamespace, removeNamespace } from '../src/host/namespace.js';
import { Ip } from '../src/net/ip.js';
import type { AgentMeasured } from './agent-ours.js';
import type { Row } from './row.js';
import { ENDPOINTS } from './services-objects.js';
import { run } from './services-peer.js';

const SERVICES = 10_000;

export async function bench(): Promise<Row[]> {
  if (process.getuid?.() !== 0) return [];
  const netns = `/run/netns/podwire-bench-agent-${process.pid}`;
  createNamespace(netns);
  try {
    addresses(netns);
    const script = fileURLToPath(new URL('agent-ours.js', import.meta.url));
    const text = await run(netns, process.execPath, [script, `${SERVICES}`]);
    const { resident, latency } = JSON.parse(text) as AgentMeasured;
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    return [
      {
        name: `agent with ${SERVICES} Services × ${ENDPOINTS}, resident`,
        ours: `${mib(resident.after)} (${mib(resident.full)} before the changes)`,
        peer: `${mib(resident.empty)} as it starts`,
        ratio: '',
        goal: '< 250 MB',
      },
      {
        name: 'from the API’s event to the kernel, 100 changes a second',
        ours: `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`,
        peer: '',
        ratio: '',
        goal: 'p99 < 20 ms',
      },
    ];
  } finally {
    removeNamespace(netns);
  }
}

/** Those of the Node that the agent is told of. */
function addresses(netns: string): void {
  const kernel = openKernel(netns);
  const address = (ip: string, prefix: number) =>
    ({ kind: 'address', link: 'eth0', ip: Ip.of(ip), prefix, nodad: true }) as const;
  kernel.apply(
    [
      { kind: 'link', type: 'other', driver: '', name: 'lo', up: true } as const,
      { kind: 'link', type: 'veth', name: 'eth0', up: true, mtu: 1400, peer: { name: 'far' } } as const,
      address('172.30.0.11', 24),
      address('fd00:172:30::b', 64),
    ].map(object => ({ verb: object.kind === 'link' && object.type === 'other' ? 'replace' : 'add', object })),
  );
  kernel.close();
}
