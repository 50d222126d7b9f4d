/**
 * What load balancers ask of a node for a Service with externalTrafficPolicy Local: kube-proxy's service health check, on
 * any path. Knows its words; refuses to know who counts the endpoints.
 */

import type { Ip } from '../net/ip.js';
import { type PageServer, servePages } from './pages.js';

export interface ServiceState {
  readonly namespace: string;
  readonly name: string;
  /** Endpoints of this node that are ready. */
  readonly localEndpoints: number;
  /** Whether this node programs what it is told. */
  readonly proxyHealthy: boolean;
}

/** Listens on all the addresses or on none: rejects with Node's system errors, for instance EADDRINUSE. */
export async function serveServiceHealth(
  ips: readonly Ip[],
  port: number,
  state: () => ServiceState,
): Promise<Pick<PageServer, 'close'>> {
  const servers: PageServer[] = [];
  const close = async () => {
    await Promise.all(servers.map(server => server.close()));
  };
  try {
    for (const ip of ips) servers.push(await servePages({ ip, port }, () => () => answer(state())));
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function answer({ namespace, name, localEndpoints, proxyHealthy }: ServiceState) {
  const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: proxyHealthy };
  return {
    status: localEndpoints > 0 && proxyHealthy ? 200 : 503,
    body: JSON.stringify(body, undefined, '\t'),
    type: 'application/json',
    // Balancers that weigh nodes by it divide the load by endpoints and not by nodes.
    headers: { 'X-Load-Balancing-Endpoint-Weight': String(localEndpoints) },
  };
}
