/** nftables' data types: their numbers, sizes, byte orders, and values as bytes. Knows values, no rules. */

import type { DataType, Value } from '../../kernel/nft-objects.js';
import { formatValue, numberOf, type ValueType } from '../../kernel/nft-values.js';
import { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import { formatMac, parseMac } from '../../net/mac.js';
import { cString, LITTLE_ENDIAN, Writer } from '../../wire/netlink-attributes.js';

interface TypeInfo {
  /** nft's enum datatypes, by which it prints values. */
  readonly id: number;
  readonly size: number;
  /** How the register holds it: a header's bytes, a number of the host, or characters. */
  readonly form: 'bytes' | 'big' | 'host' | 'text';
}

const TYPES: Readonly<Record<ValueType, TypeInfo>> = {
  nf_proto: { id: 2, size: 1, form: 'big' },
  ipv4_addr: { id: 7, size: 4, form: 'bytes' },
  ipv6_addr: { id: 8, size: 16, form: 'bytes' },
  ether_addr: { id: 9, size: 6, form: 'bytes' },
  inet_proto: { id: 12, size: 1, form: 'big' },
  inet_service: { id: 13, size: 2, form: 'big' },
  mark: { id: 19, size: 4, form: 'host' },
  ct_state: { id: 26, size: 4, form: 'host' },
  ifname: { id: 41, size: 16, form: 'text' },
  ct_status: { id: 28, size: 4, form: 'host' },
  ct_dir: { id: 27, size: 1, form: 'big' },
  ether_type: { id: 10, size: 2, form: 'big' },
  arp_op: { id: 11, size: 2, form: 'big' },
  pkt_type: { id: 31, size: 1, form: 'big' },
  fib_addrtype: { id: 38, size: 4, form: 'host' },
  boolean: { id: 39, size: 4, form: 'host' },
  tcp_flag: { id: 15, size: 1, form: 'big' },
  icmp_type: { id: 14, size: 1, form: 'big' },
  icmpv6_type: { id: 29, size: 1, form: 'big' },
  integer: { id: 4, size: 4, form: 'host' },
};

/** Types whose values are sets of bits: comparing one by `==` asks whether any of them is there. */
export const BIT_TYPES: ReadonlySet<ValueType> = new Set(['ct_state', 'ct_status', 'tcp_flag']);

/** A value that does not fit its type: the kernel would say EINVAL, so does whoever catches this. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

export const sizeOf = (type: ValueType) => TYPES[type].size;
export const isHostOrder = (type: ValueType) => TYPES[type].form === 'host';
export const isNetworkOrder = (type: ValueType) => TYPES[type].form === 'big' || TYPES[type].form === 'bytes';
/** Bytes that a value takes in registers and in concatenations. */
export const paddedSize = (type: ValueType) => (TYPES[type].size + 3) & ~3;

/** nft's number for a key: six bits for each part of a concatenation. */
export function typeId(types: readonly ValueType[]): number {
  return types.reduce((id, type) => (id << 6) | TYPES[type].id, 0);
}

const SET_TYPES: readonly DataType[] = [
  'nf_proto',
  'ipv4_addr',
  'ipv6_addr',
  'ether_addr',
  'inet_proto',
  'inet_service',
  'mark',
  'ct_state',
  'ifname',
];
const BY_ID = new Map(SET_TYPES.map(type => [TYPES[type].id, type]));

/** Undefined when a part is of a type that we have no word for. */
export function typesOfId(id: number): DataType[] | undefined {
  const types: (DataType | undefined)[] = [];
  for (let rest = id; rest; rest >>>= 6) types.unshift(BY_ID.get(rest & 63));
  return types.length && types.every(type => type !== undefined) ? (types as DataType[]) : undefined;
}

/** Appends one value in its own size. Throws ValueError. */
export function writeValue(w: Writer, type: ValueType, value: Value): void {
  const { size, form } = TYPES[type];
  switch (form) {
    case 'big':
    case 'host': {
      const number = typeof value === 'number' ? value : numeric(type, value);
      if (number !== number >>> 0 || (size < 4 && number >>> (8 * size))) throw unfit(type, value);
      if (form === 'host') w.u32(number);
      else if (size === 1) w.u8(number);
      else w.be16(number);
      return;
    }
    case 'bytes': {
      if (type === 'ipv4_addr' && value instanceof Ip && value.v4 !== undefined) {
        w.be32(value.v4);
        return;
      }
      const bytes = value instanceof Ip ? value.bytes : type === 'ether_addr' ? parseMac(String(value)) : undefined;
      if (bytes?.length !== size) throw unfit(type, value);
      w.raw(bytes);
      return;
    }
    case 'text': {
      const start = w.length;
      w.text(String(value));
      if (w.length - start >= size) throw unfit(type, value);
      w.reserve(start + size - w.length);
    }
  }
}

/** As `writeValue`, filled with zeros to whole registers; it begins at a multiple of four, as all attributes do. */
export function writePadded(w: Writer, type: ValueType, value: Value): void {
  writeValue(w, type, value);
  w.pad();
}

export function valueBytes(type: ValueType, value: Value): Uint8Array {
  const w = new Writer(16);
  writeValue(w, type, value);
  return w.bytes;
}

/** The value in bytes of the type's size; shorter ones read as their beginning. Names where nft has names. */
export function readValue(type: ValueType, bytes: Uint8Array): Value {
  const { size, form } = TYPES[type];
  if (form === 'text') return cString(bytes);
  if (form === 'bytes') return type === 'ether_addr' ? formatMac(bytes.subarray(0, 6)) : new Ip(bytes.slice(0, size));
  const number =
    form === 'host' ? hostNumber(bytes) : size === 1 ? (bytes[0] ?? 0) : 256 * (bytes[0] ?? 0) + (bytes[1] ?? 0);
  return NUMBERS.has(type) ? number : named(type, number);
}

/** Types that are plain numbers in kernel/nft-objects.ts. */
const NUMBERS: ReadonlySet<ValueType> = new Set(['inet_proto', 'inet_service', 'mark', 'integer']);

function named(type: ValueType, number: number): Value {
  const name = formatValue(number, type);
  return /^\d|^0x/.test(name) ? number : name;
}

export function hostNumber(bytes: Uint8Array): number {
  return bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, LITTLE_ENDIAN);
}

