/** DNS messages: bytes <-> values (RFC 1035, 2782, 3596, 6891). Knows the form of a message; refuses to know what to answer. */

import { Reader, Writer } from './dns-bytes.js';
import type { Name } from './dns-name.js';
import {
  formatData,
  type RecordData,
  type RecordType,
  readData,
  typeName,
  typeNumber,
  writeData,
} from './dns-records.js';

/** RFC 1035 §3.2.4. */
export const CLASS_IN = 1;

/** RFC 1035 §4.1.1, RFC 6891 §9. */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

/** INFO-CODEs of Extended DNS Errors, which say why an answer is as it is (RFC 8914 §4). */
export const EXTENDED_ERROR = {
  staleAnswer: 3,
  cachedError: 13,
  notReady: 14,
  prohibited: 18,
  notSupported: 21,
  noReachableAuthority: 22,
} as const;

/** The option that carries one, with words for people. */
export function extendedError(code: keyof typeof EXTENDED_ERROR, text: string): Edns['options'][number] {
  const words = Buffer.from(text);
  return { code: OPTION_EDE, bytes: Uint8Array.of(0, EXTENDED_ERROR[code], ...words) };
}

const OPTION_EDE = 15;

export interface Question {
  /** Key: lower case. */
  readonly name: Name;
  /** As the client wrote it; a response repeats it to the letter, which a client may use against forgery ("0x20"). */
  readonly spelled: Name;
  readonly type: RecordType;
  readonly class: number;
}

export interface ResourceRecord {
  /** Key: lower case. Names inside the data keep their case. */
  readonly name: Name;
  readonly class: number;
  /** Seconds, 0..2^31-1. */
  readonly ttl: number;
  readonly data: RecordData;
}

/** The OPT pseudo-record (RFC 6891 §6.1). */
export interface Edns {
  /** The largest UDP message its sender takes, in bytes. */
  readonly size: number;
  readonly version: number;
  readonly dnssecOk: boolean;
  readonly options: readonly { readonly code: number; readonly bytes: Uint8Array }[];
}

export interface Message {
  readonly id: number;
  readonly response: boolean;
  /** 0..15; 0 is QUERY. */
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** 0..15, with EDNS 0..4095. */
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Without the OPT record. */
  readonly additionals: readonly ResourceRecord[];
  readonly edns?: Edns | undefined;
}

/** A question as a client sends it: with recursion desired, and nothing else said. */
export function queryMessage(question: Pick<Question, 'name' | 'type'> & { readonly class?: number }, id = 0): Message {
  const { name, type, class: klass = CLASS_IN } = question;
  return {
    id,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: RCODE.NOERROR,
    questions: [{ name, spelled: name, type, class: klass }],
    answers: [],
    authorities: [],
    additionals: [],
  };
}

/** Bytes that are no message; `header` is there when at least the first 12 bytes are. */
export interface Malformed {
  readonly malformed: string;
  readonly header?: Pick<Message, 'id' | 'response' | 'opcode' | 'recursionDesired' | 'checkingDisabled'>;
}

const HEADER = 12;
const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 } as const;
const OPT_DO = 0x8000;

const NO_FLAGS_NO_COUNTS = new Uint8Array(10);

/** Total and strict: never throws, and takes nothing that lies about its counts or lengths. */
export function decode(bytes: Uint8Array): Message | Malformed {
  if (bytes.length < HEADER) return { malformed: 'shorter than a header' };
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const [questionCount, ...counts] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  const questions: Question[] = [];
  for (let i = 0; i < questionCount && !reader.problem; i++) questions.push(readQuestion(reader));
  const sections: ResourceRecord[][] = [[], [], []];
  let opt: Opt | undefined;
  for (let section = 0; section < 3; section++) {
    for (let i = 0; i < counts[section]! && !reader.problem; i++) {
      const record = readRecord(reader);
      if (!('edns' in record)) sections[section]!.push(record);
      else if (section < 2 || opt) reader.fail('an OPT record out of place');
      else opt = record;
    }
  }
  if (reader.at < bytes.length) reader.fail('bytes after the last record');
  // Field by field, not by spreading: this is on the path of every query.
  const message: Message = {
    id,
    response: (flags & FLAG.QR) !== 0,
    opcode: (flags >> 11) & 15,
    authoritative: (flags & FLAG.AA) !== 0,
    truncated: (flags & FLAG.TC) !== 0,
    recursionDesired: (flags & FLAG.RD) !== 0,
    recursionAvailable: (flags & FLAG.RA) !== 0,
    authenticData: (flags & FLAG.AD) !== 0,
    checkingDisabled: (flags & FLAG.CD) !== 0,
    rcode: (flags & 15) | ((opt?.rcode ?? 0) << 4),
    questions,
    answers: sections[0]!,
    authorities: sections[1]!,
    additionals: sections[2]!,
    edns: opt?.edns,
  };
  return reader.problem === undefined ? message : { malformed: reader.problem, header: message };
}

/**
 * At most `limit` bytes (512..65535): records that do not fit are left out, whole; TC is set when one of them belonged to the answer
 * or the authority section (RFC 2181 §9). Throws a RangeError on names that `isName` refuses.
 */
