/** One change of the store as bytes, and back. Knows the layout and its checks; refuses to know files and what a key means. */

import { crc32 } from 'node:zlib';

/**
 * A change: the object's JSON at `revision`, or its absence. The last record of a compacted file has no key; it says
 * that all changes up to its revision are folded into the objects before it.
 */
export interface LogRecord {
  readonly revision: number;
  readonly key?: string;
  readonly value?: Buffer;
}

/** The first bytes of every log file. */
export const MAGIC = Buffer.from('podwire store 1\n');

/** Payload length, CRC-32 of the payload, CRC-32 of these eight bytes; u32, little endian. */
const HEADER = 12;

/** Header, one line of JSON with revision and key, then the object's own JSON as it is served. */
export function encodeRecord(record: LogRecord): Buffer {
  const head = Buffer.from(`${JSON.stringify({ revision: record.revision, key: record.key })}\n`);
  const payload = record.value ? Buffer.concat([head, record.value]) : head;
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  header.writeUInt32LE(crc32(header.subarray(0, 8)), 8);
  return Buffer.concat([header, payload]);
}

export type Decoded =
  | { readonly record: LogRecord; readonly next: number }
  /** The file ends inside this record: its writer died here. Everything before it is whole. */
  | { readonly torn: true }
  | { readonly corrupt: string };

/** The record at `offset`. Values are slices of `file`, not copies. */
export function decodeRecord(file: Buffer, offset: number): Decoded {
  if (offset + HEADER > file.length) return { torn: true };
  const header = file.subarray(offset, offset + HEADER);
  if (crc32(header.subarray(0, 8)) !== header.readUInt32LE(8)) return tornOr(file, 'header');
  const start = offset + HEADER;
  const next = start + header.readUInt32LE(0);
  // The header is whole, so its length is true: a file that is shorter was cut while this record was written.
  if (next > file.length) return { torn: true };
  const payload = file.subarray(start, next);
  if (crc32(payload) !== header.readUInt32LE(4)) return tornOr(file, 'payload');
  const newline = payload.indexOf(10);
  const { revision, key } = JSON.parse(payload.toString('utf8', 0, newline)) as LogRecord;
  const value = newline + 1 < payload.length ? payload.subarray(newline + 1) : undefined;
  return { record: { revision, key, value }, next };
}

/** After a power cut a file may have its new length but zeros for data; JSON never ends in a zero byte. */
function tornOr(file: Buffer, part: string): Decoded {
  return file[file.length - 1] === 0 ? { torn: true } : { corrupt: `the check of a ${part} fails` };
}
