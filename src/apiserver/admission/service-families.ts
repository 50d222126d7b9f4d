/** Which IP families and cluster IPs a Service gets (kubernetes.io: IPv4/IPv6 dual-stack). Pure but for asking what is taken. */

import type { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import { equal } from '../../objects/json.js';
import type { Service, ServiceSpec } from '../../objects/kinds.js';
import { type Cause, invalidValue } from '../status.js';
import { freeAddress } from './free-address.js';
import type { AddressesInUse } from './in-use.js';

type FamilyName = 'IPv4' | 'IPv6';
type Policy = NonNullable<ServiceSpec['ipFamilyPolicy']>;

const POLICY = 'spec.ipFamilyPolicy';

/**
 * The spec with families, policy and cluster IPs filled in; what is wrong is added to `causes`. `spec` has passed
 * validation and has inherited from `old` what it does not mention. The first of `cidrs` is the default family.
 */
export function assignAddresses(
  service: Service,
  old: Service | undefined,
  inUse: AddressesInUse,
  cidrs: readonly Cidr[],
  causes: Cause[],
): ServiceSpec {
  const { spec } = service;
  if (spec.type === 'ExternalName' || keepsPreference(spec, old?.spec)) return spec;
  const before = causes.length;
  const policy = policyOf(spec);
  const families = chooseFamilies(spec, policy, cidrs, causes);
  if (causes.length > before) return spec;
  const shape = { ...spec, ipFamilies: families, ipFamilyPolicy: policy };
  if (isHeadless(spec)) return { ...shape, clusterIP: 'None', clusterIPs: ['None'] };
  const clusterIPs = families.map((family, i) => {
    const cidr = cidrs.find(range => nameOf(range) === family)!;
    const given = spec.clusterIPs?.[i];
    if (!given) return chooseAddress(service, cidr, inUse, causes);
    return given === old?.spec.clusterIPs?.[i] ? given : checkAddress(given, service, cidr, inUse, causes);
  });
  return { ...shape, clusterIP: clusterIPs[0], clusterIPs };
}

const nameOf = (of: { readonly family: number }): FamilyName => (of.family === 4 ? 'IPv4' : 'IPv6');
const other = (family: FamilyName): FamilyName => (family === 'IPv4' ? 'IPv6' : 'IPv4');

const isHeadless = (spec: ServiceSpec) => spec.clusterIPs?.[0] === 'None';

/** Its endpoints are written by somebody, and may be of any family whatever this cluster has. */
const isFree = (spec: ServiceSpec) => isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;

/** A cluster that learns or loses a family does not change the Services that prefer both: only a change of their own does. */
function keepsPreference(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  const prefers = spec.ipFamilyPolicy === 'PreferDualStack' && old?.ipFamilyPolicy === 'PreferDualStack';
  const same = (key: 'type' | 'clusterIPs' | 'ipFamilies') => equal(spec[key], old?.[key]);
  return prefers && same('type') && same('clusterIPs') && same('ipFamilies');
}

function policyOf(spec: ServiceSpec): Policy {
  return spec.ipFamilyPolicy ?? (isFree(spec) ? 'RequireDualStack' : 'SingleStack');
}

function chooseFamilies(spec: ServiceSpec, policy: Policy, cidrs: readonly Cidr[], causes: Cause[]): FamilyName[] {
  const before = causes.length;
  const available = cidrs.map(nameOf);
  const ips = isHeadless(spec) ? [] : (spec.clusterIPs ?? []);
  const families = [...(spec.ipFamilies ?? [])];
  for (const [values, words] of [[ips, 'cluster IPs'] as const, [families, 'IP families'] as const]) {
    if (policy !== 'SingleStack' || values.length < 2) continue;
    const why = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${words} are specified`;
    causes.push(invalidValue(POLICY, policy, why));
  }
  // An address says which family is meant.
  for (const [i, text] of ips.entries()) {
    if (i < families.length) continue;
    const family = nameOf(Ip.parse(text)!);
    if (available.includes(family)) families.push(family);
    else causes.push(invalidValue(`spec.clusterIPs[${i}]`, ips, `${family} is not configured on this cluster`));
  }
  if (causes.length > before) return families;
  const wanted = policy === 'SingleStack' ? 1 : 2;
  if (isFree(spec)) {
    const first = families[0] ?? available[0]!;
    return [...new Set([first, ...families, other(first)])].slice(0, Math.max(wanted, families.length));
  }
  if (policy === 'RequireDualStack' && available.length < 2)
    causes.push(invalidValue(POLICY, policy, 'this cluster is not configured for dual-stack services'));
  for (const [i, family] of families.entries()) {
    if (!available.includes(family))
      causes.push(invalidValue(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'));
  }
  return [...new Set([...families, ...available])].slice(0, Math.max(wanted, families.length));
}

function chooseAddress(service: Service, cidr: Cidr, inUse: AddressesInUse, causes: Cause[]): string {
  const ip = freeAddress(cidr, service.metadata.uid ?? '', text => inUse.taken(text, service));
  if (ip) return ip.toString();
  const why = `failed to allocate a serviceIP: range is full: all addresses of ${cidr} are in use`;
  causes.push(invalidValue('spec.clusterIPs', [], why));
  return '';
}

/** An address that somebody chose; validation has seen that it is of the right family. */
function checkAddress(given: string, service: Service, cidr: Cidr, inUse: AddressesInUse, causes: Cause[]): string {
  const ip = Ip.of(given);
  const text = ip.toString();
  const wrong = !cidr.contains(ip)
    ? `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${cidr}`
    : inUse.taken(text, service) && 'provided IP is already allocated';
  if (wrong) {
    const why = `failed to allocate IP ${ip}: ${wrong}`;
    causes.push(invalidValue('spec.clusterIPs', service.spec.clusterIPs ?? [given], why));
  }
  return text;
}
