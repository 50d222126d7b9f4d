/** The rules of an EndpointSlice, and which addresses no endpoint may have. */
import { Ip } from '../../net/ip.js';
import type { EndpointSlice } from '../endpoint-slice.js';
import { type FieldError, invalid, invalidEach, missing, tooMany } from '../field-errors.js';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../names.js';
import { duplicates, type Rule } from './rule.js';

const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;

export const endpointSliceRule: Rule<EndpointSlice> = slice => {
  const { endpoints = [], ports = [], addressType } = slice;
  const errors: FieldError[] = [];
  if (endpoints.length > MAX_ENDPOINTS) errors.push(tooMany('endpoints', endpoints.length, MAX_ENDPOINTS));
  endpoints.forEach(({ addresses = [], hostname }, i) => {
    if (addresses.length > MAX_ADDRESSES)
      errors.push(tooMany(`endpoints[${i}].addresses`, addresses.length, MAX_ADDRESSES));
    addresses.forEach((address, n) => {
      errors.push(...addressErrors(addressType, address, `endpoints[${i}].addresses[${n}]`));
    });
    if (hostname) errors.push(...invalidEach(`endpoints[${i}].hostname`, hostname, dnsLabel(hostname)));
  });
  if (ports.length > MAX_PORTS) errors.push(tooMany('ports', ports.length, MAX_PORTS));
  ports.forEach(({ name, appProtocol }, i) => {
    if (name) errors.push(...invalidEach(`ports[${i}].name`, name, dnsLabel(name)));
    if (appProtocol) errors.push(...invalidEach(`ports[${i}].appProtocol`, appProtocol, qualifiedName(appProtocol)));
  });
  if (ports.length > 1 && ports.filter(port => !port.name).length > 1) errors.push(missing('ports[1].name'));
  return [
    ...errors,
    ...duplicates(
      ports,
      port => port.name,
      i => `ports[${i}].name`,
    ),
  ];
};

function addressErrors(type: EndpointSlice['addressType'], address: string, path: string): FieldError[] {
  if (type === 'FQDN') return invalidEach(path, address, dnsSubdomain(address.replace(/\.$/, '')));
  const ip = Ip.parse(address);
  if (type === 'IPv4' && ip?.family !== 4) return [invalid(path, address, 'must be an IPv4 address')];
  // The dotted form of IPv6 would put an IPv4 address past the checks of its family (CVE-2021-25740's kin).
  if (type === 'IPv6' && (ip?.family !== 6 || !address.includes(':')))
    return [invalid(path, address, 'must be an IPv6 address')];
  if (type === 'IPv4' && address.includes(':')) return [invalid(path, address, 'must be an IPv4 address')];
  return nonSpecialIp(address, path);
}

/** Addresses by which traffic could be turned at the node itself or at everybody: never an endpoint. An IPv4-mapped address counts as the IPv4 one. */
export function nonSpecialIp(address: string, path: string): FieldError[] {
  const ip = Ip.parse(address);
  if (!ip) return [invalid(path, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  const [a, b] = ip.bytes as unknown as [number, number];
  const [errors, four] = [[] as string[], ip.family === 4];
  if (ip.bytes.every(byte => byte === 0)) errors.push(`may not be unspecified (${four ? '0.0.0.0' : '::'})`);
  if (four ? a === 127 : ip.toString() === '::1')
    errors.push('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (four ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80)
    errors.push('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  const local = four ? a === 224 && b === 0 && ip.bytes[2] === 0 : a === 0xff && (b & 0x0f) === 2;
  if (local) errors.push('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  else if (four ? a >= 224 && a < 240 : a === 0xff)
    errors.push('may not be a multicast address (224.0.0.0/4, ff00::/8)');
  return invalidEach(path, address, errors);
}
