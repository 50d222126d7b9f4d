/** The rules of an EndpointSlice, and which addresses no endpoint may have. */
import { Ip } from '../../net/ip.js';
import type { Endpoint, EndpointPort, EndpointSlice } from '../endpoint-slice.js';
import { duplicate, type FieldError, invalid, invalidEach, tooMany } from '../field-errors.js';
import { type Check, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../names.js';
import { duplicates, type Rule } from './rule.js';

const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;
const MAX_HINTS = 8;

export const endpointSliceRule: Rule<EndpointSlice> = ({ endpoints = [], ports = [], addressType }) => [
  ...(endpoints.length > MAX_ENDPOINTS
    ? [tooMany('endpoints', endpoints.length, MAX_ENDPOINTS)]
    : endpoints.flatMap((endpoint, i) => endpointErrors(endpoint, addressType, `endpoints[${i}]`))),
  ...(ports.length > MAX_PORTS ? [tooMany('ports', ports.length, MAX_PORTS)] : portListErrors(ports)),
];

function endpointErrors(endpoint: Endpoint, type: EndpointSlice['addressType'], path: string): FieldError[] {
  const { addresses = [], hostname, nodeName, hints } = endpoint;
  const errors: FieldError[] = [];
  if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(`${path}.addresses`, addresses.length, MAX_ADDRESSES));
  addresses.forEach((address, i) => {
    errors.push(...addressErrors(type, address, `${path}.addresses[${i}]`));
  });
  if (hostname) errors.push(...invalidEach(`${path}.hostname`, hostname, dnsLabel(hostname)));
  if (nodeName) errors.push(...invalidEach(`${path}.nodeName`, nodeName, dnsSubdomain(nodeName)));
  return [
    ...errors,
    ...hintErrors(hints?.forZones, labelValue, `${path}.hints.forZones`),
    ...hintErrors(hints?.forNodes, dnsSubdomain, `${path}.hints.forNodes`),
  ];
}

function hintErrors(hints: readonly { readonly name: string }[] = [], check: Check, path: string): FieldError[] {
  if (hints.length > MAX_HINTS) return [tooMany(path, hints.length, MAX_HINTS)];
  const at = (i: number) => `${path}[${i}].name`;
  return [
    ...duplicates(hints, hint => hint.name, at),
    ...hints.flatMap(({ name }, i) => (name ? invalidEach(at(i), name, check(name)) : [])),
  ];
}

function portListErrors(ports: readonly EndpointPort[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports.forEach(({ name = '', appProtocol }, i) => {
    if (name) errors.push(...invalidEach(`ports[${i}].name`, name, dnsLabel(name)));
    // No name is a name, too: a second port without one could not be told from the first.
    if (names.has(name)) errors.push(duplicate(`ports[${i}].name`, name));
    names.add(name);
    if (appProtocol) errors.push(...invalidEach(`ports[${i}].appProtocol`, appProtocol, qualifiedName(appProtocol)));
  });
  return errors;
}

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