/** Parts of a concatenation, each at a 32-bit boundary. */
export function readValues(types: readonly ValueType[], bytes: Uint8Array): Value[] {
  let at = 0;
  return types.map(type => {
    const start = at;
    at += paddedSize(type);
    return readValue(type, bytes.subarray(start, start + sizeOf(type)));
  });
}

/** The first and last value that a single value, a prefix or a range stands for. */
export function bounds(value: Value): readonly [Value, Value] {
  if (value instanceof Cidr) return [value.ip, value.last];
  return typeof value === 'object' && !(value instanceof Ip) ? [value.from, value.to] : [value, value];
}

/** The shortest way to say an inclusive range: one value, a prefix, or from - to. */
export function fromBounds(from: Value, to: Value): Value {
  if (String(from) === String(to)) return from;
  if (!(from instanceof Ip) || !(to instanceof Ip)) return { from: from as number, to: to as number };
  for (let prefix = 0; prefix < from.bytes.length * 8; prefix++) {
    const cidr = Cidr.containing(from, prefix);
    if (cidr.ip.equals(from) && cidr.last.equals(to)) return cidr;
  }
  return { from, to };
}

function numeric(type: ValueType, value: Value): number {
  const number = typeof value === 'string' ? numberOf(value, type) : undefined;
  if (number === undefined) throw unfit(type, value);
  return number;
}

function unfit(type: ValueType, value: Value): ValueError {
  return new ValueError(`${formatValue(value, type)} is no ${type}`);
}
