/** Type-length-value attributes of netlink (struct nlattr): a writer that grows, a reader that never leaves its bytes. */

/** Netlink is in host byte order, which JavaScript shows only through a typed array. */
export const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** linux/netlink.h: the attribute holds attributes. */
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
const NLA_HDRLEN = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Appends to one growing array; numbers are in host byte order unless the name says `be` (network byte order). */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 4096) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Begins anew in the same memory. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#length);
    this.#length = 0;
  }

  /** Makes room for `size` zero bytes and returns where they begin. */
  reserve(size: number): number {
    const at = this.#length;
    const end = at + size;
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, end));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    this.#length = end;
    return at;
  }

  /**
   * Appends a copy of the last `size` bytes and goes on `from` bytes into it: what is written next takes the place of what
   * is there. The caller ends where the copy does.
   */
  repeat(size: number, from: number): this {
    const at = this.reserve(size);
    this.#bytes.copyWithin(at, at - size, at);
    this.#length = at + from;
    return this;
  }

  u8(value: number): this {
    const at = this.reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.reserve(2);
    this.#view.setUint16(at, value, LITTLE_ENDIAN);
    return this;
  }

  u32(value: number): this {
    const at = this.reserve(4);
    this.#view.setUint32(at, value, LITTLE_ENDIAN);
    return this;
  }

  be16(value: number): this {
    const at = this.reserve(2);
    this.#view.setUint16(at, value);
    return this;
  }

  be32(value: number): this {
    const at = this.reserve(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** Up to 2^53 - 1. */
  be64(value: number): this {
    return this.be32(Math.floor(value / 2 ** 32)).be32(value >>> 0);
  }

  raw(bytes: Uint8Array): this {
    const { length } = bytes;
    const at = this.reserve(length);
    // Addresses and headers are too short for `set` to pay.
    if (length > 32) this.#bytes.set(bytes, at);
    else for (let i = 0; i < length; i++) this.#bytes[at + i] = bytes[i]!;
    return this;
  }

  text(value: string): this {
    return this.raw(encoder.encode(value));
  }

  /** Zeros up to the next multiple of four, which every attribute and message begins at. */
  pad(): this {
    this.reserve(-this.length & 3);
    return this;
  }

  /** Opens an attribute; `end` with what it returned closes it. `type` without flags. */
  begin(type: number): number {
    const at = this.reserve(NLA_HDRLEN);
    this.#view.setUint16(at + 2, type, LITTLE_ENDIAN);
    return at;
  }

  /** Like `begin`, for an attribute made of attributes. */
  beginNested(type: number): number {
    return this.begin(type | NLA_F_NESTED);
  }

  end(at: number): this {
    this.#view.setUint16(at, this.length - at, LITTLE_ENDIAN);
    return this.pad();
  }

  /** Overwrites four bytes that were written before: a message's length. */
  patch32(at: number, value: number): void {
    this.#view.setUint32(at, value, LITTLE_ENDIAN);
  }

  u8Attr(type: number, value: number): this {
    return this.end(open(this, type, w => w.u8(value)));
  }

  u16Attr(type: number, value: number): this {
    return this.end(open(this, type, w => w.u16(value)));
  }

  u32Attr(type: number, value: number): this {
    return this.end(open(this, type, w => w.u32(value)));
  }

  be16Attr(type: number, value: number): this {
    return this.end(open(this, type, w => w.be16(value)));
  }

  be32Attr(type: number, value: number): this {
    return this.end(open(this, type, w => w.be32(value)));
  }

  be64Attr(type: number, value: number): this {
    return this.end(open(this, type, w => w.be64(value)));
  }

  bytesAttr(type: number, value: Uint8Array): this {
    return this.end(open(this, type, w => w.raw(value)));
  }

  /** With the terminating zero that the kernel's names have. */
  textAttr(type: number, value: string): this {
    return this.end(open(this, type, w => w.text(value).u8(0)));
  }

  nested(type: number, content: (w: Writer) => void): this {
    return this.end(open(this, type | NLA_F_NESTED, content));
  }
}

function open(w: Writer, type: number, content: (w: Writer) => void): number {
  const at = w.begin(type);
  content(w);
  return at;
}

/**
 * Reads attributes out of bytes that somebody else wrote. A missing attribute, one too short for what is asked, or one
 * that claims to be longer than what there is, reads as undefined; nothing throws. It is one small object over the
 * message's own bytes, since a dump of 50,000 elements makes some hundred thousand of them.
 */
export class Attributes {
  constructor(
    readonly bytes: Uint8Array,
    readonly start = 0,
    readonly end = bytes.length,
  ) {}

  /** Type (without flags) and content of each, in order. */
  *[Symbol.iterator](): Generator<readonly [type: number, content: Uint8Array]> {
    for (let at = this.#first(); at >= 0; at = this.#next(at))
      yield [this.#u16(at + 2) & NLA_TYPE_MASK, this.bytes.subarray(at + NLA_HDRLEN, at + this.#u16(at))];
  }

  /** The content of each as attributes, whatever its type: the elements of a list. */
  *children(): Generator<Attributes> {
    for (let at = this.#first(); at >= 0; at = this.#next(at))
      yield new Attributes(this.bytes, at + NLA_HDRLEN, at + this.#u16(at));
  }

  /** Content of the first attribute of that type. */
  get(type: number): Uint8Array | undefined {
    const at = this.#find(type, 0);
    return at < 0 ? undefined : this.bytes.subarray(at + NLA_HDRLEN, at + this.#u16(at));
  }

  nested(type: number): Attributes | undefined {
    const at = this.#find(type, 0);
    return at < 0 ? undefined : new Attributes(this.bytes, at + NLA_HDRLEN, at + this.#u16(at));
  }

  u8(type: number): number | undefined {
    const at = this.#find(type, 1);
    return at < 0 ? undefined : this.bytes[at + NLA_HDRLEN];
  }

  u16(type: number): number | undefined {
    const at = this.#find(type, 2);
    return at < 0 ? undefined : this.#u16(at + NLA_HDRLEN);
  }

  u32(type: number): number | undefined {
    const be = this.be32(type);
    return be === undefined || !LITTLE_ENDIAN ? be : swap32(be);
  }

  be16(type: number): number | undefined {
    const at = this.#find(type, 2);
    return at < 0 ? undefined : (this.bytes[at + NLA_HDRLEN]! << 8) | this.bytes[at + NLA_HDRLEN + 1]!;
  }

  be32(type: number): number | undefined {
    const at = this.#find(type, 4);
    return at < 0 ? undefined : this.#be32(at + NLA_HDRLEN);
  }

  /** As a Number: exact up to 2^53. */
  be64(type: number): number | undefined {
    const at = this.#find(type, 8);
    return at < 0 ? undefined : this.#be32(at + NLA_HDRLEN) * 2 ** 32 + this.#be32(at + NLA_HDRLEN + 4);
  }

  /** Up to the first zero byte. */
  text(type: number): string | undefined {
    const content = this.get(type);
    return content && cString(content);
  }

  /** Where the first attribute of that type begins, if it has at least `size` bytes; else -1. */
  #find(type: number, size: number): number {
    for (let at = this.#first(); at >= 0; at = this.#next(at))
      if ((this.#u16(at + 2) & NLA_TYPE_MASK) === type) return this.#u16(at) >= NLA_HDRLEN + size ? at : -1;
    return -1;
  }

  #first(): number {
    return this.#checked(this.start);
  }

  #next(at: number): number {
    return this.#checked(at + ((this.#u16(at) + 3) & ~3));
  }

  /** The place of a whole attribute, or -1. */
  #checked(at: number): number {
    if (at + NLA_HDRLEN > this.end) return -1;
    const length = this.#u16(at);
    return length < NLA_HDRLEN || at + length > this.end ? -1 : at;
  }

  #u16(at: number): number {
    const first = this.bytes[at]!;
    const second = this.bytes[at + 1]!;
    return LITTLE_ENDIAN ? first | (second << 8) : (first << 8) | second;
  }

  #be32(at: number): number {
    const { bytes } = this;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }
}

function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** The text before the first zero byte. */
export function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
