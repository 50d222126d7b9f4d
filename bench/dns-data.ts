/** One cluster as objects for us, as a zone file for the peers, and the questions that its Pods ask: the same for all. */

import type { KubeObject } from '../src/objects/meta.js';

export const SERVICES = 10_000;
export const HEADLESS = 500;
/** Of each headless Service. */
export const ENDPOINTS = 100;
const NAMESPACES = 100;

export const clusterIP = (service: number) => `10.96.${(service >> 8) + 1}.${service & 255}`;
/** Another `generation` is another Pod in its place. */
export const endpointIP = (service: number, endpoint: number, generation = 0) => {
  const n = service * ENDPOINTS + endpoint;
  return `10.${128 + generation}.${n >> 8}.${n & 255}`;
};
const namespaceOf = (service: number) => `ns-${service % NAMESPACES}`;

export function serviceObject(service: number): KubeObject {
  return object(`service-${service}`, namespaceOf(service), clusterIP(service));
}

export function headlessObject(service: number): KubeObject {
  return object(`headless-${service}`, namespaceOf(service), 'None');
}

function object(name: string, namespace: string, clusterIP: string): KubeObject {
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 }];
  const spec = { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], ports };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec } as KubeObject;
}

export function sliceObject(service: number, changed?: { endpoint: number; generation: number }): KubeObject {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, endpoint) => ({
    addresses: [endpointIP(service, endpoint, endpoint === changed?.endpoint ? changed.generation : 0)],
    conditions: { ready: true },
  }));
  const labels = { 'kubernetes.io/service-name': `headless-${service}` };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `headless-${service}-x`, namespace: namespaceOf(service), labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints,
  } as KubeObject;
}

const SOA = 'SOA ns.dns hostmaster 1 7200 1800 86400 5';

/** Names are relative to cluster.local. */
export function records(): string[] {
  const lines = [`@ ${SOA}`, '@ NS ns.dns', 'ns.dns A 10.96.0.10'];
  for (let i = 0; i < SERVICES; i++) {
    const name = `service-${i}.${namespaceOf(i)}.svc`;
    lines.push(`${name} A ${clusterIP(i)}`, `_http._tcp.${name} SRV 0 100 80 ${name}`);
  }
  for (let i = 0; i < HEADLESS; i++) {
    const name = `headless-${i}.${namespaceOf(i)}.svc`;
    for (let endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
      const ip = endpointIP(i, endpoint);
      const own = `${ip.replaceAll('.', '-')}.${name}`;
      lines.push(`${name} A ${ip}`, `${own} A ${ip}`, `_http._tcp.${name} SRV 0 100 8080 ${own}`);
    }
  }
  return lines;
}

export type QuestionText = readonly [name: string, type: 'A' | 'AAAA'];

/** Full names of Services, in no order. */
export function hits(count: number): QuestionText[] {
  return names(count).map(name => [`${name}.svc.cluster.local`, 'A']);
}

/**
 * What the C library asks for `service-7.ns-7` from a Pod in namespace default with ndots:5: two questions below its own
 * namespace that have no answer, then the address, and that there is none of the other family.
 */
export function searches(count: number): QuestionText[] {
  return names(count >> 2).flatMap((name): QuestionText[] => [
    [`${name}.default.svc.cluster.local`, 'A'],
    [`${name}.default.svc.cluster.local`, 'AAAA'],
    [`${name}.svc.cluster.local`, 'A'],
    [`${name}.svc.cluster.local`, 'AAAA'],
  ]);
}

function names(count: number): string[] {
  let seed = 1;
  return Array.from({ length: count }, () => {
    // A linear congruential generator: the same names in every run.
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    const service = seed % SERVICES;
    return `service-${service}.${namespaceOf(service)}`;
  });
}
