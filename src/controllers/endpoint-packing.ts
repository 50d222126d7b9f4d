/** Puts endpoints into slices of at most 100 with as few changes as possible: an endpoint stays in the slice where it is. */

import type { EndpointPort, EndpointSlice, Service } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import type { Change } from './controller.js';
import { ownedBy } from './owners.js';
import { canonical, same } from './values.js';

const slices = resources.endpointslices as unknown as Resource;
const services = resources.services as unknown as Resource;

type Endpoint = EndpointSlice['endpoints'][number];

/** Endpoints that may share slices: one family, the same ports. */
export interface Group {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
}

const MOST = 100;

export function pack(
  service: Service,
  families: readonly Group['addressType'][],
  groups: readonly Group[],
  present: readonly EndpointSlice[],
): Change[] {
  // A Service without endpoints keeps one empty slice per family, which says that it was looked at.
  const empty = families.filter(family => !groups.some(({ addressType }) => addressType === family));
  const all = [...groups, ...empty.map((addressType): Group => ({ addressType, ports: [], endpoints: [] }))];
  const left = new Set(present);
  const changes = all.flatMap(group => {
    const own = present.filter(slice => slice.addressType === group.addressType && samePorts(slice, group));
    for (const slice of own) left.delete(slice);
    return packGroup(service, group, own);
  });
  // New places first: no endpoint is ever in no slice at all.
  return [...changes, ...[...left].map((object): Change => ({ do: 'delete', resource: slices, object }))];
}

function packGroup(service: Service, group: Group, own: readonly EndpointSlice[]): Change[] {
  const wanted = new Map(group.endpoints.map(endpoint => [idOf(endpoint), endpoint]));
  const kept = own.map(slice => ({
    slice,
    endpoints: slice.endpoints.flatMap(({ addresses, targetRef }) => {
      const id = idOf({ addresses, targetRef });
      const endpoint = wanted.get(id);
      wanted.delete(id);
      return endpoint ? [endpoint] : [];
    }),
  }));
  const homeless = [...wanted.values()];
  // First where something changes anyway, and there the fullest first.
  const order = [...kept].sort(
    (a, b) => Number(touched(b)) - Number(touched(a)) || b.endpoints.length - a.endpoints.length,
  );
  for (const { endpoints } of order) endpoints.push(...homeless.splice(0, MOST - endpoints.length));
  const changes: Change[] = [];
  const survivors = kept.filter(({ endpoints }) => endpoints.length > 0);
  const fresh = survivors.length === 0 && homeless.length === 0 && kept.length > 0 ? kept.slice(0, 1) : survivors;
  while (homeless.length > 0 || (fresh.length === 0 && changes.length === 0)) {
    changes.push(create(service, group, homeless.splice(0, MOST)));
  }
  for (const { slice, endpoints } of fresh) {
    const next = { ...slice, endpoints: [...endpoints], metadata: { ...slice.metadata, labels: labelsOf(service) } };
    if (!same(next, slice)) changes.push({ do: 'update', resource: slices, object: next });
  }
  for (const one of kept) if (!fresh.includes(one)) changes.push({ do: 'delete', resource: slices, object: one.slice });
  return changes;
}

function touched({ slice, endpoints }: { slice: EndpointSlice; endpoints: readonly Endpoint[] }): boolean {
  return slice.endpoints.length !== endpoints.length || slice.endpoints.some((one, i) => !same(one, endpoints[i]));
}

function create(service: Service, { addressType, ports }: Group, endpoints: readonly Endpoint[]): Change {
  const { name, namespace } = service.metadata;
  return {
    do: 'create',
    resource: slices,
    object: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        generateName: `${name}-`,
        namespace: namespace!,
        labels: labelsOf(service),
        ownerReferences: [ownedBy(services, service)],
      },
      addressType,
      ports,
      endpoints,
    },
  };
}

function labelsOf(service: Service): Record<string, string> {
  const headless: Record<string, string> =
    service.spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {};
  return {
    ...service.metadata.labels,
    ...headless,
    'kubernetes.io/service-name': service.metadata.name,
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  };
}

/** One Pod has one endpoint per family. */
function idOf({ addresses, targetRef }: Pick<Endpoint, 'addresses' | 'targetRef'>): string {
  return `${targetRef?.uid} ${addresses[0]}`;
}

/** An API server may leave out an empty list. */
function samePorts(slice: EndpointSlice, group: Group): boolean {
  return canonical(slice.ports ?? []) === canonical(group.ports);
}
