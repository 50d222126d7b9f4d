/** Puts endpoints into slices of at most 100 with as few changes as possible: an endpoint stays in the slice where it is. */

import type { EndpointPort, EndpointSlice, KubeObject, OwnerReference } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import type { Change, View } from './controller.js';
import { withTrigger } from './trigger-time.js';
import { canonical, same } from './values.js';

const slices = resources.endpointslices as unknown as Resource;

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';

type Endpoint = EndpointSlice['endpoints'][number];

/** Endpoints that may share slices: one family, the same ports. */
export interface Group {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
}

export class Groups {
  readonly #byId = new Map<string, Group>();

  /** The endpoints of that group so far. */
  of(addressType: Group['addressType'], ports: readonly EndpointPort[]): Endpoint[] {
    const id = `${addressType} ${canonical(ports)}`;
    let group = this.#byId.get(id);
    if (!group) this.#byId.set(id, (group = { addressType, ports, endpoints: [] }));
    return group.endpoints;
  }

  get all(): readonly Group[] {
    return [...this.#byId.values()];
  }
}

/** Whose slices they are. */
export interface SliceOwner {
  /** The Service's name. */
  readonly service: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** All that a slice is to have; left out: what others wrote there stays. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** When what changes now came about, for the slices that change. */
  readonly trigger?: string;
  /** The name of the controller that keeps them. */
  readonly manager: string;
  readonly reference: OwnerReference;
}

/** The slices that were made for a Service or for Endpoints. */
export function slicesOf(view: View, { metadata }: KubeObject): readonly EndpointSlice[] {
  return view.owned(resources.endpointslices, metadata.uid!).filter(slice => !slice.metadata.deletionTimestamp);
}

const MOST = 100;

export function pack(
  owner: SliceOwner,
  families: readonly Group['addressType'][],
  groups: readonly Group[],
  present: readonly EndpointSlice[],
): Change[] {
  // Each of `families` without endpoints keeps one empty slice, which says that it was looked at.
  const empty = families.filter(family => !groups.some(({ addressType }) => addressType === family));
  const all = [...groups, ...empty.map((addressType): Group => ({ addressType, ports: [], endpoints: [] }))];
  const left = new Set(present);
  const changes = all.flatMap(group => {
    const own = present.filter(slice => slice.addressType === group.addressType && samePorts(slice, group));
    for (const slice of own) left.delete(slice);
    return packGroup(owner, group, own);
  });
  // New places first: no endpoint is ever in no slice at all.
  return [...changes, ...[...left].map((object): Change => ({ do: 'delete', resource: slices, object }))];
}

function packGroup(owner: SliceOwner, group: Group, own: readonly EndpointSlice[]): Change[] {
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
    changes.push(create(owner, group, homeless.splice(0, MOST)));
  }
  for (const { slice, endpoints } of fresh) {
    const annotations = owner.annotations ?? slice.metadata.annotations ?? {};
    const next = { ...slice, endpoints, metadata: { ...slice.metadata, labels: labelsOf(owner), annotations } };
    if (same(next, { ...slice, metadata: { ...slice.metadata, annotations: slice.metadata.annotations ?? {} } }))
      continue;
    const metadata = { ...next.metadata, annotations: withTrigger(annotations, owner.trigger) };
    changes.push({ do: 'update', resource: slices, object: { ...next, metadata } });
  }
  for (const one of kept) if (!fresh.includes(one)) changes.push({ do: 'delete', resource: slices, object: one.slice });
  return changes;
}

function touched({ slice, endpoints }: { slice: EndpointSlice; endpoints: readonly Endpoint[] }): boolean {
  return slice.endpoints.length !== endpoints.length || slice.endpoints.some((one, i) => !same(one, endpoints[i]));
}

function create(owner: SliceOwner, { addressType, ports }: Group, endpoints: readonly Endpoint[]): Change {
  return {
    do: 'create',
    resource: slices,
    object: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        generateName: `${owner.service}-`,
        namespace: owner.namespace,
        labels: labelsOf(owner),
        annotations: withTrigger(owner.annotations, owner.trigger),
        ownerReferences: [owner.reference],
      },
      addressType,
      ports,
      endpoints,
    },
  };
}

function labelsOf({ labels, service, manager }: SliceOwner): Record<string, string> {
  return { ...labels, [SERVICE_NAME]: service, [MANAGED_BY]: manager };
}

/** One Pod has one endpoint per family. */
function idOf({ addresses, targetRef }: Pick<Endpoint, 'addresses' | 'targetRef'>): string {
  return `${targetRef?.uid} ${addresses[0]}`;
}

/** An API server may leave out an empty list. */
function samePorts(slice: EndpointSlice, group: Group): boolean {
  return canonical(slice.ports ?? []) === canonical(group.ports);
}
