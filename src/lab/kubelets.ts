/** One kubelet per node, inside labd. Knows where each finds its plugin and its files. */

import { dirname, join } from 'node:path';
import type { Api } from '../client/api.js';
import { addresses, CLUSTER_DOMAIN, type LabConfig, nodeNames, zoneOf } from './config.js';
import { startKubelet } from './kubelet/kubelet.js';
import type { NodeProxies } from './node-proxies.js';
import type { Places } from './places.js';

/** What the nodes' kubelets call themselves: the Kubernetes release whose API this is. */
export const KUBERNETES_VERSION = 'v1.32.0';

export function startKubelets(api: Api, config: LabConfig, at: Places, proxies: NodeProxies): void {
  for (const [i, name] of nodeNames(config).entries()) {
    const own = at.node(name);
    const kubelet = startKubelet({
      api,
      node: { name, addresses: addresses(config).node(name).map(String), zone: zoneOf(config, i) },
      netns: own.netns,
      podNetns: at.podNetns,
      runDir: join(own.run, 'kubelet'),
      claimsDir: join(at.state, 'claims'),
      cniBinDir: own.cniBin,
      cniConfDir: own.cniConf,
      cluster: { servers: addresses(config).dns.map(String), domain: CLUSTER_DOMAIN },
      // The keys of the cluster are no Pod's business.
      hidden: [dirname(at.state), dirname(at.run)],
      version: KUBERNETES_VERSION,
    });
    proxies.kubelets.set(name, kubelet);
  }
}
