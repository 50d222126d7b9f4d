/** The text of values in nftables, as Debian's nft 1.0.6 prints it, and the order in which it sorts them. Knows types, not rules. */

import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import { parseMac } from '../net/mac.js';
import type { DataType, Field, Value } from './nft-objects.js';

/** What a field holds: the types of sets, and those that only occur in rules. */
export type ValueType =
  | DataType
  | 'ct_status'
  | 'ct_dir'
  | 'ether_type'
  | 'pkt_type'
  | 'fib_addrtype'
  | 'boolean'
  | 'tcp_flag'
  | 'icmp_type'
  | 'icmpv6_type'
  | 'arp_op'
  | 'integer';

export const FIELD_TYPES: Readonly<Record<Field, ValueType>> = {
  'ip saddr': 'ipv4_addr',
  'ip daddr': 'ipv4_addr',
  'ip protocol': 'inet_proto',
  'ip6 saddr': 'ipv6_addr',
  'ip6 daddr': 'ipv6_addr',
  'ip6 nexthdr': 'inet_proto',
  'ether saddr': 'ether_addr',
  'ether daddr': 'ether_addr',
  'ether type': 'ether_type',
  'arp saddr ip': 'ipv4_addr',
  'arp daddr ip': 'ipv4_addr',
  'arp saddr ether': 'ether_addr',
  'arp operation': 'arp_op',
  'th sport': 'inet_service',
  'th dport': 'inet_service',
  'tcp sport': 'inet_service',
  'tcp dport': 'inet_service',
  'tcp flags': 'tcp_flag',
  'udp sport': 'inet_service',
  'udp dport': 'inet_service',
  'icmp type': 'icmp_type',
  'icmpv6 type': 'icmpv6_type',
  'meta iifname': 'ifname',
  'meta oifname': 'ifname',
  'meta l4proto': 'inet_proto',
  'meta nfproto': 'nf_proto',
  'meta mark': 'mark',
  'meta protocol': 'ether_type',
  'meta pkttype': 'pkt_type',
  'ct state': 'ct_state',
  'ct status': 'ct_status',
  'ct mark': 'mark',
  'ct direction': 'ct_dir',
  'ct original ip saddr': 'ipv4_addr',
  'ct original ip daddr': 'ipv4_addr',
  'ct original ip6 saddr': 'ipv6_addr',
  'ct original ip6 daddr': 'ipv6_addr',
  'ct original proto-dst': 'inet_service',
  'ct original protocol': 'inet_proto',
  'ct reply ip saddr': 'ipv4_addr',
  'ct reply ip6 saddr': 'ipv6_addr',
  'ct reply proto-src': 'inet_service',
  'fib daddr type': 'fib_addrtype',
  'fib saddr . iif oif': 'boolean',
};

/** Names of single values: include/uapi/linux/{in,if_ether,if_packet,icmp,icmpv6,rtnetlink}.h in nft's spelling. */
const NAMES: Partial<Record<ValueType, Readonly<Record<number, string>>>> = {
  inet_proto: {
    1: 'icmp',
    2: 'igmp',
    4: 'ipencap',
    6: 'tcp',
    17: 'udp',
    47: 'gre',
    50: 'esp',
    58: 'ipv6-icmp',
    132: 'sctp',
  },
  nf_proto: { 2: 'ipv4', 10: 'ipv6' },
  ct_dir: { 0: 'original', 1: 'reply' },
  ether_type: { 2048: 'ip', 2054: 'arp', 33024: '8021q', 34525: 'ip6' },
  pkt_type: { 0: 'host', 1: 'broadcast', 2: 'multicast', 3: 'other' },
  fib_addrtype: {
    0: 'unspec',
    1: 'unicast',
    2: 'local',
    3: 'broadcast',
    4: 'anycast',
    5: 'multicast',
    6: 'blackhole',
    7: 'unreachable',
    8: 'prohibit',
  },
  boolean: { 0: 'missing', 1: 'exists' },
  icmp_type: {
    0: 'echo-reply',
    3: 'destination-unreachable',
    4: 'source-quench',
    5: 'redirect',
    8: 'echo-request',
    9: 'router-advertisement',
    10: 'router-solicitation',
    11: 'time-exceeded',
    12: 'parameter-problem',
    13: 'timestamp-request',
    14: 'timestamp-reply',
  },
  icmpv6_type: {
    1: 'destination-unreachable',
    2: 'packet-too-big',
    3: 'time-exceeded',
    4: 'parameter-problem',
    128: 'echo-request',
    129: 'echo-reply',
    130: 'mld-listener-query',
    131: 'mld-listener-report',
    132: 'mld-listener-done',
    133: 'nd-router-solicit',
    134: 'nd-router-advert',
    135: 'nd-neighbor-solicit',
    136: 'nd-neighbor-advert',
    137: 'nd-redirect',
    138: 'router-renumbering',
    141: 'ind-neighbor-solicit',
    142: 'ind-neighbor-advert',
    143: 'mld2-listener-report',
  },
  arp_op: { 1: 'request', 2: 'reply' },
};

