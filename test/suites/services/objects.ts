/** A case's Service as the API has it: one object and hand-made EndpointSlices, so that no controller has a say. Knows no backend. */

import type { Family } from '../../../src/net/ip.js';
import type { KubeObject } from '../../../src/objects/meta.js';
import type { EndpointSpec, ServiceSpec } from './cases.js';
import { type Addresses, PLACES, SERVER_PORT, ZONES } from './places.js';

export const NAME = 'web';

const FAMILIES: readonly Family[] = [4, 6];
const PROTOCOLS = ['TCP', 'UDP'] as const;

/** Dual stack, port 80 on TCP and UDP. */
export function objectsOf(spec: ServiceSpec, at: Addresses): KubeObject[] {
  return [serviceOf(spec, at), ...FAMILIES.map(family => sliceOf(spec, family, at))];
}

function serviceOf(given: ServiceSpec, at: Addresses): KubeObject {
  const { spec, balancer, balancerAt = [], proxy, external, nodePort } = given;
  const clusterIPs = FAMILIES.map(family => String(at.clusterIP(1, family)));
  const addresses = (numbers: readonly number[] = []) =>
    numbers.flatMap(n => FAMILIES.map(family => String(at.balancerIP(n, family))));
  const ports = PROTOCOLS.map(protocol => ({
    name: protocol.toLowerCase(),
    protocol,
    port: 80,
    targetPort: SERVER_PORT,
    ...(nodePort && { nodePort }),
  }));
  const ingress = [
    ...addresses(balancer).map(ip => ({ ip, ipMode: 'VIP' })),
    ...balancerAt.flatMap(place => FAMILIES.map(family => ({ ip: String(at.place(place, family)), ipMode: 'VIP' }))),
    ...addresses(proxy).map(ip => ({ ip, ipMode: 'Proxy' })),
  ];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: 'default' },
    spec: {
      clusterIP: clusterIPs[0],
      clusterIPs,
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
      ports,
      ...(external && { externalIPs: addresses(external) }),
      ...spec,
    },
    ...(ingress.length && { status: { loadBalancer: { ingress } } }),
  };
}

function sliceOf({ endpoints, sliceport }: ServiceSpec, family: Family, at: Addresses): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${NAME}-${family}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': NAME, 'endpointslice.kubernetes.io/managed-by': 'suite' },
    },
    addressType: `IPv${family}`,
    ports: PROTOCOLS.map(protocol => ({
      name: sliceport ?? protocol.toLowerCase(),
      protocol,
      port: SERVER_PORT,
    })).slice(0, sliceport ? 1 : undefined),
    endpoints: endpoints.map(one => endpointOf(typeof one === 'string' ? { at: one } : one, family, at)),
  };
}

function endpointOf(
  { at: name, ready = true, serving = ready, terminating = false, ...hints }: EndpointSpec,
  family: Family,
  at: Addresses,
) {
  const { node } = PLACES[name];
  const named = (names: readonly string[]) => names.map(name => ({ name }));
  return {
    addresses: [String(at.place(name, family))],
    conditions: { ready, serving, terminating },
    nodeName: node,
    zone: ZONES[node],
    ...((hints.forZones || hints.forNodes) && {
      hints: {
        ...(hints.forZones && { forZones: named(hints.forZones) }),
        ...(hints.forNodes && { forNodes: named(hints.forNodes) }),
      },
    }),
  };
}
