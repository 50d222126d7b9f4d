/** EndpointSlices of hand-made Endpoints: a Service without a selector serves what somebody wrote for it in the older form. */

import type { EndpointSlice, EndpointSubset, Endpoints, Service } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { Groups, pack, slicesOf } from './endpoint-packing.js';
import { controllerKey, controllerOf, ownedBy } from './owners.js';
import { hasSelector } from './service-pods.js';
import { TRIGGER } from './trigger-time.js';

const endpoints = resources.endpoints as unknown as Resource;

/** Whoever writes slices for its Endpoints itself says so. */
const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Addresses of one subset that are taken. */
const MOST = 1000;

export const endpointMirror: Controller = {
  name: 'endpoint-mirror',
  watches: [resources.services, endpoints, resources.endpointslices] as unknown as readonly Resource[],
  keys: object => (object.kind === 'EndpointSlice' ? controllerKey(object, 'Endpoints') : [keyOf(object)]),
  reconcile: (view, key) => {
    const at = parseKey(key);
    const object = view.get(resources.endpoints, ...at);
    // Slices go with the Endpoints that own them.
    if (!object || object.metadata.deletionTimestamp) return [];
    return mirror(view, object, view.get(resources.services, ...at));
  },
};

function mirror(view: View, object: Endpoints, service: Service | undefined): Change[] {
  const { name, namespace, labels = {} } = object.metadata;
  const { [TRIGGER]: _, [LAST_APPLIED]: _1, ...annotations } = object.metadata.annotations ?? {};
  const groups = new Groups();
  if (isMirrored(object, service)) for (const subset of object.subsets ?? []) add(groups, subset);
  const owner = {
    service: name,
    namespace: namespace!,
    labels,
    annotations,
    manager: 'endpointslicemirroring-controller.k8s.io',
    reference: ownedBy(endpoints, object),
  };
  return pack(owner, [], groups.all, slicesOf(view, object));
}

function isMirrored(object: Endpoints, service: Service | undefined): boolean {
  const { labels, annotations } = object.metadata;
  if (!service || hasSelector(service) || service.metadata.deletionTimestamp) return false;
  // Made for a selector that the Service had: about to go.
  if (controllerOf(object)?.kind === 'Service') return false;
  return labels?.[SKIP] !== 'true' && annotations?.[LEADER] === undefined;
}

function add(groups: Groups, { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): void {
  const ready = new Set(addresses.map(({ ip }) => ip));
  const all = [...addresses, ...notReadyAddresses.filter(({ ip }) => !ready.has(ip))];
  const slicePorts = ports.map(({ name = '', protocol = 'TCP', ...rest }) => ({ name, protocol, ...rest }));
  for (const { ip, ...rest } of all.slice(0, MOST)) {
    const endpoint: EndpointSlice['endpoints'][number] = {
      addresses: [ip],
      conditions: { ready: ready.has(ip) },
      ...rest,
    };
    groups.of(ip.includes(':') ? 'IPv6' : 'IPv4', slicePorts).push(endpoint);
  }
}
