/** How a Service's allocated values survive an update that does not mention them, and which fields fall with a change of type. */
import { equal, withKey } from './json.js';
import type { Service, ServiceSpec } from './service.js';

/** `clusterIP` stands for the first of `clusterIPs`. */
export function normaliseService(service: Service): Service {
  const { clusterIP, clusterIPs } = service.spec;
  return clusterIP && !clusterIPs?.length
    ? { ...service, spec: { ...service.spec, clusterIPs: [clusterIP] } }
    : service;
}

/** For an update: what `next` leaves out of the addresses and node ports that `old` was given is carried over. */
export function updateService(next: Service, old: Service): Service {
  let spec = followPrimary(next.spec, old.spec);
  spec = dropForType(spec, old.spec);
  spec = toSingleStack(carryOver(spec, old.spec), old.spec);
  // A balancer may take its time to let go; its address is not shown any longer.
  const status = spec.type === 'LoadBalancer' ? next.status : { ...next.status, loadBalancer: {} };
  return normaliseService({ ...next, spec, status });
}

/** A changed or cleared `clusterIP` with untouched `clusterIPs` means that the list is to follow. */
function followPrimary(next: ServiceSpec, old: ServiceSpec): ServiceSpec {
  if (next.clusterIP === old.clusterIP || !equal(next.clusterIPs, old.clusterIPs)) return next;
  return withKey(next, 'clusterIPs', next.clusterIP ? [next.clusterIP] : undefined);
}

const hasClusterIP = ({ type }: ServiceSpec) => type !== 'ExternalName';
const hasNodePorts = ({ type }: ServiceSpec) => type === 'NodePort' || type === 'LoadBalancer';
const hasHealthCheck = (spec: ServiceSpec) => spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
const isReachable = (spec: ServiceSpec) =>
  hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);

/** A field that the new type cannot have is dropped when the request merely repeats it; set anew, it is left for validation to refuse. */
function dropForType(next: ServiceSpec, old: ServiceSpec): ServiceSpec {
  let spec = next;
  const drop = (...keys: (keyof ServiceSpec)[]) => {
    for (const key of keys) if (equal(next[key], old[key])) spec = withKey(spec, key, undefined);
  };
  if (hasClusterIP(old) && !hasClusterIP(next)) {
    if (equal(next.clusterIPs, old.clusterIPs)) drop('clusterIP', 'clusterIPs');
    drop('ipFamilies', 'ipFamilyPolicy');
  }
  if (hasHealthCheck(old) && !hasHealthCheck(next)) drop('healthCheckNodePort');
  if (hasNodePorts(old) && !hasNodePorts(next) && !hasNewNodePort(next, old)) {
    const ports = next.ports?.map(port => withKey(port, 'nodePort', undefined));
    spec = withKey(spec, 'ports', ports);
  }
  if (isReachable(old) && !isReachable(next)) drop('externalTrafficPolicy');
  if (old.type === 'LoadBalancer' && next.type !== 'LoadBalancer')
    drop('allocateLoadBalancerNodePorts', 'loadBalancerClass');
  return spec;
}

function hasNewNodePort(next: ServiceSpec, old: ServiceSpec): boolean {
  const known = new Set(old.ports?.map(port => port.nodePort));
  return next.ports?.some(({ nodePort }) => nodePort && !known.has(nodePort)) ?? false;
}

function carryOver(next: ServiceSpec, old: ServiceSpec): ServiceSpec {
  let spec = next;
  if (hasClusterIP(old) && hasClusterIP(spec)) {
    if (!spec.clusterIP) spec = withKey(spec, 'clusterIP', spec.clusterIPs?.[0] ?? old.clusterIP);
    if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP)
      spec = withKey(spec, 'clusterIPs', old.clusterIPs);
    if (!spec.ipFamilies?.length) spec = withKey(spec, 'ipFamilies', old.ipFamilies);
    if (!spec.ipFamilyPolicy) spec = withKey(spec, 'ipFamilyPolicy', old.ipFamilyPolicy);
  }
  // Who wants none allocated and leaves one out gives it back.
  if (hasNodePorts(old) && hasNodePorts(spec) && spec.allocateLoadBalancerNodePorts !== false) {
    const given = new Map(old.ports?.map(port => [port.name ?? '', port.nodePort]));
    const taken = new Set(spec.ports?.map(port => port.nodePort));
    const ports = spec.ports?.map(port => {
      const nodePort = port.nodePort || given.get(port.name ?? '');
      return port.nodePort || !nodePort || taken.has(nodePort) ? port : { ...port, nodePort };
    });
    spec = withKey(spec, 'ports', ports);
  }
  if (hasHealthCheck(old) && hasHealthCheck(spec) && !spec.healthCheckNodePort)
    spec = withKey(spec, 'healthCheckNodePort', old.healthCheckNodePort);
  return spec;
}

/** From two families to one: values that the request merely repeats are cut to their first. */
function toSingleStack(next: ServiceSpec, old: ServiceSpec): ServiceSpec {
  if (next.ipFamilyPolicy !== 'SingleStack' || old.ipFamilyPolicy === 'SingleStack') return next;
  let spec = next;
  for (const key of ['ipFamilies', 'clusterIPs'] as const)
    if (equal(spec[key], old[key])) spec = withKey(spec, key, spec[key]?.slice(0, 1));
  return spec;
}
