/** EndpointSlices of Services with a selector: which Pods serve, on which addresses and ports. Knows no packing. */

import type { EndpointPort, EndpointSlice, Pod, Service, ServicePort } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { selectsAll } from '../objects/selectors.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { type Group, pack } from './endpoint-packing.js';
import { isFinished, isReady, isTerminating } from './pods.js';
import { canonical } from './values.js';

export const SERVICE_NAME = 'kubernetes.io/service-name';
const ZONE = 'topology.kubernetes.io/zone';

type Family = 'IPv4' | 'IPv6';
type Endpoint = EndpointSlice['endpoints'][number];

export const endpointSliceController: Controller = {
  name: 'endpoint-slice',
  watches: [resources.services, resources.pods, resources.endpointslices] as unknown as readonly Resource[],
  keys: (object, view) => {
    if (object.kind === 'Service') return [keyOf(object)];
    const { namespace, labels } = object.metadata;
    if (object.kind === 'EndpointSlice') return labels?.[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [];
    const services = view.list(resources.services, namespace);
    return services.filter(({ spec }) => selectsAll(spec.selector, labels)).map(keyOf);
  },
  reconcile,
};

function slicesOf(view: View, service: Service): readonly EndpointSlice[] {
  return view
    .owned(resources.endpointslices, service.metadata.uid!)
    .filter(({ metadata }) => !metadata.deletionTimestamp);
}

function reconcile(view: View, key: string): readonly Change[] {
  const service = view.get(resources.services, ...parseKey(key));
  if (!service?.spec.selector || service.metadata.deletionTimestamp || service.spec.type === 'ExternalName') return [];
  const groups = new Map<string, Group>();
  const group = (addressType: Family, ports: readonly EndpointPort[]) => {
    const id = `${addressType} ${canonical(ports)}`;
    let known = groups.get(id);
    if (!known) groups.set(id, (known = { addressType, ports, endpoints: [] }));
    return known;
  };
  for (const pod of view.list(resources.pods, service.metadata.namespace)) {
    if (!selectsAll(service.spec.selector, pod.metadata.labels) || isFinished(pod)) continue;
    const ports = portsOf(service, pod);
    // A Pod without the named port is no endpoint of a Service that has ports.
    if (ports.length === 0 && service.spec.ports?.length) continue;
    for (const family of familiesOf(service)) {
      const address = addressOf(pod, family);
      if (address) group(family, ports).endpoints.push(endpoint(view, service, pod, address));
    }
  }
  return pack(service, familiesOf(service), [...groups.values()], slicesOf(view, service));
}

function familiesOf({ spec }: Service): readonly Family[] {
  return spec.ipFamilies?.length ? spec.ipFamilies : [spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4'];
}

function addressOf({ status }: Pod, family: Family): string | undefined {
  const addresses = [...(status?.podIPs?.map(({ ip }) => ip) ?? []), ...(status?.podIP ? [status.podIP] : [])];
  return addresses.find(ip => ip.includes(':') === (family === 'IPv6'));
}

function endpoint(view: View, service: Service, pod: Pod, address: string): Endpoint {
  const { metadata, spec } = pod;
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const zone = spec.nodeName && view.get(resources.nodes, undefined, spec.nodeName)?.metadata.labels?.[ZONE];
  return {
    addresses: [address],
    conditions: { ready: service.spec.publishNotReadyAddresses || (serving && !terminating), serving, terminating },
    ...(spec.hostname && spec.subdomain === service.metadata.name ? { hostname: spec.hostname } : {}),
    ...(spec.nodeName ? { nodeName: spec.nodeName } : {}),
    ...(zone ? { zone } : {}),
    targetRef: { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
  };
}

/** The Service's ports as this Pod has them: a named targetPort may be another number in each Pod. */
function portsOf({ spec }: Service, pod: Pod): readonly EndpointPort[] {
  return (spec.ports ?? []).flatMap(port => {
    const number = targetOf(port, pod);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, protocol, port: number, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

function targetOf({ port, targetPort, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (targetPort === undefined || targetPort === 0) return port;
  if (typeof targetPort === 'number') return targetPort;
  if (/^\d+$/.test(targetPort)) return Number(targetPort);
  const ports = pod.spec.containers.flatMap(container => container.ports ?? []);
  return ports.find(({ name, protocol: of = 'TCP' }) => name === targetPort && of === protocol)?.containerPort;
}
