/**
 * A query's bytes into its reply's, in place, from the table alone: what most questions of a cluster are. Whatever is out of
 * the ordinary is left to the chain of handlers, which says the same of everything that is answered here.
 */

import { type Name, writeName } from '../../wire/dns-name.js';
import { UDP_SIZE } from '../respond.js';
import { startOfAuthority } from '../soa.js';
import { encodeNegative } from './encode.js';
import { ANSWER, ENTRY, find, findAnswer, mix, read16, read32, type TableMemory } from './layout.js';
import { FLAG, UNITS_BITS, UNITS_MASK, WORD } from './memory.js';

/** Not answered: the bytes are as they were. */
export const LEFT = 0;

const HEADER = 12;
const PLAIN_UDP = 512;
const TYPE_OPT = 41;
/** From here on types ask for more than records: TKEY, TSIG, transfers, ANY (IANA "Q and Meta-TYPEs"). */
const META_TYPES = 249;
const OPT_BYTES = 11;
const NXDOMAIN = 3;

export class TableResponder {
  /** Exchange it when WORD.wanted says so, between two calls of `respond`. */
  memory: TableMemory;
  /** Of the last reply. */
  rcode = 0;
  type = 0;
  readonly #key = new Uint8Array(260);
  /** Where in the key its labels begin. */
  readonly #labels = new Uint8Array(128);
  readonly #domain = new Uint8Array(260);
  readonly #domainSize: number;
  readonly #domainLabels: number;
  /** The start of authority behind a question for `domain`, and where its pointers to the domain are. */
  readonly #negative: Uint8Array;
  readonly #pointers: readonly number[];

