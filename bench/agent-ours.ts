/** A whole agent on an API server that is one function: so many Services, then changes at a steady rate; prints what that took as JSON. */

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAgent } from '../src/agent/agent.js';
import { agentConfig } from '../src/agent/config.js';
import { Api } from '../src/client/api.js';
import type { Transport } from '../src/client/transport.js';
import { openFlows } from '../src/host/flow-kernel.js';
import { openKernel } from '../src/host/kernel-port.js';
import { isNamespace } from '../src/host/namespace.js';
import type { KernelPort } from '../src/kernel/port.js';
import type { KubeObject } from '../src/objects/meta.js';
import { CONFIG, NODE } from '../test/agent/world.js';
import { clusterIP, ENDPOINTS, serviceObject, sliceObject } from './services-objects.js';

const RATE = 100;
const CHANGES = 1_000;

export interface AgentMeasured {
  /** Bytes: at its start with nothing to do, with all Services, and after the changes. */
  readonly resident: { readonly empty: number; readonly full: number; readonly after: number };
  /** Milliseconds from the event to the acknowledged change in the kernel. */
  readonly latency: { readonly p50: number; readonly p99: number };
}

const services = Number(process.argv[2]);
const directory = mkdtempSync(join(tmpdir(), 'podwire-bench-agent-'));
/** By the text of the front: when its change was announced. */
const announced = new Map<string, number>();
const latencies: number[] = [];
const feed: string[] = [];
let wake = () => {};
let slicesListed = false;

const transport: Transport = async ({ path, signal }) => ({ status: 200, body: answer(path, signal!) });

async function* answer(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (path.includes('watch=1')) {
    const aborted = once(signal, 'abort');
    while (!signal.aborted) {
      const woken = new Promise<void>(resolve => {
        if (path.includes('endpointslices')) wake = resolve;
      });
      await Promise.race([aborted, woken]);
      for (let event = feed.shift(); event; event = feed.shift()) yield Buffer.from(event);
    }
    return;
  }
  const make = path.includes('endpointslices') ? (i: number) => sliceObject(i) : serviceObject;
  // Of every other kind the agent follows there is none.
  const count = /\/(services|endpointslices)\b/.test(path) ? services : 0;
  yield Buffer.from('{"metadata":{"resourceVersion":"1"},"items":[');
  if (path.includes('/nodes')) yield Buffer.from(JSON.stringify(NODE));
  for (let i = 0; i < count; i++) yield Buffer.from(`${i ? ',' : ''}${JSON.stringify(make(i))}`);
  yield Buffer.from(']}');
  slicesListed ||= path.includes('endpointslices');
}

/** The kernel, with a look at what is acknowledged. */
function watched(port: KernelPort): KernelPort {
  return {
    read: kinds => port.read(kinds),
    foreignChanges: () => port.foreignChanges!(),
    apply(operations) {
      const failures = port.apply(operations);
      const now = performance.now();
      for (const { object } of operations) {
        const since = object.kind === 'slots' ? announced.get(String(object.key[0])) : undefined;
        if (since !== undefined) latencies.push(now - since);
      }
      return failures;
    },
    close: () => port.close(),
  };
}

function announce(i: number): void {
  const service = (i * 7919) % services;
  const object = sliceObject(service, { endpoint: i % ENDPOINTS, generation: 1 + (Math.floor(i / services) % 7) });
  const metadata = { ...object.metadata, resourceVersion: String(i + 2) };
  announced.set(clusterIP(service), performance.now());
  feed.push(`${JSON.stringify({ type: 'MODIFIED', object: { ...object, metadata } satisfies KubeObject })}\n`);
  wake();
}

async function main(): Promise<AgentMeasured> {
  const empty = process.memoryUsage.rss();
  const file = { ...CONFIG, stateDir: join(directory, 'state'), cniSocket: join(directory, 'cni', 'agent.sock') };
  const kernel = watched(openKernel());
  const flows = openFlows();
  const agent = await startAgent(agentConfig(file), {
    api: new Api(transport, 'podwire-bench'),
    kernel,
    flows,
    namespaces: { exists: isNamespace, open: openKernel },
  });
  while (!slicesListed) await sleep(50);
  await sleep(5_000);
  const full = process.memoryUsage.rss();
  for (let i = 0; i < CHANGES; i++) {
    announce(i);
    await sleep(1000 / RATE);
  }
  await sleep(500);
  const after = process.memoryUsage.rss();
  await agent.close();
  flows.close();
  kernel.close();
  latencies.sort((a, b) => a - b);
  if (latencies.length < CHANGES) throw new Error(`only ${latencies.length} of ${CHANGES} changes came to the kernel`);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)]!;
  return { resident: { empty, full, after }, latency: { p50: at(0.5), p99: at(0.99) } };
}

try {
  process.stdout.write(`${JSON.stringify(await main())}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
