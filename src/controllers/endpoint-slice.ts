/** EndpointSlices of Services with a selector: one endpoint per Pod and family. Knows no packing. */

import type { EndpointSlice, Pod, Service } from '../objects/kinds.js';
import { type KubeObject, type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { hintsOf } from './endpoint-hints.js';
import { Groups, MANAGED_BY, pack, SERVICE_NAME, slicesOf } from './endpoint-packing.js';
import { ownedBy } from './owners.js';
import { isReady, isTerminating } from './pods.js';
import { addressOf, familiesOf, hostnameOf, podsOf, servesPods, servicesOf } from './service-pods.js';
import { type Serving, triggerTime } from './trigger-time.js';

const services = resources.services as unknown as Resource;
const ZONE = 'topology.kubernetes.io/zone';
const HEADLESS = 'service.kubernetes.io/headless';
const MANAGER = 'endpointslice-controller.k8s.io';

type Endpoint = EndpointSlice['endpoints'][number];

export const endpointSliceController: Controller = {
  name: 'endpoint-slice',
  watches: [services, resources.pods, resources.nodes, resources.endpointslices] as unknown as readonly Resource[],
  keys: (object, view) => {
    if (object.kind === 'Service') return [keyOf(object)];
    if (object.kind === 'EndpointSlice') return serviceOf(object);
    return object.kind === 'Node' ? movedWith(object, view) : servicesOf(object, view);
  },
  reconcile,
};

/** What endpoints carry of their Service: its labels, but for those that say what only the controller knows. */
export function labelsFrom({ metadata, spec }: Service): Record<string, string> {
  const { [HEADLESS]: _, [SERVICE_NAME]: _1, [MANAGED_BY]: _2, ...labels } = metadata.labels ?? {};
  return { ...labels, ...(spec.clusterIP === 'None' && { [HEADLESS]: '' }) };
}

function reconcile(view: View, key: string): readonly Change[] {
  const service = view.get(resources.services, ...parseKey(key));
  if (!service || !servesPods(service)) return [];
  const pods = podsOf(view, service);
  const groups = new Groups();
  for (const { pod, ports } of pods) {
    for (const family of familiesOf(service)) {
      const address = addressOf(pod, family);
      if (address) groups.of(family, ports).push(endpoint(view, service, pod, address));
    }
  }
  const present = slicesOf(view, service);
  const before = present.length > 0 ? serving(present) : undefined;
  const owner = {
    service: service.metadata.name,
    namespace: service.metadata.namespace!,
    labels: labelsFrom(service),
    trigger: triggerTime(service, pods, before, serving(groups.all)),
    manager: MANAGER,
    reference: ownedBy(services, service),
  };
  return pack(owner, familiesOf(service), groups.all, present);
}

function endpoint(view: View, service: Service, pod: Pod, address: string): Endpoint {
  const { metadata, spec } = pod;
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec.publishNotReadyAddresses || (serving && !terminating);
  const { nodeName } = spec;
  const zone = nodeName && zoneOf(view, nodeName);
  const hostname = hostnameOf(pod, service);
  const hints = ready ? hintsOf(service, zone, nodeName) : undefined;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hints ? { hints } : {}),
    targetRef: { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
  };
}

function zoneOf(view: View, node: string): string | undefined {
  return view.get(resources.nodes, undefined, node)?.metadata.labels?.[ZONE];
}

function serviceOf({ metadata: { namespace, labels } }: KubeObject): string[] {
  return labels?.[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [];
}

/** The Services of endpoints on that node which say another zone than it does now. */
function movedWith({ metadata: { name } }: KubeObject, view: View): string[] {
  const zone = zoneOf(view, name) || undefined;
  return view
    .list(resources.endpointslices)
    .filter(({ endpoints }) => endpoints.some(one => one.nodeName === name && one.zone !== zone))
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === MANAGER)
    .flatMap(serviceOf);
}

function serving(groups: readonly { readonly endpoints: readonly Endpoint[] }[]): Serving {
  const all = groups.flatMap(({ endpoints }) => endpoints);
  return new Map(all.map(({ targetRef, conditions }) => [targetRef?.uid, conditions?.serving === true]));
}
