/** Which IP families and cluster IPs a Service gets (kubernetes.io: IPv4/IPv6 dual-stack). Pure but for asking what is taken. */

import type { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import type { Service, ServiceSpec } from '../../objects/kinds.js';
import { type Cause, invalidValue } from '../status.js';
import { freeAddress } from './free-address.js';
import type { AddressesInUse } from './in-use.js';

type FamilyName = 'IPv4' | 'IPv6';
type Policy = NonNullable<ServiceSpec['ipFamilyPolicy']>;

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
  if (spec.type === 'ExternalName') return spec;
  const before = causes.length;
  const families = chooseFamilies(spec, cidrs, causes);
  if (causes.length > before) return spec;
  const shape = { ...spec, ipFamilies: families, ipFamilyPolicy: policyOf(spec, cidrs) };
  if (isHeadless(spec)) return { ...shape, clusterIP: 'None', clusterIPs: ['None'] };
  const clusterIPs = families.map((family, i) => {
    const cidr = cidrs.find(range => nameOf(range) === family)!;
    const given = spec.clusterIPs?.[i];
    if (!given) return chooseAddress(service, cidr, inUse, causes);
    return given === old?.spec.clusterIPs?.[i] ? given : checkAddress(given, i, service, cidr, inUse, causes);
  });
  return { ...shape, clusterIP: clusterIPs[0], clusterIPs };
}

const nameOf = (of: { readonly family: number }): FamilyName => (of.family === 4 ? 'IPv4' : 'IPv6');

const isHeadless = (spec: ServiceSpec) => spec.clusterIPs?.[0] === 'None';

/** Absent means one family; a headless Service without a selector can have endpoints of any. */
function policyOf(spec: ServiceSpec, cidrs: readonly Cidr[]): Policy {
  if (spec.ipFamilyPolicy) return spec.ipFamilyPolicy;
  const free = isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;
  return free && cidrs.length > 1 && !spec.ipFamilies?.length ? 'RequireDualStack' : 'SingleStack';
}

function chooseFamilies(spec: ServiceSpec, cidrs: readonly Cidr[], causes: Cause[]): FamilyName[] {
  const available = cidrs.map(nameOf);
  const policy = policyOf(spec, cidrs);
  const explicit = spec.ipFamilies ?? [];
  const ips = isHeadless(spec) ? [] : (spec.clusterIPs ?? []);
  for (const [i, family] of explicit.entries()) {
    if (!available.includes(family))
      causes.push(invalidValue(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'));
  }
  if (policy === 'RequireDualStack' && available.length < 2) {
    causes.push(invalidValue('spec.ipFamilyPolicy', policy, 'this cluster is not configured for dual-stack services'));
  }
  const several = explicit.length > 1 ? 'ipFamilies' : ips.length > 1 ? 'clusterIPs' : undefined;
  if (!spec.ipFamilyPolicy && several) {
    const why = `must be RequireDualStack or PreferDualStack when multiple '${several}' are specified`;
    causes.push(invalidValue('spec.ipFamilyPolicy', null, why));
  }
  const implied = ips.flatMap(text => Ip.parse(text) ?? []).map(nameOf);
  const wanted = [...new Set([...(explicit.length > 0 ? explicit : implied), ...available])];
  return wanted.slice(0, policy === 'SingleStack' ? 1 : available.length);
}

function chooseAddress(service: Service, cidr: Cidr, inUse: AddressesInUse, causes: Cause[]): string {
  const ip = freeAddress(cidr, service.metadata.uid ?? '', text => inUse.taken(text, service));
  if (ip) return ip.toString();
  causes.push(
    invalidValue(
      'spec.clusterIPs',
      [],
      `failed to allocate a serviceIP: range is full: all addresses of ${cidr} are in use`,
    ),
  );
  return '';
}

function checkAddress(
  given: string,
  i: number,
  service: Service,
  cidr: Cidr,
  inUse: AddressesInUse,
  causes: Cause[],
): string {
  const ip = Ip.parse(given);
  const wrong = (why: string, field = 'spec.clusterIPs') => {
    causes.push(invalidValue(field, service.spec.clusterIPs ?? [given], why));
    return given;
  };
  if (ip?.family !== cidr.family)
    return wrong(`expected an ${nameOf(cidr)} value as indicated by \`ipFamilies[${i}]\``, `spec.clusterIPs[${i}]`);
  if (!cidr.contains(ip)) {
    return wrong(
      `failed to allocate IP ${ip}: the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${cidr}`,
    );
  }
  return inUse.taken(ip.toString(), service)
    ? wrong(`failed to allocate IP ${ip}: provided IP is already allocated`)
    : ip.toString();
}
