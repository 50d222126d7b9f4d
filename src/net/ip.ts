/** An IPv4 or IPv6 address as a value. Knows its bytes and its canonical text; knows nothing of interfaces or scopes. */

export type Family = 4 | 6;

/**
 * An immutable address.
 * Two addresses are equal when their canonical texts are: use `toString()` as a Map key.
 */
export class Ip {
  readonly family: Family;
  /** IPv4 as a number: an agent may know 60,000 of them, and so many arrays of four bytes would be 13 MB. */
  private readonly value: number | Uint8Array;
  #text: string | undefined;

  /** From 4 or 16 bytes in network byte order, or an IPv4 address from its number, 0..2^32-1. */
  constructor(value: Uint8Array | number) {
    if (typeof value !== 'number' && value.length !== 4 && value.length !== 16)
      throw new RangeError(`an address has 4 or 16 bytes, not ${value.length}`);
    this.value = typeof value !== 'number' && value.length === 4 ? number4(value) : value;
    this.family = typeof this.value === 'number' ? 4 : 6;
  }

  /** 4 or 16 bytes in network byte order. */
  get bytes(): Uint8Array {
    const { value } = this;
    if (typeof value !== 'number') return value;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return bytes;
  }

  /** An IPv4 address as a number, 0..2^32-1; undefined for IPv6. */
  get v4(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }

  /**
   * Strict: dotted quad without leading zeros, or RFC 4291 text without a zone. An IPv4-mapped IPv6 address
   * (`::ffff:a.b.c.d`) becomes the IPv4 address, so that no check can be passed in disguise (CVE-2024-24790).
   * Returns undefined for anything else.
   */
  static parse(text: string): Ip | undefined {
    if (text.includes(':')) {
      const bytes = parse6(text);
      return bytes && new Ip(unmap(bytes));
    }
    const number = parse4(text);
    if (number === undefined) return undefined;
    const ip = new Ip(number);
    // IPv4 has one spelling, so this is the canonical text.
    ip.#text = text;
    return ip;
  }

  /** Like `parse`, for constants: throws a RangeError on text that is no address. */
  static of(text: string): Ip {
    const ip = Ip.parse(text);
    if (!ip) throw new RangeError(`not an IP address: '${text}'`);
    return ip;
  }

  static fromBigInt(value: bigint, family: Family): Ip {
    const bytes = new Uint8Array(family === 4 ? 4 : 16);
    for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
    return new Ip(bytes);
  }

  toBigInt(): bigint {
    let value = 0n;
    for (const byte of this.bytes) value = (value << 8n) | BigInt(byte);
    return value;
  }

  /** The address `offset` further on. Throws a RangeError beyond the family's last or first address. */
  plus(offset: bigint | number): Ip {
    const value = this.toBigInt() + BigInt(offset);
    if (value < 0n || value >> BigInt(this.bytes.length * 8)) throw new RangeError(`${this} + ${offset} is no address`);
    return Ip.fromBigInt(value, this.family);
  }

  equals(other: Ip): boolean {
    return this === other || this.compare(other) === 0;
  }

  /** IPv4 before IPv6, then by number. */
  compare(other: Ip): number {
    const [a, b] = [this.value, other.value];
    if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
    return typeof b === 'number' ? 1 : compareBytes(a, b);
  }

  /** Dotted quad, or the canonical form of RFC 5952. */
  toString(): string {
    return (this.#text ??= typeof this.value === 'number' ? this.bytes.join('.') : format6(this.value));
  }

  toJSON(): string {
    return this.toString();
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** By hand, not by a pattern: an agent reads 50,000 of these when it starts. */
function parse4(text: string): number | undefined {
  let number = 0;
  let octets = 0;
  let octet = -1;
  for (let i = 0; i <= text.length; i++) {
    const digit = i < text.length ? text.charCodeAt(i) - 48 : DOT;
    if (digit === DOT) {
      if (octet < 0 || octets++ === 4) return undefined;
      number = number * 256 + octet;
      octet = -1;
    } else {
      // After a leading zero comes no digit: some would read the rest as octal.
      if (digit < 0 || digit > 9 || octet === 0) return undefined;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return undefined;
    }
  }
  return octets === 4 ? number : undefined;
}

function number4(bytes: Uint8Array): number {
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

/** '.' counted from '0'. */
const DOT = -2;

function parse6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1]!, true) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  // RFC 4291 §2.2: "::" stands for one or more groups of zeros.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  [...head, ...new Array<number>(missing).fill(0), ...tail].forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  });
  return bytes;
}

/** The 16-bit groups of one side of "::"; only at the end of an address may a dotted quad stand for the last two. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const out: number[] = [];
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes('.')) {
      const quad = parse4(part);
      if (quad === undefined) return undefined;
      out.push(quad >>> 16, quad & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) out.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return out;
}

function unmap(bytes: Uint8Array): Uint8Array {
  const mapped =
    bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every(b => b === 0);
  return mapped ? bytes.slice(12) : bytes;
}

function format6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  // RFC 5952 §4.2: the longest run of two or more zero groups is shortened, the first of equals.
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
    if (end > i) i = end;
  }
  const hex = (part: number[]) => part.map(word => word.toString(16)).join(':');
  return start < 0 ? hex(words) : `${hex(words.slice(0, start))}::${hex(words.slice(start + length))}`;
}