/** Names of bits, lowest first: linux/netfilter/nf_conntrack_common.h, RFC 9293 §3.1. A missing name has a number instead. */
const BITS: Partial<Record<ValueType, readonly (readonly [number, string])[]>> = {
  ct_state: [
    [1, 'invalid'],
    [2, 'established'],
    [4, 'related'],
    [8, 'new'],
    [64, 'untracked'],
  ],
  ct_status: [
    [1, 'expected'],
    [2, 'seen-reply'],
    [4, 'assured'],
    [8, 'confirmed'],
    [16, 'snat'],
    [32, 'dnat'],
    [512, 'dying'],
  ],
  tcp_flag: [
    [1, 'fin'],
    [2, 'syn'],
    [4, 'rst'],
    [8, 'psh'],
    [16, 'ack'],
    [32, 'urg'],
    [64, 'ecn'],
    [128, 'cwr'],
  ],
};

/** Any spelling of a value in its one text: a number or a name gives the name, a full-length Cidr its address. */
export function formatValue(value: Value, type: ValueType | undefined): string {
  if (value instanceof Ip) return value.toString();
  if (value instanceof Cidr) return value.prefix === value.ip.bytes.length * 8 ? value.ip.toString() : value.toString();
  if (typeof value === 'object') return `${formatValue(value.from, type)}-${formatValue(value.to, type)}`;
  if (value === '*') return '*';
  if (type === 'ifname') return `"${value}"`;
  const number = numberOf(value, type);
  if (number === undefined) return String(value);
  if (type === 'mark') return `0x${number.toString(16).padStart(8, '0')}`;
  const bits = type && BITS[type];
  if (bits) return number === 0 ? '0x0' : bitNames(number, bits);
  return (type && NAMES[type]?.[number]) ?? String(number);
}

/** The number behind a value's name (`tcp`, `established,related`, `local`), or undefined when there is none. */
export function numberOf(value: number | string, type: ValueType | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (/^(0x[0-9a-f]+|\d+)$/i.test(value)) return Number(value);
  const bits = type && BITS[type];
  if (bits) {
    let sum = 0;
    for (const name of value.split(',')) {
      const bit = bits.find(([, text]) => text === name);
      if (!bit) return undefined;
      sum |= bit[0];
    }
    return sum;
  }
  const found = Object.entries((type && NAMES[type]) ?? {}).find(([, name]) => name === value);
  return found && Number(found[0]);
}

function bitNames(number: number, bits: readonly (readonly [number, string])[]): string {
  const names: string[] = [];
  let rest = number;
  for (const [bit, name] of bits) {
    if (!(rest & bit)) continue;
    names.push(name);
    rest &= ~bit;
  }
  if (rest) names.push(`0x${rest.toString(16)}`);
  return names.join(',');
}

/**
 * Text that sorts as nft 1.0.6 sorts elements: a single value by its number, a catch-all last, a concatenation from
 * its last byte to its first (nft takes the register's bytes for one little-endian number), and names of links likewise.
 */
export function sortKey(values: readonly Value[], types: readonly DataType[]): string {
  if (values[0] === '*') return '~';
  if (values.length > 1) return hex(values.flatMap((value, i) => padded(bytesOf(value, types[i]))).reverse());
  const bytes = bytesOf(values[0]!, types[0]);
  return hex(hostOrder(types[0]) ? bytes.reverse() : bytes);
}

const hostOrder = (type: DataType | undefined) => type === 'mark' || type === 'ct_state' || type === 'ifname';

/** In the byte order of the register: network order for headers' fields, little-endian for host-order types. */
function bytesOf(value: Value, type: DataType | undefined): number[] {
  if (value instanceof Ip) return [...value.bytes];
  if (value instanceof Cidr) return [...value.ip.bytes];
  if (typeof value === 'object') return bytesOf(value.from, type);
  if (type === 'ether_addr') return [...(parseMac(String(value)) ?? [])];
  if (type === 'ifname') return Array.from({ length: 16 }, (_, i) => String(value).charCodeAt(i) || 0);
  const number = numberOf(value, type) ?? 0;
  if (type === 'inet_proto' || type === 'nf_proto') return [number];
  if (type === 'inet_service') return [number >> 8, number & 0xff];
  return [number & 0xff, (number >> 8) & 0xff, (number >> 16) & 0xff, number >>> 24];
}

/** Every part of a concatenation starts at a 32-bit register. */
function padded(bytes: number[]): number[] {
  while (bytes.length % 4) bytes.push(0);
  return bytes;
}

const hex = (bytes: readonly number[]) => bytes.map(byte => byte.toString(16).padStart(2, '0')).join('');

/** How many elements of a set nft prints on one line. */
export function perLine(types: readonly DataType[]): number {
  if (types.length > 1) return 1;
  switch (types[0]) {
    case 'inet_proto':
    case 'inet_service':
    case 'mark':
    case 'nf_proto':
      return 5;
    case 'ipv4_addr':
    case 'ct_state':
      return 2;
    default:
      return 1;
  }
}