export function encode(message: Message, limit = 65_535): Uint8Array {
  const writer = new Writer();
  writer.u16(message.id);
  writer.raw(NO_FLAGS_NO_COUNTS);
  for (const question of message.questions) {
    writer.name(question.spelled, true, question.name);
    writer.u16(typeNumber(question.type));
    writer.u16(question.class);
  }
  const room = limit - (message.edns ? optSize(message.edns) : 0);
  let truncated = message.truncated;
  const put = (records: readonly ResourceRecord[]): number => {
    for (const [i, record] of records.entries()) {
      const start = writer.at;
      writeRecord(record, writer);
      if (writer.at <= room) continue;
      writer.rewind(start);
      truncated ||= records !== message.additionals;
      return i;
    }
    return records.length;
  };
  const counts = [
    put(message.answers),
    truncated ? 0 : put(message.authorities),
    truncated ? 0 : put(message.additionals),
  ];
  if (message.edns) writeOpt(message.edns, message.rcode >> 4, writer);
  writer.patch16(2, flagsOf(message, truncated));
  writer.patch16(4, message.questions.length);
  writer.patch16(6, counts[0]!);
  writer.patch16(8, counts[1]!);
  writer.patch16(10, counts[2]! + (message.edns ? 1 : 0));
  return writer.bytes();
}

/** A line of a zone file. */
export function formatRecord(record: ResourceRecord): string {
  const klass = record.class === CLASS_IN ? 'IN' : `CLASS${record.class}`;
  return `${record.name} ${record.ttl} ${klass} ${record.data.type} ${formatData(record.data)}`;
}

function flagsOf(message: Message, truncated: boolean): number {
  const bit = (set: boolean, flag: number) => (set ? flag : 0);
  return (
    bit(message.response, FLAG.QR) |
    ((message.opcode & 15) << 11) |
    bit(message.authoritative, FLAG.AA) |
    bit(truncated, FLAG.TC) |
    bit(message.recursionDesired, FLAG.RD) |
    bit(message.recursionAvailable, FLAG.RA) |
    bit(message.authenticData, FLAG.AD) |
    bit(message.checkingDisabled, FLAG.CD) |
    (message.rcode & 15)
  );
}

function readQuestion(reader: Reader): Question {
  const spelled = reader.name();
  return { name: spelled.toLowerCase(), spelled, type: typeName(reader.u16()), class: reader.u16() };
}

interface Opt {
  readonly edns: Edns;
  /** The upper eight bits of the rcode. */
  readonly rcode: number;
}

function readRecord(reader: Reader): ResourceRecord | Opt {
  const name = reader.name().toLowerCase();
  const type = typeName(reader.u16());
  const klass = reader.u16();
  const ttl = reader.u32();
  const length = reader.u16();
  const rest = reader.end;
  const end = reader.at + length;
  if (end > rest) reader.fail('a record runs over the end of the message');
  if (reader.problem) return { name, class: klass, ttl: 0, data: { type: 'TYPE0', bytes: new Uint8Array(0) } };
  reader.end = end;
  try {
    if (type === 'OPT') return readOpt(reader, name, klass, ttl);
    // RFC 2181 §8: a TTL with its highest bit set counts as zero.
    return { name, class: klass, ttl: ttl > 0x7fff_ffff ? 0 : ttl, data: readData(type, reader) };
  } finally {
    if (reader.at !== end) reader.fail('a record whose data is shorter than it says');
    reader.end = rest;
  }
}

function writeRecord(record: ResourceRecord, writer: Writer): void {
  writer.name(record.name);
  writer.u16(typeNumber(record.data.type));
  writer.u16(record.class);
  writer.u32(record.ttl);
  const length = writer.at;
  writer.u16(0);
  writeData(record.data, writer);
  writer.patch16(length, writer.at - length - 2);
}

function readOpt(reader: Reader, name: Name, size: number, ttl: number): Opt {
  if (name !== '.') reader.fail('an OPT record that the root does not own');
  const options: { code: number; bytes: Uint8Array }[] = [];
  while (reader.at < reader.end && !reader.problem)
    options.push({ code: reader.u16(), bytes: reader.take(reader.u16()) });
  return {
    edns: { size, version: (ttl >> 16) & 0xff, dnssecOk: (ttl & OPT_DO) !== 0, options },
    rcode: ttl >>> 24,
  };
}

function writeOpt(edns: Edns, rcode: number, writer: Writer): void {
  writer.u8(0);
  writer.u16(typeNumber('OPT'));
  writer.u16(edns.size);
  writer.u32(((rcode << 24) | (edns.version << 16) | (edns.dnssecOk ? OPT_DO : 0)) >>> 0);
  writer.u16(optSize(edns) - 11);
  for (const option of edns.options) {
    writer.u16(option.code);
    writer.u16(option.bytes.length);
    writer.raw(option.bytes);
  }
}

function optSize(edns: Edns): number {
  return edns.options.reduce((size, option) => size + 4 + option.bytes.length, 11);
}
