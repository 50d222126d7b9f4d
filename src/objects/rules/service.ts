/** The rules of a Service but for its addresses: type, ports, affinity, what only balancers have, annotations and status. */
import { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import { duplicate, type FieldError, forbidden, invalid, invalidEach, missing, notSupported } from '../field-errors.js';
import { own } from '../json.js';
import { cidr, dnsLabel, dnsSubdomain, ipAddress, portName, portNumber, qualifiedName } from '../names.js';
import type { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from '../service.js';
import { nonSpecialIp } from './endpoint-slice.js';
import { labelErrors } from './metadata.js';
import { duplicates, type Rule } from './rule.js';
import { clusterIPErrors } from './service-addresses.js';

const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const ONLY_BALANCERS = "may only be used when `type` is 'LoadBalancer'";
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];

export const serviceSpecRule: Rule<ServiceSpec> = (spec, path) => [
  ...labelErrors(spec.selector, `${path}.selector`),
  ...externalNameErrors(spec, path),
  ...portListErrors(spec, path),
  ...clusterIPErrors(spec, path),
  ...externalIPErrors(spec, path),
  ...balancerErrors(spec, path),
  ...trafficErrors(spec, path),
  ...affinityErrors(spec, path),
];

/** What the spec alone cannot tell: annotations that mean fields, and a status that only some types have. */
export const serviceRule: Rule<Service> = ({ metadata, spec, status }) => [
  ...annotationErrors(metadata.annotations ?? {}, spec),
  ...ingressErrors(status?.loadBalancer?.ingress ?? [], spec.type),
];

function externalNameErrors(spec: ServiceSpec, path: string): FieldError[] {
  if (spec.type !== 'ExternalName') return [];
  // A CNAME may end in a dot, to say that it is complete.
  const name = spec.externalName?.replace(/\.$/, '') ?? '';
  return name ? invalidEach(`${path}.externalName`, name, dnsSubdomain(name)) : [missing(`${path}.externalName`)];
}

function portListErrors(spec: ServiceSpec, path: string): FieldError[] {
  const ports = spec.ports ?? [];
  const optional = spec.type === 'ExternalName' || spec.clusterIP === 'None';
  const errors: FieldError[] = [];
  if (ports.length === 0 && !optional) errors.push(missing(`${path}.ports`));
  const seen = new Set<string>();
  const nodePorts = new Set<string>();
  ports.forEach((port, i) => {
    const at = `${path}.ports[${i}]`;
    errors.push(...portErrors(port, ports.length > 1, at));
    const { protocol, nodePort } = port;
    if (spec.type === 'ClusterIP' && nodePort)
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    const [key, nodeKey] = [`${protocol} ${port.port}`, `${protocol} ${nodePort}`];
    if (seen.has(key)) errors.push(duplicate(at, { protocol, port: port.port }));
    if (nodePort && nodePorts.has(nodeKey)) errors.push(duplicate(`${at}.nodePort`, nodePort));
    seen.add(key);
    nodePorts.add(nodeKey);
  });
  const names = duplicates(
    ports,
    port => port.name,
    i => `${path}.ports[${i}].name`,
  );
  return [...errors, ...names];
}

function portErrors(port: ServicePort, named: boolean, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (port.name) errors.push(...invalidEach(`${path}.name`, port.name, dnsLabel(port.name)));
  else if (named) errors.push(missing(`${path}.name`));
  const { targetPort } = port;
  if (typeof targetPort === 'number')
    errors.push(...invalidEach(`${path}.targetPort`, targetPort, portNumber(targetPort)));
  else if (targetPort) errors.push(...invalidEach(`${path}.targetPort`, targetPort, portName(targetPort)));
  if (port.nodePort) errors.push(...invalidEach(`${path}.nodePort`, port.nodePort, portNumber(port.nodePort)));
  if (port.appProtocol)
    errors.push(...invalidEach(`${path}.appProtocol`, port.appProtocol, qualifiedName(port.appProtocol)));
  return errors;
}

function externalIPErrors({ externalIPs = [] }: ServiceSpec, path: string): FieldError[] {
  return externalIPs.flatMap((ip, i) => {
    const at = `${path}.externalIPs[${i}]`;
    const syntax = invalidEach(at, ip, ipAddress(ip));
    return syntax.length > 0 ? syntax : nonSpecialIp(ip, at);
  });
}

function balancerErrors(spec: ServiceSpec, path: string): FieldError[] {
  const { loadBalancerSourceRanges: ranges = [], loadBalancerClass, allocateLoadBalancerNodePorts } = spec;
  const errors = ranges.flatMap((range, i) =>
    invalidEach(`${path}.loadBalancerSourceRanges[${i}]`, range, cidr(range.trim())),
  );
  if (spec.type === 'LoadBalancer') {
    if (loadBalancerClass)
      errors.push(...invalidEach(`${path}.loadBalancerClass`, loadBalancerClass, qualifiedName(loadBalancerClass)));
    return errors;
  }
  const strange = {
    loadBalancerSourceRanges: ranges.length > 0,
    loadBalancerClass: loadBalancerClass !== undefined,
    allocateLoadBalancerNodePorts: allocateLoadBalancerNodePorts !== undefined,
  };
  for (const [field, present] of Object.entries(strange))
    if (present) errors.push(forbidden(`${path}.${field}`, ONLY_BALANCERS));
  return errors;
}

function trafficErrors(spec: ServiceSpec, path: string): FieldError[] {
  const { type, externalTrafficPolicy, healthCheckNodePort, trafficDistribution } = spec;
  const errors: FieldError[] = [];
  const reachable =
    type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  if (externalTrafficPolicy && !reachable) {
    const why = 'may only be set for externally-accessible services';
    errors.push(invalid(`${path}.externalTrafficPolicy`, externalTrafficPolicy, why));
  }
  if (healthCheckNodePort && !(type === 'LoadBalancer' && externalTrafficPolicy === 'Local')) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(`${path}.healthCheckNodePort`, healthCheckNodePort, why));
  }
  if (trafficDistribution && !DISTRIBUTIONS.includes(trafficDistribution))
    errors.push(notSupported(`${path}.trafficDistribution`, trafficDistribution, DISTRIBUTIONS));
  return errors;
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: ServiceSpec, path: string): FieldError[] {
  if (sessionAffinity === 'ClientIP' || !sessionAffinityConfig) return [];
  return [forbidden(`${path}.sessionAffinityConfig`, `must not be set when session affinity is ${sessionAffinity}`)];
}

