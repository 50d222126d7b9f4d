/** Endpoints of Services with a selector: for clients older than EndpointSlice, of the Service's first family. Traffic does not wait for them. */

import type { EndpointSubset, Endpoints, Pod, Service } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { labelsFrom } from './endpoint-slice.js';
import { controllerOf, ownedBy } from './owners.js';
import { isReady, isTerminating } from './pods.js';
import { addressOf, familiesOf, hostnameOf, podsOf, type ServicePod, servesPods, servicesOf } from './service-pods.js';
import { type Serving, triggerTime, withTrigger } from './trigger-time.js';
import { canonical, same } from './values.js';

const services = resources.services as unknown as Resource;
const endpoints = resources.endpoints as unknown as Resource;

const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/** Addresses of one object: beyond it clients are to read EndpointSlices. */
const MOST = 1000;

type Address = NonNullable<EndpointSubset['addresses']>[number];

export const endpointsController: Controller = {
  name: 'endpoints',
  watches: [services, resources.pods as unknown as Resource, endpoints],
  keys: (object, view) => (object.kind === 'Pod' ? servicesOf(object, view) : [keyOf(object)]),
  // Each change rewrites the whole object: the Pods of a rollout shall not cost one rewrite each.
  delay: 100,
  reconcile,
};

function reconcile(view: View, key: string): readonly Change[] {
  const [namespace, name] = parseKey(key);
  const service = view.get(resources.services, namespace, name);
  const present = view.get(resources.endpoints, namespace, name);
  if (!service || service.metadata.deletionTimestamp) return [];
  if (!servesPods(service)) return released(service, present);
  // Unlike slices, a subset says nothing of a Pod that has none of the ports.
  const pods = podsOf(view, service).filter(({ ports }) => ports.length > 0 || !service.spec.ports?.length);
  const { subsets, truncated } = subsetsOf(service, pods);
  const labels = labelsFrom(service);
  const { [OVER_CAPACITY]: before, ...annotations } = present?.metadata.annotations ?? {};
  const owner = [ownedBy(services, service)];
  const said =
    present &&
    same(present.subsets ?? [], subsets) &&
    same(present.metadata.labels ?? {}, labels) &&
    same(present.metadata.ownerReferences ?? [], owner) &&
    (before !== undefined) === truncated;
  if (said) return [];
  const trigger = triggerTime(service, pods, present && serving(present.subsets), serving(subsets));
  const metadata = {
    ...present?.metadata,
    namespace: namespace!,
    name,
    labels,
    ownerReferences: owner,
    annotations: { ...withTrigger(annotations, trigger), ...(truncated && { [OVER_CAPACITY]: 'truncated' }) },
  };
  const object = { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets };
  return [{ do: present ? 'update' : 'create', resource: endpoints, object }];
}

/** The Service lost its selector: what was made for it goes, what somebody wrote by hand stays. */
function released(service: Service, present: Endpoints | undefined): Change[] {
  if (!present || controllerOf(present)?.uid !== service.metadata.uid) return [];
  return [{ do: 'delete', resource: endpoints, object: present }];
}

/** One subset per list of ports, in an order that does not depend on the order of Pods. */
function subsetsOf(service: Service, pods: readonly ServicePod[]) {
  const [family] = familiesOf(service);
  const byPorts = new Map<string, { ports: ServicePod['ports']; ready: Address[]; notReady: Address[] }>();
  for (const { pod, ports } of pods) {
    const ip = addressOf(pod, family!);
    if (!ip || (isTerminating(pod) && !service.spec.publishNotReadyAddresses)) continue;
    const id = canonical(ports);
    let group = byPorts.get(id);
    if (!group) byPorts.set(id, (group = { ports, ready: [], notReady: [] }));
    const ready = service.spec.publishNotReadyAddresses || isReady(pod);
    (ready ? group.ready : group.notReady).push(address(service, pod, ip));
  }
  const groups = [...byPorts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  const total = groups.reduce((sum, { ready, notReady }) => sum + ready.length + notReady.length, 0);
  let room = MOST;
  const take = (addresses: Address[]) => {
    const some = addresses.sort((a, b) => (a.ip < b.ip ? -1 : 1)).slice(0, room);
    room -= some.length;
    return some;
  };
  // Those that serve come first also where there is no room for all.
  const ready = groups.map(group => take(group.ready));
  const subsets = groups.map((group, i) => subset(ready[i]!, take(group.notReady), group.ports));
  return {
    subsets: subsets.filter(({ addresses, notReadyAddresses }) => addresses || notReadyAddresses),
    truncated: total > MOST,
  };
}

function subset(addresses: Address[], notReadyAddresses: Address[], ports: ServicePod['ports']) {
  return {
    ...(addresses.length && { addresses }),
    ...(notReadyAddresses.length && { notReadyAddresses }),
    ...(ports.length && { ports: ports.map(({ name, ...port }) => ({ ...(name && { name }), ...port })) }),
  } as EndpointSubset;
}

function address(service: Service, pod: Pod, ip: string): Address {
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameOf(pod, service);
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

function serving(subsets: readonly EndpointSubset[] = []): Serving {
  const entries = subsets.flatMap(({ addresses = [], notReadyAddresses = [] }) => [
    ...addresses.map(({ targetRef }) => [targetRef?.uid, true] as const),
    ...notReadyAddresses.map(({ targetRef }) => [targetRef?.uid, false] as const),
  ]);
  return new Map(entries);
}
