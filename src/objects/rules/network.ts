/** The rules of NetworkPolicy and Ingress. */
import { Cidr } from '../../net/cidr.js';
import { type FieldError, forbidden, invalid, invalidEach, missing } from '../field-errors.js';
import type { Ingress, IngressBackend } from '../ingress.js';
import { dns1035Label, dnsSubdomain, portName, portNumber, wildcardSubdomain } from '../names.js';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../network-policy.js';
import { duplicates, type Rule } from './rule.js';

export const networkPolicyRule: Rule<NetworkPolicy> = ({ spec }) => {
  const types = spec.policyTypes ?? [];
  if (types.length > 2) return [invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  return duplicates(
    types,
    type => type,
    i => `spec.policyTypes[${i}]`,
  );
};

export const policyPortRule: Rule<NetworkPolicyPort> = ({ port, endPort }, path) => {
  const errors: FieldError[] = [];
  if (typeof port === 'number') errors.push(...invalidEach(`${path}.port`, port, portNumber(port)));
  else if (port !== undefined) errors.push(...invalidEach(`${path}.port`, port, portName(port)));
  if (endPort === undefined) return errors;
  if (port === undefined)
    errors.push(invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is not specified'));
  else if (typeof port === 'string')
    errors.push(invalid(`${path}.endPort`, endPort, 'may not be specified when `port` is non-numeric'));
  else if (endPort < port) errors.push(invalid(`${path}.endPort`, endPort, 'must be greater than or equal to `port`'));
  else errors.push(...invalidEach(`${path}.endPort`, endPort, portNumber(endPort)));
  return errors;
};

export const policyPeerRule: Rule<NetworkPolicyPeer> = ({ podSelector, namespaceSelector, ipBlock }, path) => {
  if (!podSelector && !namespaceSelector && !ipBlock) return [missing(path, 'must specify a peer')];
  if (!ipBlock) return [];
  if (podSelector || namespaceSelector) return [forbidden(path, 'may not specify both ipBlock and another peer')];
  const block = ipBlock.cidr ? Cidr.parse(ipBlock.cidr, { mask: true }) : undefined;
  const rule = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
  if (ipBlock.cidr && !block) return [invalid(`${path}.ipBlock.cidr`, ipBlock.cidr, rule)];
  return (ipBlock.except ?? []).flatMap((text, i) => {
    const at = `${path}.ipBlock.except[${i}]`;
    const except = Cidr.parse(text, { mask: true });
    if (!except) return [invalid(at, text, rule)];
    const inside =
      !block || (block.family === except.family && block.contains(except.ip) && except.prefix > block.prefix);
    return inside ? [] : [invalid(at, text, 'must be a strict subset of `cidr`')];
  });
};

export const ingressRule: Rule<Ingress> = ({ spec }) => {
  const errors: FieldError[] = [];
  if (!spec.rules?.length && !spec.defaultBackend) {
    errors.push(invalid('spec', spec.rules ?? [], 'either `defaultBackend` or `rules` must be specified'));
  }
  if (spec.ingressClassName)
    errors.push(...invalidEach('spec.ingressClassName', spec.ingressClassName, dnsSubdomain(spec.ingressClassName)));
  spec.rules?.forEach((rule, i) => {
    if (rule.host) errors.push(...hostErrors(rule.host, `spec.rules[${i}].host`));
    rule.http?.paths?.forEach((path, n) => {
      errors.push(...pathErrors(path, `spec.rules[${i}].http.paths[${n}]`));
    });
  });
  spec.tls?.forEach(({ hosts = [] }, i) => {
    hosts.forEach((host, n) => {
      errors.push(...hostErrors(host, `spec.tls[${i}].hosts[${n}]`));
    });
  });
  return errors;
};

function hostErrors(host: string, path: string): FieldError[] {
  if (/^[\d.]+$/.test(host) || host.includes(':'))
    return [invalid(path, host, 'must be a DNS name, not an IP address')];
  return invalidEach(path, host, host.includes('*') ? wildcardSubdomain(host) : dnsSubdomain(host));
}

const FORBIDDEN_PARTS = ['//', '/./', '/../', '%2f', '%2F'];
const FORBIDDEN_ENDS = ['/..', '/.'];

function pathErrors(
  { path, pathType }: { readonly path?: string; readonly pathType?: string },
  at: string,
): FieldError[] {
  if (pathType === 'ImplementationSpecific')
    return path && !path.startsWith('/') ? [invalid(`${at}.path`, path, 'must be an absolute path')] : [];
  if (!path?.startsWith('/')) return [invalid(`${at}.path`, path ?? '', 'must be an absolute path')];
  return [
    ...FORBIDDEN_PARTS.filter(part => path.includes(part)).map(part =>
      invalid(`${at}.path`, path, `must not contain '${part}'`),
    ),
    ...FORBIDDEN_ENDS.filter(part => path.endsWith(part)).map(part =>
      invalid(`${at}.path`, path, `cannot end with '${part}'`),
    ),
  ];
}

export const ingressBackendRule: Rule<IngressBackend> = ({ service, resource }, path) => {
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (!service) return resource ? [] : [missing(path, 'resource or service backend is required')];
  const { name, number } = service.port ?? {};
  const errors = service.name ? invalidEach(`${path}.service.name`, service.name, dns1035Label(service.name)) : [];
  const at = `${path}.service.port`;
  if (name && number) errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (name) errors.push(...invalidEach(`${at}.name`, name, portName(name)));
  else if (number) errors.push(...invalidEach(`${at}.number`, number, portNumber(number)));
  else errors.push(missing(path, 'port name or number is required'));
  return errors;
};
