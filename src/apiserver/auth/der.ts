/** DER (ITU-T X.690) as far as certificates need it, writing only. Knows tags and lengths, no certificate. */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Tag, length in the shortest form, content. */
function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? (length > 0xffff ? 6 : 4) : 2, '0'), 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length), bytes, content]);
}

export const sequence = (...items: readonly Buffer[]): Buffer => tlv(TAG.sequence, Buffer.concat(items));
export const set = (...items: readonly Buffer[]): Buffer => tlv(TAG.set, Buffer.concat(items));
export const boolean = (value: boolean): Buffer => tlv(TAG.boolean, Buffer.of(value ? 0xff : 0));
export const octets = (content: Buffer): Buffer => tlv(TAG.octets, content);
export const utf8 = (text: string): Buffer => tlv(TAG.utf8, Buffer.from(text));

/** An unsigned number, most significant byte first. */
export function integer(magnitude: Buffer): Buffer {
  let first = 0;
  while (first < magnitude.length - 1 && magnitude[first] === 0) first++;
  const digits = magnitude.subarray(first);
  // A set top bit would make it negative.
  return tlv(TAG.integer, digits[0]! & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/** A bit string of whole bytes, of which the last `unused` bits do not count. */
export const bits = (content: Buffer, unused = 0): Buffer => tlv(TAG.bits, Buffer.concat([Buffer.of(unused), content]));

/** `2.5.4.3`. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return tlv(TAG.oid, Buffer.from([40 * first! + second!, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}

/** UTCTime until 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5); whole seconds. */
export function time(date: Date): Buffer {
  const text = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  return date.getUTCFullYear() < 2050
    ? tlv(TAG.utcTime, Buffer.from(text.slice(2)))
    : tlv(TAG.generalTime, Buffer.from(text));
}

/** `[number]` around other values. */
export const explicit = (number: number, content: Buffer): Buffer => tlv(0xa0 | number, content);
/** `[number]` in place of a primitive value's own tag. */
export const implicit = (number: number, content: Buffer): Buffer => tlv(0x80 | number, content);
