/** Record types and their data: one codec with one text form each. Knows nothing of messages or of what records mean. */

import { Ip } from '../net/ip.js';
import type { Reader, Writer } from './dns-bytes.js';
import type { Name } from './dns-name.js';

/** Numbers of the types that have a name here (IANA "Resource Record (RR) TYPEs"). */
// biome-ignore format: it reads like the registry
export const TYPE_NUMBERS = {
  A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, HINFO: 13, MX: 15, TXT: 16, AAAA: 28, SRV: 33, DNAME: 39, OPT: 41, IXFR: 251, AXFR: 252, ANY: 255,
} as const;

/** RFC 3597 §5: a type without a name is `TYPE65`. */
export type UnknownType = `TYPE${number}`;
export type RecordType = keyof typeof TYPE_NUMBERS | UnknownType;

/** `strings`, `cpu` and `os` are bytes, one per character, 255 at most. */
export type RecordData = AddressData | TargetData | Soa | Hinfo | Mx | Txt | Srv | OpaqueData;

export interface AddressData {
  readonly type: 'A' | 'AAAA';
  readonly ip: Ip;
}

export interface TargetData {
  readonly type: 'NS' | 'CNAME' | 'PTR' | 'DNAME';
  readonly target: Name;
}

export interface Hinfo {
  readonly type: 'HINFO';
  readonly cpu: string;
  readonly os: string;
}

export interface Mx {
  readonly type: 'MX';
  readonly preference: number;
  readonly target: Name;
}

export interface Txt {
  readonly type: 'TXT';
  /** At least one. */
  readonly strings: readonly string[];
}

export interface Srv {
  readonly type: 'SRV';
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
}

export interface OpaqueData {
  readonly type: UnknownType;
  readonly bytes: Uint8Array;
}

/** Times in seconds; `minimum` is how long a negative answer may be kept (RFC 2308 §4). */
export interface Soa {
  readonly type: 'SOA';
  readonly mname: Name;
  readonly rname: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

const TYPE_NAMES = new Map<number, RecordType>(
  Object.entries(TYPE_NUMBERS).map(([name, number]) => [number, name as RecordType]),
);

export function typeName(number: number): RecordType {
  return TYPE_NAMES.get(number) ?? `TYPE${number}`;
}

export function typeNumber(type: RecordType): number {
  return TYPE_NUMBERS[type as keyof typeof TYPE_NUMBERS] ?? Number(type.slice(4));
}

/** Reads up to `reader.end`; what is left over is the caller's to refuse. */
export function readData(type: RecordType, reader: Reader): RecordData {
  const codec = CODECS[type];
  if (codec) return codec.read(reader, type);
  return { type: `TYPE${typeNumber(type)}`, bytes: reader.take(reader.end - reader.at) };
}

export function writeData(data: RecordData, writer: Writer): void {
  const codec = CODECS[data.type];
  if (codec) codec.write(data, writer);
  else writer.raw((data as OpaqueData).bytes);
}

/** As in a zone file (RFC 1035 §5.1, RFC 3597 §5). */
export function formatData(data: RecordData): string {
  const codec = CODECS[data.type];
  if (codec) return codec.format(data);
  const { bytes } = data as OpaqueData;
  return `\\# ${bytes.length} ${Buffer.from(bytes).toString('hex')}`.trimEnd();
}

interface Codec<T> {
  read(reader: Reader, type: RecordType): T;
  write(data: T, writer: Writer): void;
  format(data: T): string;
}

/** `readData` and its siblings pick the codec by the data's own type, so that its parameter fits. */
function codec<T extends RecordData>(of: Codec<T>): Codec<RecordData> {
  return of as unknown as Codec<RecordData>;
}

const address = codec<AddressData>({
  read(reader, type) {
    const ip = reader.take(type === 'A' ? 4 : 16);
    return { type: type as 'A', ip: reader.problem ? Ip.of('0.0.0.0') : new Ip(ip) };
  },
  write: (data, writer) => writer.raw(data.ip.bytes),
  format: data => String(data.ip),
});

const target = codec<TargetData>({
  read: (reader, type) => ({ type: type as 'CNAME', target: reader.name() }),
  // RFC 6672 §2.5: the target of a DNAME is never compressed.
  write: (data, writer) => writer.name(data.target, data.type !== 'DNAME'),
  format: data => data.target,
});

const CODECS: { readonly [K in RecordType]?: Codec<RecordData> } = {
  A: address,
  AAAA: address,
  NS: target,
  CNAME: target,
  PTR: target,
  DNAME: target,
  SOA: codec<Soa>({
    read: reader => ({
      type: 'SOA',
      mname: reader.name(),
      rname: reader.name(),
      serial: reader.u32(),
      refresh: reader.u32(),
      retry: reader.u32(),
      expire: reader.u32(),
      minimum: reader.u32(),
    }),
    write(soa, writer) {
      writer.name(soa.mname);
      writer.name(soa.rname);
      for (const value of [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum]) writer.u32(value);
    },
    format: soa => `${soa.mname} ${soa.rname} ${soa.serial} ${soa.refresh} ${soa.retry} ${soa.expire} ${soa.minimum}`,
  }),
  HINFO: codec<Hinfo>({
    read: reader => ({ type: 'HINFO', cpu: readString(reader), os: readString(reader) }),
    write(data, writer) {
      writeString(data.cpu, writer);
      writeString(data.os, writer);
    },
    format: data => `${quote(data.cpu)} ${quote(data.os)}`,
  }),
  MX: codec<Mx>({
    read: reader => ({ type: 'MX', preference: reader.u16(), target: reader.name() }),
    write(data, writer) {
      writer.u16(data.preference);
      writer.name(data.target);
    },
    format: data => `${data.preference} ${data.target}`,
  }),
  TXT: codec<Txt>({
    read(reader) {
      const strings = [readString(reader)];
      while (!reader.problem && reader.at < reader.end) strings.push(readString(reader));
      return { type: 'TXT', strings };
    },
    write(data, writer) {
      for (const text of data.strings) writeString(text, writer);
    },
    format: data => data.strings.map(quote).join(' '),
  }),
  SRV: codec<Srv>({
    read: reader => ({
      type: 'SRV',
      priority: reader.u16(),
      weight: reader.u16(),
      port: reader.u16(),
      target: reader.name(),
    }),
    write(data, writer) {
      writer.u16(data.priority);
      writer.u16(data.weight);
      writer.u16(data.port);
      // RFC 2782: no compression here; old resolvers do not follow a pointer in a type they do not know.
      writer.name(data.target, false);
    },
    format: data => `${data.priority} ${data.weight} ${data.port} ${data.target}`,
  }),
};

/** RFC 1035 §3.3 <character-string>. */
function readString(reader: Reader): string {
  return Buffer.from(reader.take(reader.u8())).toString('latin1');
}

function writeString(text: string, writer: Writer): void {
  writer.u8(text.length);
  writer.raw(Buffer.from(text, 'latin1'));
}

function quote(text: string): string {
  const escaped = text
    .replace(/["\\]/g, '\\$&')
    .replace(/[^ -~]/g, c => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`);
  return `"${escaped}"`;
}
