/** labd: the process behind a lab. Composes underlay, Internet, control plane, agents and kubelets, in the order in which they need each other. */

import { rmSync } from 'node:fs';
import { PodwireError } from '../report/errors.js';
import { logger } from '../report/log.js';
import { agentConfigFile } from './agent-config.js';
import { type AgentKeeper, keepAgent } from './agents.js';
import { addresses, type LabConfig, labConfig, nodeNames } from './config.js';
import { openControlPlane } from './control-plane.js';
import { keepHostRoutes } from './host-routes.js';
import { startInternet } from './internet.js';
import { places } from './places.js';
import { processRecord, writeRecord } from './processes.js';
import { tell } from './progress.js';
import { waitUntilReady } from './readiness.js';
import { savedConfig } from './saved-config.js';
import { topology } from './topology.js';
import { buildUnderlay } from './underlay.js';

const log = logger('lab');
const begun = performance.now();
const elapsed = () => (performance.now() - begun) / 1000;
const step = (text: string) => {
  log.info(text, { seconds: elapsed().toFixed(3) });
  tell({ type: 'step', text, seconds: elapsed() });
};

const at = places(process.argv[2] ?? 'default');

try {
  const config = savedConfig(at.config) ?? labConfig({ name: at.lab });
  writeRecord(at.labd, processRecord(process.pid)!);
  await run(config);
} catch (error) {
  const { message, advice } = error as PodwireError;
  log.error(message, error instanceof PodwireError ? {} : { stack: (error as Error).stack });
  tell({ type: 'failed', message, advice });
  rmSync(at.labd, { force: true });
  process.exitCode = 1;
  // What the lab had running already keeps this process alive: end it, `down` or the next `up` finds everything by name.
  setTimeout(() => process.exit(), 100);
}

async function run(config: LabConfig): Promise<void> {
  // Damaged state is found here, before anything is made.
  const controlPlane = openControlPlane(config, at);
  buildUnderlay(topology(config, at));
  step(`${config.nodes} nodes, a fabric, an Internet gateway`);

  // An agent's start is the longest wait of all: they start while the rest does, and ask until the API server answers.
  const agents: AgentKeeper[] = nodeNames(config).map(node =>
    keepAgent(node, at.node(node), agentConfigFile(node, config, at)),
  );
  await controlPlane.start();
  step(`API server on https://127.0.0.1:${config.apiPort}`);

  startInternet(at.netns('internet'), addresses(config).internetServer);
  keepHostRoutes(controlPlane.api, at);
  await waitUntilReady(controlPlane.api, config, at, step);
  log.info('ready', { agents: agents.map(agent => agent.record?.pid), seconds: elapsed().toFixed(3) });
  tell({ type: 'ready', seconds: elapsed() });
}
