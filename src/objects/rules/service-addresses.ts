/** The rules of a Service's cluster IPs and IP families, and how an update may change them. Knows no ranges. */
import { Ip } from '../../net/ip.js';
import { type FieldError, forbidden, invalid, invalidEach } from '../field-errors.js';
import { ipAddress } from '../names.js';
import type { Service, ServiceSpec } from '../service.js';
import { duplicates } from './rule.js';

export function clusterIPErrors(spec: ServiceSpec, path: string): FieldError[] {
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], type } = spec;
  if (type === 'ExternalName') {
    return (['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const)
      .filter(key => spec[key]?.length)
      .map(key => forbidden(`${path}.${key}`, 'may not be set for ExternalName services'));
  }
  const at = `${path}.clusterIPs`;
  const ips = clusterIPs.length > 0 ? clusterIPs : [clusterIP].filter(Boolean);
  const errors: FieldError[] = [];
  if (ips.length > 0 && !clusterIP) errors.push(invalid(at, ips, 'must be empty when `clusterIP` is not specified'));
  else if (ips.length > 0 && clusterIP !== ips[0]) errors.push(invalid(at, ips, 'first value must match `clusterIP`'));
  errors.push(
    ...duplicates(
      ipFamilies,
      family => family,
      i => `${path}.ipFamilies[${i}]`,
    ),
  );
  const headless = ips[0] === 'None';
  if (headless && type !== 'ClusterIP')
    errors.push(invalid(`${at}[0]`, 'None', `may not be set to 'None' for ${type} services`));
  const malformed = headless && ips.length > 1 ? [invalid(at, ips, "'None' must be the first and only value")] : [];
  ips.forEach((ip, i) => {
    if (i > 0 || !headless) malformed.push(...invalidEach(`${at}[${i}]`, ip, ipAddress(ip)));
  });
  errors.push(...malformed);
  if (ips.length > 2) errors.push(invalid(at, ips, 'may only hold up to 2 values'));
  if (ipFamilies.length > 2) errors.push(invalid(`${path}.ipFamilies`, ipFamilies, 'may only hold up to 2 values'));
  // What is no address has no family to speak of.
  if (malformed.length > 0 || headless) return errors;
  const families = ips.map(familyOf);
  if (ips.length > 1 && new Set(families).size === 1)
    errors.push(invalid(at, ips, 'may specify no more than one IP for each IP family'));
  families.forEach((family, i) => {
    const wanted = ipFamilies[i];
    if (wanted && wanted !== family)
      errors.push(invalid(`${at}[${i}]`, ips[i], `expected an ${wanted} value as indicated by \`ipFamilies[${i}]\``));
  });
  return errors;
}

/** The first address and family stay for good; a second one may come, and go when the policy says SingleStack. */
export function addressChangeErrors(next: Service, old: Service): FieldError[] {
  if (next.spec.type === 'ExternalName' || old.spec.type === 'ExternalName') return [];
  const [before, after] = [isHeadless(old), isHeadless(next)];
  return [
    ...(before && after ? [] : changeErrors('clusterIPs', 'clusterIP', next, old)),
    ...(before || after ? [] : changeErrors('ipFamilies', 'ipFamily', next, old)),
  ];
}

function changeErrors(
  field: 'clusterIPs' | 'ipFamilies',
  word: string,
  { spec }: Service,
  { spec: old }: Service,
): FieldError[] {
  const [next, was]: readonly (readonly string[])[] = [spec[field] ?? [], old[field] ?? []];
  const at = `spec.${field}`;
  if (was!.length > 0 && next!.length === 0) return [invalid(`${at}[0]`, next, `primary ${word} can not be unset`)];
  const shared = was!.length === next!.length ? was!.length : Math.min(1, was!.length);
  const errors = was!
    .slice(0, shared)
    .flatMap((value, i) => (next![i] === value ? [] : [invalid(`${at}[${i}]`, next, 'may not change once set')]));
  if (next!.length < was!.length && spec.ipFamilyPolicy !== 'SingleStack') {
    const why = `must be set to 'SingleStack' when releasing the secondary ${word}`;
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, why));
  }
  return errors;
}

const isHeadless = ({ spec }: Service) => spec.clusterIPs?.[0] === 'None';

function familyOf(text: string): 'IPv4' | 'IPv6' {
  return Ip.parse(text)?.family === 6 ? 'IPv6' : 'IPv4';
}
