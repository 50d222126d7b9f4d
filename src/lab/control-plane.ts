/** What a cluster's control-plane node runs, in this process: API server, controllers, scheduler; and each node's kubelet. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ApiServer, createApiServer } from '../apiserver/api-server.js';
import { createStreams } from '../apiserver/streams/index.js';
import { Api } from '../client/api.js';
import { addresses, type LabConfig, nodeNames, ranges } from './config.js';
import { runControllers } from './controllers.js';
import { type Credentials, contextName, kubeconfig, kubeconfigJson } from './kubeconfig.js';
import { startKubelets } from './kubelets.js';
import { localTransport } from './local-transport.js';
import { NodeProxies } from './node-proxies.js';
import type { Places } from './places.js';

export interface ControlPlane {
  readonly api: Api;
  /** Serves the API, runs the controllers, registers the nodes and runs their Pods; the agents' plugins may come later. */
  start(): Promise<void>;
}

/**
 * Opens the cluster's state and writes the credentials of agents and users; nothing of the network is needed yet, or made.
 * Throws PodwireError when the state is damaged or in use.
 */
export function openControlPlane(config: LabConfig, at: Places): ControlPlane {
  const { host, kubernetes } = addresses(config);
  const { pods, services } = ranges(config);
  const proxies = new NodeProxies();
  const server = createApiServer({
    stateDir: join(at.state, 'apiserver'),
    cluster: {
      serviceCidrs: services,
      nodePorts: { first: 30000, last: 32767 },
      advertise: {
        addresses: host.filter(ip => services.some(cidr => cidr.family === ip.family)),
        port: config.apiPort,
      },
    },
    nodeProxy: proxies,
    upgrade: createStreams(proxies).handleUpgrade,
  });
  writeCredentials(server, config, at);
  const api = new Api(localTransport(server, { name: 'system:podwire', groups: ['system:masters'] }), 'podwire-lab');
  proxies.api = api;
  return {
    api,
    async start() {
      const listen = ['127.0.0.1', ...host.map(String)].map(address => ({ host: address, port: config.apiPort }));
      await server.listen(listen, [...host, ...kubernetes].map(String));
      void runControllers({ api, signal: new AbortController().signal, podCidrs: pods.map(String) });
      startKubelets(api, config, at, proxies);
    },
  };
}

function writeCredentials(server: ApiServer, config: LabConfig, at: Places): void {
  const credentials = (address: string, { certificate, key }: { certificate: string; key: string }): Credentials => ({
    server: `https://${address}:${config.apiPort}`,
    ca: server.authority.caCertificate,
    certificate,
    key,
  });
  write(at.kubeconfig, kubeconfig(contextName(at.lab), credentials('127.0.0.1', server.authority.admin())));
  const fabric = String(addresses(config).host[0]);
  for (const node of nodeNames(config)) {
    // An agent that reads JSON needs no YAML parser in its memory.
    write(
      at.node(node).kubeconfig,
      kubeconfigJson(contextName(at.lab), credentials(fabric, server.authority.node(node))),
    );
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}
