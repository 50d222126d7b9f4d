/** Records as the bytes that follow a question for their name. Knows the message's form, and no table. */

import type { Ip } from '../../net/ip.js';
import { CLASS_IN, decode, encode, type Message, type ResourceRecord } from '../../wire/dns.js';
import { type Name, writeName } from '../../wire/dns-name.js';
import {
  type AddressData,
  type RecordData,
  type RecordType,
  type TargetData,
  typeNumber,
} from '../../wire/dns-records.js';

/** All that is said of a name for one type. */
export interface Encoded {
  readonly type: number;
  /** Records in the answer section and in the additional section. */
  readonly answers: number;
  readonly additionals: number;
  /** Bytes of each answer record where any order of them is as good; 0: they stay as they are. */
  readonly turn: number;
  readonly bytes: Uint8Array;
}

const HEADER = 12;
/** Type and class of a question. */
const QUESTION = 4;
/** Name, type, class, TTL and length of a record whose name is a pointer. */
const RECORD = 12;
/** Where in such a record its TTL is. */
const RECORD_TTL = 6;
const TYPE_A = 1;
const TYPE_PTR = 12;
const TYPE_AAAA = 28;
/** As many as fit into the largest message. */
const MOST_POINTERS = 200;
const MOST_ADDRESSES = { 4: 4000, 6: 2200 } as const;

/** `size` is the length of the name in wire form. All data is of one type. Records that do not fit into a message of 64 KiB are left out. */
export function encodeAnswer(
  name: Name,
  size: number,
  data: readonly RecordData[],
  ttl: number,
  additionals: readonly ResourceRecord[] = [],
): Encoded {
  const { type } = data[0]!;
  if (type === 'A' || type === 'AAAA') return encodeAddresses(data as readonly AddressData[], ttl);
  if (type === 'PTR' && data.length <= MOST_POINTERS) return encodePointers(data as readonly TargetData[], ttl);
  const question = { name, spelled: name, type, class: CLASS_IN };
  const answers = data.map(data => ({ name, class: CLASS_IN, ttl, data }));
  const message = encode({ ...EMPTY, questions: [question], answers, additionals });
  return {
    type: typeNumber(type),
    answers: (message[6]! << 8) | message[7]!,
    additionals: (message[10]! << 8) | message[11]!,
    turn: 0,
    bytes: message.subarray(HEADER + size + QUESTION),
  };
}

/** The inverse: records again. */
export function decodeAnswer(name: Name, size: number, type: RecordType, encoded: Encoded): readonly ResourceRecord[] {
  const question = { name, spelled: name, type, class: CLASS_IN };
  const head = encode({ ...EMPTY, questions: [question] });
  const message = new Uint8Array(HEADER + size + QUESTION + encoded.bytes.length);
  message.set(head);
  message.set(encoded.bytes, head.length);
  for (const [at, count] of [
    [6, encoded.answers],
    [10, encoded.additionals],
  ] as const) {
    message[at] = count >> 8;
    message[at + 1] = count;
  }
  const read = decode(message);
  return 'malformed' in read ? [] : [...read.answers, ...read.additionals];
}

/**
 * A negative answer's authority; where in it there are pointers to the zone, which is at another place behind each question;
 * and where its TTL and its minimum are, which are one.
 */
export function encodeNegative(
  soa: ResourceRecord,
  size: number,
): { readonly bytes: Uint8Array; readonly pointers: readonly number[]; readonly ttls: readonly number[] } {
  const question = { name: soa.name, spelled: soa.name, type: 'A', class: CLASS_IN } as const;
  const message = encode({ ...EMPTY, questions: [question], authorities: [soa] });
  const bytes = message.subarray(HEADER + size + QUESTION);
  // As the codec compresses it: the owner, then the last part of two names, which each begin with labels of their own.
  const pointers = [...bytes.keys()].filter(i => bytes[i] === 0xc0 && bytes[i + 1] === HEADER);
  return { bytes, pointers, ttls: [RECORD_TTL, bytes.length - 4] };
}

/** By hand: of 160,000 names in a large cluster nearly all have an address. */
function encodeAddresses(data: readonly AddressData[], ttl: number): Encoded {
  const { family } = data[0]!.ip;
  const ips: readonly Ip[] = data.slice(0, MOST_ADDRESSES[family]).map(({ ip }) => ip);
  const length = family === 4 ? 4 : 16;
  const turn = RECORD + length;
  const type = family === 4 ? TYPE_A : TYPE_AAAA;
  const bytes = new Uint8Array(turn * ips.length);
  for (let i = 0; i < ips.length; i++) {
    const at = turn * i;
    bytes[at] = 0xc0;
    bytes[at + 1] = HEADER;
    bytes[at + 3] = type;
    bytes[at + 5] = CLASS_IN;
    bytes[at + 8] = ttl >> 8;
    bytes[at + 9] = ttl;
    bytes[at + 11] = length;
    bytes.set(ips[i]!.bytes, at + RECORD);
  }
  return { type, answers: ips.length, additionals: 0, turn, bytes };
}

function encodePointers(data: readonly TargetData[], ttl: number): Encoded {
  const bytes = new Uint8Array(data.reduce((sum, { target }) => sum + RECORD + target.length + 1, 0) + 255);
  let at = 0;
  for (const { target } of data) {
    bytes[at] = 0xc0;
    bytes[at + 1] = HEADER;
    bytes[at + 3] = TYPE_PTR;
    bytes[at + 5] = CLASS_IN;
    bytes[at + 8] = ttl >> 8;
    bytes[at + 9] = ttl;
    const length = writeName(target, bytes, at + RECORD);
    bytes[at + 11] = length;
    at += RECORD + length;
  }
  return { type: TYPE_PTR, answers: data.length, additionals: 0, turn: 0, bytes: bytes.subarray(0, at) };
}

const EMPTY: Message = {
  id: 0,
  response: true,
  opcode: 0,
  authoritative: true,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: 0,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
};
