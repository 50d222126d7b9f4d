/** A real agent as a process of its own, on an API server that is one function: a Node, no Services, watches that stay silent. */

import { startAgent } from '../../src/agent/agent.js';
import { readAgentConfig } from '../../src/agent/config.js';
import { Api } from '../../src/client/api.js';
import type { Transport } from '../../src/client/transport.js';
import { openKernel } from '../../src/host/kernel-port.js';
import { isNamespace } from '../../src/host/namespace.js';
import { PodwireError } from '../../src/report/errors.js';
import { NODE } from '../agent/world.js';

const node = {
  ...NODE,
  spec: { podCIDRs: JSON.parse(process.argv[3] ?? JSON.stringify(NODE.spec.podCIDRs)) as string[] },
};

const transport: Transport = async ({ path, signal }) => ({
  status: 200,
  body: path.includes('watch=1')
    ? silence(signal!)
    : text({ metadata: { resourceVersion: '1' }, items: path.startsWith('/api/v1/nodes') ? [node] : [] }),
});

async function* text(value: unknown) {
  yield Buffer.from(JSON.stringify(value));
}

async function* silence(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  yield new Uint8Array();
}

try {
  const config = readAgentConfig(process.argv[2]!);
  const surroundings = {
    api: new Api(transport),
    kernel: openKernel(),
    namespaces: { exists: isNamespace, open: openKernel },
    resync: Number(process.env.PWT_RESYNC ?? 30_000),
  };
  const agent = await startAgent(config, surroundings);
  process.on('SIGTERM', () => void agent.close().then(() => process.exit(0)));
} catch (error) {
  if (!(error instanceof PodwireError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
