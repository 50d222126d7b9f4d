/** The rules of a Service's spec. */
import { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import { duplicate, type FieldError, forbidden, invalid, invalidEach, missing, notSupported } from '../field-errors.js';
import { dnsLabel, dnsSubdomain, ipAddress, portName, portNumber, qualifiedName } from '../names.js';
import type { ServicePort, ServiceSpec } from '../service.js';
import { nonSpecialIp } from './endpoint-slice.js';
import { labelErrors } from './metadata.js';
import { duplicates, type Rule } from './rule.js';

export const serviceSpecRule: Rule<ServiceSpec> = (spec, path) => [
  ...labelErrors(spec.selector, `${path}.selector`),
  ...typeErrors(spec, path),
  ...portListErrors(spec, path),
  ...clusterIPErrors(spec, path),
  ...externalErrors(spec, path),
  ...affinityErrors(spec, path),
];

function typeErrors(spec: ServiceSpec, path: string): FieldError[] {
  const headless = spec.clusterIP === 'None';
  const errors: FieldError[] = [];
  if (spec.type === 'ExternalName') {
    if (spec.clusterIP) errors.push(forbidden(`${path}.clusterIP`, "may not be set when `type` is 'ExternalName'"));
    const name = spec.externalName?.replace(/\.$/, '') ?? '';
    if (name) errors.push(...invalidEach(`${path}.externalName`, spec.externalName, dnsSubdomain(name)));
    else errors.push(missing(`${path}.externalName`));
  } else if (headless && spec.type !== 'ClusterIP') {
    errors.push(invalid(`${path}.clusterIPs[0]`, 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  return errors;
}

function portListErrors(spec: ServiceSpec, path: string): FieldError[] {
  const ports = spec.ports ?? [];
  const optional = spec.type === 'ExternalName' || spec.clusterIP === 'None';
  const errors: FieldError[] = [];
  if (ports.length === 0 && !optional) errors.push(missing(`${path}.ports`));
  const seen = new Set<string>();
  ports.forEach((port, i) => {
    const at = `${path}.ports[${i}]`;
    errors.push(...portErrors(port, ports.length > 1, at));
    if (spec.type === 'ClusterIP' && port.nodePort)
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    if (spec.type === 'ExternalName' && port.nodePort)
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ExternalName'"));
    const key = `${port.protocol} ${port.port}`;
    if (seen.has(key)) errors.push(duplicate(at, { protocol: port.protocol, port: port.port }));
    seen.add(key);
  });
  errors.push(
    ...duplicates(
      ports,
      port => port.name,
      i => `${path}.ports[${i}].name`,
    ),
  );
  const nodePorts = duplicates(
    ports,
    port => (port.nodePort ? `${port.protocol} ${port.nodePort}` : undefined),
    i => `${path}.ports[${i}].nodePort`,
  );
  return [...errors, ...nodePorts];
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

function clusterIPErrors(spec: ServiceSpec, path: string): FieldError[] {
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy, type } = spec;
  if (type === 'ExternalName') {
    return (['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const)
      .filter(key => spec[key]?.length)
      .map(key => forbidden(`${path}.${key}`, `may not be set for ExternalName services`));
  }
  const errors: FieldError[] = [];
  if (clusterIPs.length > 0 && clusterIP !== clusterIPs[0]) {
    if (!clusterIP) errors.push(missing(`${path}.clusterIP`, 'must be set when `clusterIPs` is specified'));
    else errors.push(invalid(`${path}.clusterIPs`, clusterIPs, 'first value must match `clusterIP`'));
  }
  const all = clusterIPs.length > 0 ? clusterIPs : [clusterIP].filter(Boolean);
  if (all.length > 2) errors.push(invalid(`${path}.clusterIPs`, clusterIPs, 'may only hold up to 2 values'));
  all.forEach((text, i) => {
    const at = `${path}.clusterIPs[${i}]`;
    if (text !== 'None') errors.push(...invalidEach(at, text, ipAddress(text)));
    else if (all.length > 1) errors.push(invalid(at, text, '`None` must be the first and only value'));
    const family = familyOf(text);
    if (family && ipFamilies[i] && family !== ipFamilies[i])
      errors.push(invalid(at, text, `expected an ${ipFamilies[i]} value as indicated by \`ipFamilies[${i}]\``));
  });
  if (all.length === 2 && familyOf(all[0]!) && familyOf(all[0]!) === familyOf(all[1]!)) {
    errors.push(invalid(`${path}.clusterIPs`, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (ipFamilies.length > 2) errors.push(invalid(`${path}.ipFamilies`, ipFamilies, 'may only hold up to 2 values'));
  errors.push(
    ...duplicates(
      ipFamilies,
      family => family,
      i => `${path}.ipFamilies[${i}]`,
    ),
  );
  if (ipFamilyPolicy === 'SingleStack' && (all.length > 1 || ipFamilies.length > 1)) {
    const [key, value] = ipFamilies.length > 1 ? ['ipFamilies', ipFamilies] : ['clusterIPs', clusterIPs];
    errors.push(invalid(`${path}.${key}`, value, "may only hold up to 1 value when `ipFamilyPolicy` is 'SingleStack'"));
  }
  return errors;
}

const familyOf = (text: string) => {
  const ip = Ip.parse(text);
  return ip && (ip.family === 4 ? 'IPv4' : 'IPv6');
};

function externalErrors(spec: ServiceSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const balanced = spec.type === 'LoadBalancer';
  const reachable =
    balanced || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  spec.externalIPs?.forEach((ip, i) => {
    const at = `${path}.externalIPs[${i}]`;
    const syntax = invalidEach(at, ip, ipAddress(ip));
    errors.push(...(syntax.length > 0 ? syntax : nonSpecialIp(ip, at)));
  });
  if (spec.loadBalancerSourceRanges?.length) {
    if (!balanced)
      errors.push(forbidden(`${path}.loadBalancerSourceRanges`, "may only be used when `type` is 'LoadBalancer'"));
    spec.loadBalancerSourceRanges.forEach((range, i) => {
      if (!Cidr.parse(range.trim(), { mask: true }))
        errors.push(
          invalid(
            `${path}.loadBalancerSourceRanges[${i}]`,
            range,
            'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
          ),
        );
    });
  }
  if (spec.externalTrafficPolicy && !reachable) {
    errors.push(
      invalid(
        `${path}.externalTrafficPolicy`,
        spec.externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    );
  }
  if (spec.healthCheckNodePort && !(balanced && spec.externalTrafficPolicy === 'Local')) {
    errors.push(
      invalid(
        `${path}.healthCheckNodePort`,
        spec.healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balanced) {
    errors.push(forbidden(`${path}.allocateLoadBalancerNodePorts`, "may only be used when `type` is 'LoadBalancer'"));
  }
  if (spec.loadBalancerClass && !balanced)
    errors.push(forbidden(`${path}.loadBalancerClass`, "may only be used when `type` is 'LoadBalancer'"));
  if (spec.trafficDistribution && !DISTRIBUTIONS.includes(spec.trafficDistribution)) {
    errors.push(notSupported(`${path}.trafficDistribution`, spec.trafficDistribution, DISTRIBUTIONS));
  }
  return errors;
}

const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: ServiceSpec, path: string): FieldError[] {
  if (sessionAffinity === 'ClientIP' || !sessionAffinityConfig) return [];
  return [forbidden(`${path}.sessionAffinityConfig`, `must not be set when session affinity is ${sessionAffinity}`)];
}