function annotationErrors(annotations: Readonly<Record<string, string>>, spec: ServiceSpec): FieldError[] {
  const at = (key: string) => `metadata.annotations[${key}]`;
  const errors: FieldError[] = [];
  const [mode, hints, ranges] = [TOPOLOGY_MODE, TOPOLOGY_HINTS, SOURCE_RANGES].map(key => own(annotations, key));
  if (mode !== undefined && hints !== undefined && mode !== hints) {
    const why = `must match annotations[${TOPOLOGY_HINTS}] when both are specified`;
    errors.push(invalid(at(TOPOLOGY_MODE), mode, why));
  }
  // The field, where there is one, is what counts.
  if (typeof ranges !== 'string' || spec.loadBalancerSourceRanges?.length) return errors;
  if (spec.type !== 'LoadBalancer') errors.push(forbidden(at(SOURCE_RANGES), ONLY_BALANCERS));
  if (ranges.trim() && !ranges.split(',').every(range => Cidr.parse(range.trim(), { mask: true }))) {
    const why = 'must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24';
    errors.push(invalid(at(SOURCE_RANGES), ranges, why));
  }
  return errors;
}

function ingressErrors(ingress: readonly LoadBalancerIngress[], type: ServiceSpec['type']): FieldError[] {
  const path = 'status.loadBalancer.ingress';
  if (ingress.length > 0 && type !== 'LoadBalancer')
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  return ingress.flatMap(({ ip, ipMode, hostname }, i) => {
    const at = `${path}[${i}]`;
    const errors = ip ? invalidEach(`${at}.ip`, ip, ipAddress(ip)) : [];
    if (ipMode && !ip) errors.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
    if (hostname) {
      errors.push(...invalidEach(`${at}.hostname`, hostname, dnsSubdomain(hostname)));
      if (Ip.parse(hostname)) errors.push(invalid(`${at}.hostname`, hostname, 'must be a DNS name, not an IP address'));
    }
    return errors;
  });
}
