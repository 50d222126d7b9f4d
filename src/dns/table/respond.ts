/**
 * A query's bytes into its reply's, in place, from the table alone: what most questions of a cluster are. Whatever is out of
 * the ordinary is left to the chain of handlers, which says the same of everything that is answered here.
 */

import { type Name, writeName } from '../../wire/dns-name.js';
import { UDP_SIZE } from '../respond.js';
import { startOfAuthority } from '../soa.js';
import { encodeNegative } from './encode.js';
import { ALIAS, ANSWER, find, findAnswer, lowerCase, mix, type TableMemory, wordAt, wordsOf } from './layout.js';
import { FLAG, UNITS_BITS, WORD } from './memory.js';

/** Not answered: the bytes are as they were. */
export const LEFT = 0;

const HEADER = 12;
const PLAIN_UDP = 512;
const TYPE_OPT = 41;
/** From here on types ask for more than records: TKEY, TSIG, transfers, ANY (IANA "Q and Meta-TYPEs"). */
const META_TYPES = 249;
const OPT_BYTES = 11;
const NXDOMAIN = 3;
/** Labels of three letters, with their length. */
const POD = 0x0370_6f64;
const SVC = 0x0373_7663;

export class TableResponder {
  /** Exchange it when WORD.wanted says so, between two calls of `respond`. */
  memory: TableMemory;
  /** Of the last reply. */
  rcode = 0;
  type = 0;
  /** The name asked for, in words. */
  readonly #key = new Int32Array(66);
  /** Where in the name its labels begin, in bytes. */
  readonly #labels = new Uint8Array(128);
  readonly #domain = new Uint8Array(260);
  readonly #domainSize: number;
  readonly #domainLabels: number;
  /** The start of authority behind a question for `domain`, where its pointers to the domain are, and where its TTLs. */
  readonly #negative: Int32Array;
  readonly #negativeSize: number;
  readonly #pointers: readonly number[];
  readonly #ttls: readonly number[];

