/** EndpointSlices of Services with a selector: one endpoint per Pod and family. Knows no packing. */

import type { EndpointSlice, Pod, Service } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { Groups, pack, SERVICE_NAME, slicesOf } from './endpoint-packing.js';
import { ownedBy } from './owners.js';
import { isReady, isTerminating } from './pods.js';
import { addressOf, familiesOf, hasSelector, hostnameOf, podsOf, servicesOf } from './service-pods.js';

const services = resources.services as unknown as Resource;
const ZONE = 'topology.kubernetes.io/zone';
export const HEADLESS = 'service.kubernetes.io/headless';

export const endpointSliceController: Controller = {
  name: 'endpoint-slice',
  watches: [services, resources.pods, resources.endpointslices] as unknown as readonly Resource[],
  keys: (object, view) => {
    if (object.kind === 'Service') return [keyOf(object)];
    const { namespace, labels } = object.metadata;
    if (object.kind === 'EndpointSlice') return labels?.[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [];
    return servicesOf(object, view);
  },
  reconcile,
};

function reconcile(view: View, key: string): readonly Change[] {
  const service = view.get(resources.services, ...parseKey(key));
  if (!service || !hasSelector(service)) return [];
  const groups = new Groups();
  for (const { pod, ports } of podsOf(view, service)) {
    for (const family of familiesOf(service)) {
      const address = addressOf(pod, family);
      if (address) groups.of(family, ports).push(endpoint(view, service, pod, address));
    }
  }
  const headless: Record<string, string> = service.spec.clusterIP === 'None' ? { [HEADLESS]: '' } : {};
  const owner = {
    service: service.metadata.name,
    namespace: service.metadata.namespace!,
    labels: { ...service.metadata.labels, ...headless },
    manager: 'endpointslice-controller.k8s.io',
    reference: ownedBy(services, service),
  };
  return pack(owner, familiesOf(service), groups.all, slicesOf(view, service));
}

function endpoint(view: View, service: Service, pod: Pod, address: string): EndpointSlice['endpoints'][number] {
  const { metadata, spec } = pod;
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const zone = spec.nodeName && view.get(resources.nodes, undefined, spec.nodeName)?.metadata.labels?.[ZONE];
  const hostname = hostnameOf(pod, service);
  return {
    addresses: [address],
    conditions: { ready: service.spec.publishNotReadyAddresses || (serving && !terminating), serving, terminating },
    ...(hostname ? { hostname } : {}),
    ...(spec.nodeName ? { nodeName: spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
    targetRef: { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
  };
}
