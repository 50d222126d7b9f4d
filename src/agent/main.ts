/** The agent as a process: `node main.js <config.json>`, inside the node's network namespace. */

import { Api } from '../client/api.js';
import { httpsTransport } from '../client/https-transport.js';
import { readKubeconfig } from '../client/kubeconfig.js';
import { openFlows } from '../host/flow-kernel.js';
import { openKernel } from '../host/kernel-port.js';
import { isNamespace } from '../host/namespace.js';
import { readSysctl } from '../host/sysctl.js';
import { PodwireError } from '../report/errors.js';
import { logger } from '../report/log.js';
import { startAgent } from './agent.js';
import { readAgentConfig } from './config.js';

const log = logger('agent');

/** Is there with CONFIG_NF_CT_PROTO_SCTP, once a rule has asked for connection tracking. */
const SCTP = 'net/netfilter/nf_conntrack_sctp_timeout_established';

async function main(): Promise<void> {
  const config = readAgentConfig(process.argv[2] ?? process.env.PODWIRE_AGENT_CONFIG ?? '/etc/podwire/agent.json');
  const transport = httpsTransport(await readKubeconfig(config.kubeconfig));
  const api = new Api(transport, `podwire-agent/${config.node}`);
  const kernel = openKernel();
  const flows = openFlows();
  const namespaces = { exists: isNamespace, open: openKernel };
  const sctp = () => readSysctl(SCTP) !== undefined;
  const agent = await startAgent(config, { api, kernel, flows, namespaces, sctp });

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await agent.close();
    transport.close();
    kernel.close();
    flows.close();
    process.exit(0);
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

main().catch((error: Error) => {
  if (!(error instanceof PodwireError)) throw error;
  log.error(error.message, { advice: error.advice });
  process.exit(1);
});