  /** `domain` is a key: `cluster.local.`. */
  constructor(
    domain: Name,
    memory: TableMemory,
    private readonly control: Int32Array,
  ) {
    this.memory = memory;
    this.#domainSize = writeName(domain, this.#domain);
    this.#domainLabels = domain.split('.').length - 1;
    const { bytes, pointers, ttls } = encodeNegative(startOfAuthority(domain, domain, 0), this.#domainSize);
    const padded = new Uint8Array(4 * wordsOf(bytes.length));
    padded.set(bytes);
    this.#negative = new Int32Array(padded.buffer);
    this.#negativeSize = bytes.length;
    this.#pointers = pointers;
    this.#ttls = ttls;
  }

  /**
   * Answers the query in `packet` from `start` on, `length` bytes; behind it there must be room for 1236. The length of the
   * reply, at most ten times the query's when `wary`; LEFT when it is not for us to answer.
   */
  respond(packet: DataView, start: number, length: number, wary: boolean): number {
    // One question, no records but an OPT; a query, not a response, of opcode QUERY, not truncated.
    if (length < HEADER + 5 || packet.getUint8(start + 2) & 0xfa) return LEFT;
    if (packet.getUint32(start + 4) !== 0x0001_0000 || packet.getUint32(start + 8) > 1) return LEFT;
    const end = start + length;
    const question = start + HEADER;
    const starts = this.#labels;
    let labels = 0;
    let at = question;
    for (let label = 1; label; at += label + 1) {
      if (at >= end) return LEFT;
      label = packet.getUint8(at);
      if (label > 63 || labels > 126) return LEFT;
      starts[labels++] = at - question;
    }
    const size = at - question;
    if (size > 255 || at + 4 > end || packet.getUint16(at + 2) !== 1) return LEFT;
    const type = packet.getUint16(at);
    if (type >= META_TYPES || type === TYPE_OPT) return LEFT;
    at += 4;

    let limit = PLAIN_UDP;
    const edns = packet.getUint8(start + 11) === 1;
    let dnssecOk = 0;
    if (edns) {
      if (!isPlainOpt(packet, at, end)) return LEFT;
      limit = Math.min(Math.max(packet.getUint16(at + 3), PLAIN_UDP), UDP_SIZE);
      dnssecOk = packet.getUint8(at + 7) & 0x80;
    } else if (at !== end) return LEFT;
    if (wary) limit = Math.min(limit, 10 * length);
    const room = start + limit - (edns ? OPT_BYTES : 0);

    const slot = this.#find(packet, question, size);
    let answers = 0;
    let authorities = 0;
    let additionals = 0;
    let truncated = 0;
    let rcode = 0;
    if (slot >= 0) {
      const ref = Atomics.load(this.memory.index, 2 * slot + 1);
      if (ref <= 0) return LEFT;
      const chunk = this.memory.chunks[ref >>> UNITS_BITS]!;
      const entry = wordAt(ref);
      if (chunk[entry]! & ALIAS) return LEFT;
      const answer = findAnswer(chunk, entry, type);
      if (answer) {
        answers = chunk[answer]! >>> 16;
        const extra = chunk[answer + ANSWER.extra]!;
        const turn = extra >>> 16;
        const bytes = chunk[answer + ANSWER.length]!;
        const from = answer + ANSWER.bytes;
        if (at + bytes > room) {
          // Whole records as long as they fit, of those where any of them is as good as another (RFC 2181 §9).
          if (turn === 0) return LEFT;
          const fitting = Math.floor((room - at) / turn);
          copyTurned(chunk, from, answers, turn, fitting, packet.getUint16(start), packet, at);
          truncated = 0x02;
          answers = fitting;
          at += fitting * turn;
        } else {
          if (turn && answers > 1) copyTurned(chunk, from, answers, turn, answers, packet.getUint16(start), packet, at);
          else copy(chunk, from, wordsOf(bytes), packet, at);
          additionals = extra & 0xffff;
          at += bytes;
        }
      }
    }
    if (!answers && !truncated) {
      const flags = Atomics.load(this.control, WORD.flags);
      const domain = size - this.#domainSize;
      // Addresses in names of Pods are computed, and of names outside others know more than the table.
      if (!(flags & FLAG.synced) || !this.#isInside(packet, question + domain, domain, labels)) return LEFT;
      if (slot < 0 && hasLabel(packet, question + domain, POD)) return LEFT;
      // A search path begins in a namespace: `name.namespace.svc.<domain>`.
      if (slot < 0 && flags & FLAG.autopath && !wary && hasLabel(packet, question + domain, SVC)) {
        if (labels - 1 - this.#domainLabels > 2) return LEFT;
      }
      if (at + this.#negativeSize > room) return LEFT;
      rcode = slot < 0 ? NXDOMAIN : 0;
      authorities = 1;
      this.#copyNegative(packet, at, 0xc000 | (HEADER + domain));
      at += this.#negativeSize;
    }
    if (edns) {
      writeOpt(packet, at, dnssecOk);
      at += OPT_BYTES;
    }
    // QR, AA, and RD as it was; RA, and CD as it was.
    packet.setUint8(start + 2, 0x84 | truncated | (packet.getUint8(start + 2) & 0x01));
    packet.setUint8(start + 3, 0x80 | (packet.getUint8(start + 3) & 0x10) | rcode);
    packet.setUint16(start + 6, answers);
    packet.setUint16(start + 8, authorities);
    packet.setUint16(start + 10, additionals + (edns ? 1 : 0));
    this.rcode = rcode;
    this.type = type;
    return at - start;
  }

  #find(packet: DataView, question: number, size: number): number {
    const key = this.#key;
    const last = (size - 1) >> 2;
    let hash = this.memory.seed;
    for (let i = 0; i < last; i++) {
      const word = lowerCase(packet.getInt32(question + 4 * i, true));
      key[i] = word;
      hash = mix(hash, word);
    }
    // Of the last word only what belongs to the name.
    const word = lowerCase(packet.getInt32(question + 4 * last, true)) & (-1 >>> (8 * (4 * last + 4 - size)));
    key[last] = word;
    hash = mix(hash, word);
    return find(this.memory, key, size, hash);
  }

  /** Whether the name ends in the domain, whose first byte would be at `at`, at the beginning of a label. */
  #isInside(packet: DataView, at: number, domain: number, labels: number): boolean {
    const first = labels - 1 - this.#domainLabels;
    if (first < 0 || this.#labels[first] !== domain) return false;
    const own = this.#domain;
    for (let i = 0; i < this.#domainSize; i++) {
      const byte = packet.getUint8(at + i);
      if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== own[i]) return false;
    }
    return true;
  }

  /** `pointer` leads to where the domain stands in the message. */
  #copyNegative(packet: DataView, at: number, pointer: number): void {
    copy(this.#negative, 0, this.#negative.length, packet, at);
    for (let i = 0; i < this.#pointers.length; i++) packet.setUint16(at + this.#pointers[i]!, pointer);
    const ttl = Atomics.load(this.control, WORD.ttl);
    for (let i = 0; i < this.#ttls.length; i++) packet.setUint32(at + this.#ttls[i]!, ttl);
  }
}

/** Whether the four bytes before the domain could be that label. */
function hasLabel(packet: DataView, domain: number, label: number): boolean {
  return (packet.getUint32(domain - 4) | 0x0020_2020) === label;
}

/** An OPT record that the root owns, of version 0, whose options end where the message ends. They are not looked at. */
function isPlainOpt(packet: DataView, start: number, end: number): boolean {
  if (start + OPT_BYTES > end || packet.getUint8(start) !== 0 || packet.getUint16(start + 1) !== TYPE_OPT) return false;
  if (packet.getUint8(start + 6) !== 0) return false;
  let at = start + OPT_BYTES;
  if (at + packet.getUint16(start + 9) !== end) return false;
  while (at + 4 <= end) at += 4 + packet.getUint16(at + 2);
  return at === end;
}

/** Up to three bytes behind the last one that matters are written, too. */
function copy(chunk: Int32Array, from: number, words: number, packet: DataView, at: number): void {
  for (let i = 0; i < words; i++) packet.setInt32(at + 4 * i, chunk[from + i]!, true);
}

/** Copies `wanted` of `count` equal records, beginning with another one for each query id: it spreads clients over endpoints. */
function copyTurned(
  chunk: Int32Array,
  from: number,
  count: number,
  turn: number,
  wanted: number,
  id: number,
  packet: DataView,
  at: number,
): void {
  const words = turn >> 2;
  const end = from + count * words;
  let source = from + (id % count) * words;
  for (let i = 0; i < wanted * words; i++) {
    packet.setInt32(at + 4 * i, chunk[source++]!, true);
    if (source === end) source = from;
  }
}

function writeOpt(packet: DataView, at: number, dnssecOk: number): void {
  packet.setUint8(at, 0);
  packet.setUint16(at + 1, TYPE_OPT);
  packet.setUint16(at + 3, UDP_SIZE);
  packet.setUint16(at + 5, 0);
  packet.setUint16(at + 7, dnssecOk << 8);
  packet.setUint16(at + 9, 0);
}
