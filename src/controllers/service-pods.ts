/** What a Service makes of a Pod: whether it stands behind it, under which address and ports. Knows no form of endpoints. */

import type { EndpointPort, Pod, Service, ServicePort } from '../objects/kinds.js';
import type { KubeObject } from '../objects/resources.js';
import { resources } from '../objects/resources.js';
import { selectsAll } from '../objects/selectors.js';
import { keyOf, type View } from './controller.js';
import { isFinished } from './pods.js';

export type Family = 'IPv4' | 'IPv6';

/** Keys of the Services that select the Pod. */
export function servicesOf({ metadata }: KubeObject, view: View): readonly string[] {
  const services = view.list(resources.services, metadata.namespace);
  return services.filter(({ spec }) => selectsAll(spec.selector, metadata.labels)).map(keyOf);
}

/** An empty selector is none. */
export const hasSelector = ({ spec }: Service) => Object.keys(spec.selector ?? {}).length > 0;

/** Its endpoints follow from Pods. */
export function servesPods(service: Service): boolean {
  return hasSelector(service) && !service.metadata.deletionTimestamp && service.spec.type !== 'ExternalName';
}

export interface ServicePod {
  readonly pod: Pod;
  /** Those of the Service's ports that the Pod has. */
  readonly ports: readonly EndpointPort[];
}

/** The selected Pods that may serve. */
export function podsOf(view: View, service: Service): ServicePod[] {
  return view
    .list(resources.pods, service.metadata.namespace)
    .filter(pod => selectsAll(service.spec.selector, pod.metadata.labels) && !isFinished(pod))
    .map(pod => ({ pod, ports: portsOf(service, pod) }));
}

export function familiesOf({ spec }: Service): readonly Family[] {
  return spec.ipFamilies?.length ? spec.ipFamilies : [spec.clusterIP?.includes(':') ? 'IPv6' : 'IPv4'];
}

export function addressOf({ status }: Pod, family: Family): string | undefined {
  const addresses = [...(status?.podIPs?.map(({ ip }) => ip) ?? []), ...(status?.podIP ? [status.podIP] : [])];
  return addresses.find(ip => ip.includes(':') === (family === 'IPv6'));
}

/** The Pod's host name within the Service's domain, if it has one. */
export function hostnameOf({ spec }: Pod, service: Service): string | undefined {
  return spec.subdomain === service.metadata.name ? spec.hostname || undefined : undefined;
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
  // A sidecar is an init container that stays.
  const sidecars = pod.spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  const ports = [...pod.spec.containers, ...sidecars].flatMap(container => container.ports ?? []);
  return ports.find(({ name, protocol: of = 'TCP' }) => name === targetPort && of === protocol)?.containerPort;
}
