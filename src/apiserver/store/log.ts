/** The append-only file under the store. Knows writing, syncing, cutting and replacing it; refuses to know objects. */

import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { PodwireError } from '../../report/errors.js';
import { decodeRecord, encodeRecord, type LogRecord, MAGIC } from './record.js';

/** How long a write may wait for the disk. A killed process loses nothing; a power cut loses at most this. */
const SYNC_DELAY_MS = 20;

/**
 * `append` returns once the kernel has the bytes, so they survive `kill -9` of this process. `fdatasync` follows in the
 * background for all writes of the last 20 ms together: what a power cut can lose is acknowledged writes of that time.
 */
export class Log {
  #size: number;
  #syncing: NodeJS.Timeout | undefined;

  private constructor(
    readonly path: string,
    private fd: number,
    size: number,
  ) {
    this.#size = size;
  }

  /** Reads every record in order, cuts a torn tail off. Throws PW-A252 on a file that is corrupt elsewhere, and leaves it as it is. */
  static open(path: string, onRecord: (record: LogRecord) => void): Log {
    const file = fs.existsSync(path) ? fs.readFileSync(path) : Buffer.alloc(0);
    const end = replay(path, file, onRecord);
    const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    if (end === 0) fs.writeSync(fd, MAGIC, 0, MAGIC.length, 0);
    const size = Math.max(end, MAGIC.length);
    fs.ftruncateSync(fd, size);
    return new Log(path, fd, size);
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Throws the system's error (ENOSPC, EIO) with the file as it was before. */
  append(record: LogRecord): void {
    const bytes = encodeRecord(record);
    try {
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(this.fd, bytes, at, bytes.length - at, this.#size + at);
    } catch (error) {
      fs.ftruncateSync(this.fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
    this.#syncing ??= setTimeout(() => this.#sync(), SYNC_DELAY_MS).unref();
  }

  /** Puts a file with only these records in this one's place: written whole and synced, then renamed. */
  replace(records: Iterable<LogRecord>): void {
    const path = `${this.path}.new`;
    const fd = fs.openSync(path, 'w', 0o600);
    let size = fs.writeSync(fd, MAGIC);
    for (const record of records) size += fs.writeSync(fd, encodeRecord(record));
    fs.fdatasyncSync(fd);
    fs.renameSync(path, this.path);
    syncDirectory(dirname(this.path));
    fs.closeSync(this.fd);
    this.fd = fd;
    this.#size = size;
  }

  close(): void {
    clearTimeout(this.#syncing);
    fs.fdatasyncSync(this.fd);
    fs.closeSync(this.fd);
  }

  #sync(): void {
    this.#syncing = undefined;
    // An error has no one to go to: the descriptor was replaced or closed, or the disk will refuse the next write too.
    fs.fdatasync(this.fd, () => {});
  }
}

/** Returns where the whole records end. */
function replay(path: string, file: Buffer, onRecord: (record: LogRecord) => void): number {
  const magic = file.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC.subarray(0, magic.length))) throw corrupt(path, 0, 'it is no podwire store');
  if (magic.length < MAGIC.length) return 0;
  let offset = MAGIC.length;
  while (offset < file.length) {
    const decoded = decodeRecord(file, offset);
    if ('corrupt' in decoded) throw corrupt(path, offset, decoded.corrupt);
    if ('torn' in decoded) break;
    onRecord(decoded.record);
    offset = decoded.next;
  }
  return offset;
}

function corrupt(path: string, offset: number, reason: string): PodwireError {
  return new PodwireError('PW-A252', { path, offset, reason });
}

function syncDirectory(path: string): void {
  const fd = fs.openSync(path, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
