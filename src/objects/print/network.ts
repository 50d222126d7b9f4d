/** Services, Endpoints, EndpointSlices, Ingresses and NetworkPolicies as `kubectl get` shows them. */
import type { EndpointSlice } from '../endpoint-slice.js';
import type { Endpoints } from '../endpoints.js';
import type { Ingress, IngressClass } from '../ingress.js';
import type { NetworkPolicy } from '../network-policy.js';
import type { Service } from '../service.js';
import { AGE, type Column, few, labelText, NAME, NONE, text, wide } from './column.js';
import { selectorText } from './workloads.js';

export const serviceColumns: readonly Column<Service>[] = [
  NAME,
  text('Type', ({ spec }) => spec.type ?? 'ClusterIP'),
  text('Cluster-IP', ({ spec }) => spec.clusterIPs?.[0] || spec.clusterIP || NONE),
  text('External-IP', externalIP),
  text('Port(s)', ({ spec }) => {
    const ports = (spec.ports ?? []).map(
      ({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol ?? 'TCP'}`,
    );
    return ports.join(',') || NONE;
  }),
  AGE,
  wide(text('Selector', ({ spec }) => labelText(spec.selector))),
];

function externalIP({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  const given = spec.externalIPs ?? [];
  if (spec.type !== 'LoadBalancer') return given.join(',') || NONE;
  const balanced = (status?.loadBalancer?.ingress ?? [])
    .map(({ ip, hostname }) => ip || hostname || '')
    .filter(Boolean);
  return [...new Set([...balanced, ...given])].join(',') || '<pending>';
}

export const endpointSliceColumns: readonly Column<EndpointSlice>[] = [
  NAME,
  text('AddressType', ({ addressType }) => addressType),
  text('Ports', ({ ports = [] }) =>
    few(
      ports.map(({ port, name }) => String(port ?? (name || '*'))),
      3,
      '<unset>',
    ),
  ),
  text('Endpoints', ({ endpoints }) =>
    few(
      (endpoints ?? []).flatMap(({ addresses }) => addresses),
      3,
      '<unset>',
    ),
  ),
  AGE,
];

export const endpointsColumns: readonly Column<Endpoints>[] = [
  NAME,
  text('Endpoints', ({ subsets = [] }) =>
    few(
      subsets.flatMap(({ addresses = [], ports = [] }) =>
        ports.length
          ? ports.flatMap(({ port }) => addresses.map(({ ip }) => socket(ip, port)))
          : addresses.map(({ ip }) => ip),
      ),
      3,
      NONE,
    ),
  ),
  AGE,
];

const socket = (ip: string, port: number) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

export const ingressColumns: readonly Column<Ingress>[] = [
  NAME,
  text('Class', ({ spec }) => spec.ingressClassName ?? NONE),
  text('Hosts', ({ spec }) =>
    few(
      (spec.rules ?? []).flatMap(({ host }) => (host ? [host] : [])),
      3,
      '*',
    ),
  ),
  text('Address', ({ status }) =>
    (status?.loadBalancer?.ingress ?? [])
      .map(({ ip, hostname }) => ip || hostname || '')
      .filter(Boolean)
      .join(','),
  ),
  text('Ports', ({ spec }) => (spec.tls?.length ? '80, 443' : '80')),
  AGE,
];

export const ingressClassColumns: readonly Column<IngressClass>[] = [
  NAME,
  text('Controller', ({ spec }) => spec?.controller ?? ''),
  text('Parameters', ({ spec }) => {
    const { apiGroup, kind, name } = spec?.parameters ?? {};
    return kind ? `${kind}${apiGroup ? `.${apiGroup}` : ''}/${name}` : NONE;
  }),
  AGE,
];

export const networkPolicyColumns: readonly Column<NetworkPolicy>[] = [
  NAME,
  text('Pod-Selector', ({ spec }) => selectorText(spec.podSelector)),
  AGE,
];
