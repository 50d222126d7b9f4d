/** The two cursors of the DNS codec: one that reads and cannot fail, one that writes and compresses. Know nothing of record types. */

import { labels, labelText, type Name, parent } from './dns-name.js';

/** A name needs no more pointers than it can have labels; more is an attack on the reader. */
const MAX_POINTERS = 126;

/** Reads big-endian values. The first problem sticks in `problem`; from then on every read yields zeros. */
export class Reader {
  at = 0;
  problem: string | undefined;
  readonly #view: DataView;

  /** Reads stay below `end`, which may be lowered for a record's data. */
  constructor(
    readonly bytes: Uint8Array,
    public end = bytes.length,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  fail(problem: string): void {
    this.problem ??= problem;
  }

  u8(): number {
    return this.#has(1) ? this.#view.getUint8(this.at++) : 0;
  }

  u16(): number {
    if (!this.#has(2)) return 0;
    this.at += 2;
    return this.#view.getUint16(this.at - 2);
  }

  u32(): number {
    if (!this.#has(4)) return 0;
    this.at += 4;
    return this.#view.getUint32(this.at - 4);
  }

  /** A copy of the next `length` bytes. */
  take(length: number): Uint8Array {
    if (!this.#has(length)) return new Uint8Array(0);
    this.at += length;
    return new Uint8Array(this.bytes.subarray(this.at - length, this.at));
  }

  /** RFC 1035 §4.1.4. A pointer must lead to before the part of the name it ends, so that no chain can turn in a circle. */
  name(): Name {
    let text = '';
    let size = 1;
    let pointers = 0;
    let at = this.at;
    let start = at;
    let end = this.end;
    while (!this.problem) {
      if (at >= end) return this.#lost('a name runs over its end');
      const length = this.bytes[at]!;
      if (length >= 0xc0) {
        if (at + 1 >= end) return this.#lost('a name runs over its end');
        const target = ((length & 0x3f) << 8) | this.bytes[at + 1]!;
        if (pointers++ === 0) this.at = at + 2;
        if (target < 12 || target >= start) return this.#lost('a compression pointer does not lead back');
        if (pointers > MAX_POINTERS) return this.#lost('too many compression pointers');
        [at, start, end] = [target, target, start];
      } else if (length > 63) {
        return this.#lost('an unknown label type');
      } else if (length === 0) {
        if (pointers === 0) this.at = at + 1;
        return text || '.';
      } else {
        size += length + 1;
        if (size > 255) return this.#lost('a name of more than 255 bytes');
        if (at + 1 + length > end) return this.#lost('a label runs over its end');
        text += `${labelText(this.bytes, at + 1, at + 1 + length)}.`;
        at += length + 1;
      }
    }
    return '.';
  }

  #has(length: number): boolean {
    if (this.at + length > this.end) this.fail('the message ends too early');
    return !this.problem;
  }

  #lost(problem: string): Name {
    this.fail(problem);
    return '.';
  }
}

/** One buffer for all messages: encoding is synchronous, and the result is copied out. It has room for a record that begins within the limit. */
const scratch = Buffer.alloc(2 * 65_536 + 1024);

/** A name of at most 253 characters without escapes, its labels of 1..63. */
const PLAIN = /^(?=.{1,254}$)(?:[!-\-/-[\]-~]{1,63}\.)+$/;

/** Writes big-endian values; what does not fit into `limit` can be taken back with `rewind`. */
export class Writer {
  at = 0;
  /** Offsets of the name suffixes written so far, in order of offset. */
  readonly #offsets = new Map<Name, number>();

  u8(value: number): void {
    scratch.writeUInt8(value, this.#grow(1));
  }

  u16(value: number): void {
    scratch.writeUInt16BE(value, this.#grow(2));
  }

  u32(value: number): void {
    scratch.writeUInt32BE(value, this.#grow(4));
  }

  raw(bytes: Uint8Array): void {
    scratch.set(bytes, this.#grow(bytes.length));
  }

  patch16(at: number, value: number): void {
    scratch.writeUInt16BE(value, at);
  }

  /**
   * Suffixes written before are replaced by a pointer when `compress`. `key` is under which suffixes are remembered and
   * looked up: the lower-case form, when the spelling written is the client's own. Throws a RangeError on what `isName` refuses.
   */
  name(name: Name, compress = true, key = name): void {
    if (name !== '.' && !PLAIN.test(name)) return this.#escaped(name, compress, key);
    for (let start = 0; start < name.length && name !== '.'; ) {
      if (this.#suffix(start ? key.slice(start) : key, compress)) return undefined;
      const end = name.indexOf('.', start);
      this.u8(end - start);
      scratch.write(name.slice(start, end), this.#grow(end - start), 'latin1');
      start = end + 1;
    }
    return this.u8(0);
  }

  /** Like `name`, for names with escapes and for those that are none. */
  #escaped(name: Name, compress: boolean, key: Name): void {
    const parts = labels(name);
    if (!parts) throw new RangeError(`not a domain name: '${name}'`);
    let rest = key;
    for (const part of parts) {
      if (this.#suffix(rest, compress)) return;
      this.u8(part.length);
      this.raw(part);
      rest = parent(rest)!;
    }
    this.u8(0);
  }

  /** True when a pointer to that suffix was written; else it is remembered, and follows. */
  #suffix(key: Name, compress: boolean): boolean {
    const known = this.#offsets.get(key);
    if (known === undefined) {
      if (this.at < 0x4000) this.#offsets.set(key, this.at);
    } else if (compress) this.u16(0xc000 | known);
    return known !== undefined && compress;
  }

  /** Forgets everything from `at` on. */
  rewind(at: number): void {
    this.at = at;
    for (const [name, offset] of this.#offsets) if (offset >= at) this.#offsets.delete(name);
  }

  bytes(): Uint8Array {
    return new Uint8Array(scratch.subarray(0, this.at));
  }

  #grow(length: number): number {
    if (this.at + length > scratch.length) throw new RangeError('a DNS record has at most 65535 bytes of data');
    this.at += length;
    return this.at - length;
  }
}