  /** `domain` is a key: `cluster.local.`. */
  constructor(
    domain: Name,
    memory: TableMemory,
    private readonly control: Int32Array,
  ) {
    this.memory = memory;
    this.#domainSize = writeName(domain, this.#domain);
    this.#domainLabels = domain.split('.').length - 1;
    const { bytes, pointers } = encodeNegative(startOfAuthority(domain, domain), this.#domainSize);
    this.#negative = bytes;
    this.#pointers = pointers;
  }

  /**
   * Answers the query in `bytes` from `start` on, `length` bytes; behind it there must be room up to 1232 bytes. The length of the
   * reply, at most ten times the query's when `wary`; LEFT when it is not for us to answer.
   */
  respond(bytes: Uint8Array, start: number, length: number, wary: boolean): number {
    const end = start + length;
    const key = this.#key;
    // One question, no records but an OPT; a query, not a response, of opcode QUERY, not truncated.
    if (length < HEADER + 5 || bytes[start + 2]! & 0xfa) return LEFT;
    if (read32(bytes, start + 4) !== 0x0001_0000 || read16(bytes, start + 8) !== 0) return LEFT;
    if (bytes[start + 10] !== 0 || bytes[start + 11]! > 1) return LEFT;

    let at = start + HEADER;
    let size = 0;
    let labels = 0;
    let hash = this.memory.seed;
    for (;;) {
      const label = bytes[at++]!;
      if (label > 63 || size + label > 254) return LEFT;
      this.#labels[labels++] = size;
      key[size++] = label;
      hash = mix(hash, label);
      if (label === 0) break;
      const stop = at + label;
      if (stop >= end) return LEFT;
      for (; at < stop; at++) {
        const byte = bytes[at]!;
        const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
        key[size++] = lower;
        hash = mix(hash, lower);
      }
    }
    if (at + 4 > end || read16(bytes, at + 2) !== 1) return LEFT;
    const type = read16(bytes, at);
    if (type >= META_TYPES || type === TYPE_OPT) return LEFT;
    at += 4;

    let limit = PLAIN_UDP;
    const edns = bytes[start + 11] === 1;
    let dnssecOk = 0;
    if (edns) {
      if (!isPlainOpt(bytes, at, end)) return LEFT;
      limit = Math.min(Math.max(read16(bytes, at + 3), PLAIN_UDP), UDP_SIZE);
      dnssecOk = bytes[at + 7]! & 0x80;
    } else if (at !== end) return LEFT;
    if (wary) limit = Math.min(limit, 10 * length);
    const room = start + limit - (edns ? OPT_BYTES : 0);

    const { chunks, index } = this.memory;
    const slot = find(this.memory, key, size, hash);
    const inside = this.#isInside(size, labels);
    let answers = 0;
    let authorities = 0;
    let additionals = 0;
    let truncated = 0;
    let rcode = 0;
    if (slot >= 0) {
      const ref = Atomics.load(index, 2 * slot + 1);
      const chunk = chunks[ref >>> UNITS_BITS]!;
      const entry = (ref & UNITS_MASK) << 3;
      if (ref <= 0 || chunk[entry + ENTRY.alias]) return LEFT;
      const answer = findAnswer(chunk, entry, type);
      if (answer) {
        answers = read16(chunk, answer + ANSWER.answers);
        const bytesOfAll = read32(chunk, answer + ANSWER.length);
        const turn = read16(chunk, answer + ANSWER.turn);
        let from = answer + ANSWER.bytes;
        if (at + bytesOfAll > room) {
          // Whole records as long as they fit, of those where any of them is as good as another (RFC 2181 §9).
          if (turn === 0) return LEFT;
          const fitting = Math.floor((room - at) / turn);
          truncated = 0x02;
          at = turned(chunk, from, answers, turn, fitting, read16(bytes, start), bytes, at);
          answers = fitting;
        } else if (turn && answers > 1) {
          at = turned(chunk, from, answers, turn, answers, read16(bytes, start), bytes, at);
        } else {
          additionals = read16(chunk, answer + ANSWER.additionals);
          for (const stop = from + bytesOfAll; from < stop; ) bytes[at++] = chunk[from++]!;
        }
      }
    }
    if (!answers && !truncated) {
      const flags = Atomics.load(this.control, WORD.flags);
      // Addresses in names of Pods are computed, and of names outside others know more than the table.
      if (!inside || !(flags & FLAG.synced) || (slot < 0 && this.#mayBePod(size))) return LEFT;
      if (slot < 0 && flags & FLAG.autopath) return LEFT;
      if (at + this.#negative.length > room) return LEFT;
      rcode = slot < 0 ? NXDOMAIN : 0;
      authorities = 1;
      at = this.#writeNegative(bytes, at, HEADER + size - this.#domainSize);
    }
    if (edns) at = writeOpt(bytes, at, dnssecOk);
    // QR, AA, and RD as it was; RA, and CD as it was.
    bytes[start + 2] = 0x84 | truncated | (bytes[start + 2]! & 0x01);
    bytes[start + 3] = 0x80 | (bytes[start + 3]! & 0x10) | rcode;
    bytes[start + 6] = answers >> 8;
    bytes[start + 7] = answers;
    bytes[start + 9] = authorities;
    bytes[start + 10] = (additionals + (edns ? 1 : 0)) >> 8;
    bytes[start + 11] = additionals + (edns ? 1 : 0);
    this.rcode = rcode;
    this.type = type;
    return at - start;
  }

  /** Whether the key ends in the domain, at the beginning of a label. */
  #isInside(size: number, labels: number): boolean {
    const from = size - this.#domainSize;
    const first = labels - 1 - this.#domainLabels;
    if (first < 0 || this.#labels[first] !== from) return false;
    for (let i = 0; i < this.#domainSize; i++) if (this.#key[from + i] !== this.#domain[i]) return false;
    return true;
  }

  /** Whether the bytes before the domain could be the label `pod`. */
  #mayBePod(size: number): boolean {
    const at = size - this.#domainSize - 4;
    const key = this.#key;
    return at >= 0 && key[at] === 3 && key[at + 1] === 0x70 && key[at + 2] === 0x6f && key[at + 3] === 0x64;
  }

  /** `domain` is where the domain stands in the message. */
  #writeNegative(bytes: Uint8Array, start: number, domain: number): number {
    const negative = this.#negative;
    for (let i = 0; i < negative.length; i++) bytes[start + i] = negative[i]!;
    for (let i = 0; i < this.#pointers.length; i++) {
      const at = start + this.#pointers[i]!;
      bytes[at] = 0xc0 | (domain >> 8);
      bytes[at + 1] = domain;
    }
    return start + negative.length;
  }
}

/** An OPT record that the root owns, of version 0, whose options end where the message ends. They are not looked at. */
function isPlainOpt(bytes: Uint8Array, start: number, end: number): boolean {
  if (start + OPT_BYTES > end || bytes[start] !== 0 || read16(bytes, start + 1) !== TYPE_OPT) return false;
  if (bytes[start + 6] !== 0) return false;
  let at = start + OPT_BYTES;
  if (at + read16(bytes, start + 9) !== end) return false;
  while (at + 4 <= end) at += 4 + read16(bytes, at + 2);
  return at === end;
}

/** Copies `wanted` of `count` equal records, beginning with another one for each query id: it spreads clients over endpoints. */
function turned(
  chunk: Uint8Array,
  from: number,
  count: number,
  turn: number,
  wanted: number,
  id: number,
  bytes: Uint8Array,
  to: number,
): number {
  const end = from + count * turn;
  let source = from + (id % count) * turn;
  let at = to;
  for (let left = wanted * turn; left > 0; left--) {
    bytes[at++] = chunk[source++]!;
    if (source === end) source = from;
  }
  return at;
}

function writeOpt(bytes: Uint8Array, at: number, dnssecOk: number): number {
  bytes[at] = 0;
  bytes[at + 1] = 0;
  bytes[at + 2] = TYPE_OPT;
  bytes[at + 3] = UDP_SIZE >> 8;
  bytes[at + 4] = UDP_SIZE & 0xff;
  bytes[at + 5] = 0;
  bytes[at + 6] = 0;
  bytes[at + 7] = dnssecOk;
  bytes[at + 8] = 0;
  bytes[at + 9] = 0;
  bytes[at + 10] = 0;
  return at + OPT_BYTES;
}
