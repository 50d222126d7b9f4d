/** Services with their endpoints, as the API would list them: the same table for us and for the peer. */

import type { KubeObject } from '../src/objects/meta.js';

export const ENDPOINTS = 5;

export function clusterIP(service: number): string {
  const n = service + 256;
  return `10.96.${n >> 8}.${n & 255}`;
}

/** The address of an endpoint of a Service; another `generation` is another Pod in its place. */
export function endpointIP(service: number, endpoint: number, generation = 0): string {
  const n = service * ENDPOINTS + endpoint;
  return `10.${128 + 16 * generation + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
}

export function serviceObject(service: number): KubeObject {
  const ip = clusterIP(service);
  const spec = {
    type: 'ClusterIP',
    clusterIP: ip,
    clusterIPs: [ip],
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: `service-${service}`, namespace: 'default' }, spec };
}

/** The Service's one slice; `changed` replaces the Pod behind that endpoint by its next generation. */
export function sliceObject(
  service: number,
  changed?: { readonly endpoint: number; readonly generation: number },
): KubeObject {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, endpoint) => ({
    addresses: [endpointIP(service, endpoint, endpoint === changed?.endpoint ? changed.generation : 0)],
    conditions: { ready: true, serving: true, terminating: false },
  }));
  const labels = { 'kubernetes.io/service-name': `service-${service}` };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `service-${service}-x`, namespace: 'default', labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints,
  };
}
