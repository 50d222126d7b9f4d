/** What a node's agent is told, from what the lab's user asked for. */

import type { AgentConfigFile } from '../agent/config.js';
import { addresses, CLUSTER_DOMAIN, type LabConfig, ranges } from './config.js';
import type { Places } from './places.js';

export function agentConfigFile(node: string, config: LabConfig, at: Places): AgentConfigFile {
  const own = at.node(node);
  const { pods, services } = ranges(config);
  const known = addresses(config);
  return {
    node,
    kubeconfig: own.kubeconfig,
    stateDir: own.state,
    cniSocket: own.cniSocket,
    healthSocket: own.healthSocket,
    cniBinDir: own.cniBin,
    cniConfDir: own.cniConf,
    // Where kube-proxy has them: each node is a network of its own.
    healthz: '[::]:10256',
    metrics: '127.0.0.1:10249',
    profile: config.profile,
    overlay: config.overlay,
    podCidrs: pods.map(String),
    serviceCidrs: services.map(String),
    externalIPs: config.externalIpCidrs,
    dns: {
      addresses: known.dns.map(String),
      clusterDomain: CLUSTER_DOMAIN,
      upstreams: known.internetServer.map(String),
    },
  };
}
