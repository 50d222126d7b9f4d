/**
 * What the node's attachments are, kept so that a killed agent's successor knows: a file to which each change is appended
 * as one line. Knows files; knows nothing of what attachments are for.
 *
 * Nothing is synced to the disk: the file must survive this process, not the machine. A machine that starts anew has no
 * namespaces, so the journal of another boot is empty by definition.
 */

import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { PodwireError } from '../report/errors.js';
import { type AttachmentRecord, formatRecord, parseRecord } from './record.js';

const VERSION = 1;
/** Lines beyond four per living record after which the file is written anew. */
const SLACK = 1000;

export class Journal {
  readonly #records: Map<string, AttachmentRecord>;
  #fd: number;
  #size: number;
  #lines: number;

  /**
   * Opens or makes the file. A last line that was cut off is dropped: whoever was writing it had not done yet what it
   * announces. Throws PW-N302 when anything else in it is damaged, and changes nothing then.
   */
  constructor(
    readonly path: string,
    private readonly bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  ) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#records = read(path, bootId);
    [this.#fd, this.#size, this.#lines] = this.#rewrite();
  }

  /** By id. */
  get records(): ReadonlyMap<string, AttachmentRecord> {
    return this.#records;
  }

  /** Adds a record or replaces the one with its id. Throws when the disk does not take it; nothing has changed then. */
  put(record: AttachmentRecord): void {
    this.#append(formatRecord(record));
    this.#records.set(record.attachment.id, record);
    this.#compact();
  }

  remove(id: string): void {
    if (!this.#records.has(id)) return;
    this.#append(JSON.stringify({ gone: id }));
    this.#records.delete(id);
    this.#compact();
  }

  close(): void {
    closeSync(this.#fd);
  }

  #append(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    try {
      const written = writeSync(this.#fd, bytes);
      if (written < bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
    } catch (error) {
      // Half a line would damage the next one.
      ftruncateSync(this.#fd, this.#size);
      throw error;
    }
    this.#size += bytes.length;
    this.#lines++;
  }

  #compact(): void {
    if (this.#lines < 4 * this.#records.size + SLACK) return;
    const old = this.#fd;
    [this.#fd, this.#size, this.#lines] = this.#rewrite();
    closeSync(old);
  }

  /** The present records as a new file, which takes the old one's place at once. */
  #rewrite(): [fd: number, size: number, lines: number] {
    const lines = [
      JSON.stringify({ version: VERSION, boot: this.bootId }),
      ...[...this.#records.values()].map(formatRecord),
    ];
    const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''));
    const next = `${this.path}.next`;
    writeFileSync(next, bytes, { mode: 0o600 });
    renameSync(next, this.path);
    return [openSync(this.path, 'a'), bytes.length, lines.length];
  }
}

function read(path: string, bootId: string): Map<string, AttachmentRecord> {
  const records = new Map<string, AttachmentRecord>();
  const lines = content(path).split('\n');
  // After the last line feed comes nothing, or what was cut off.
  lines.pop();
  if (lines.length === 0) return records;
  const damaged = (problem: string) => new PodwireError('PW-N302', { path, problem });
  const header = json(lines[0]!) as { version?: number; boot?: string } | undefined;
  if (header?.boot !== undefined && header.boot !== bootId) return records;
  if (header?.version !== VERSION) throw damaged(header ? `version ${header.version} is not ${VERSION}` : 'no header');
  for (const [i, line] of lines.entries()) {
    if (i === 0) continue;
    const value = json(line) as { gone?: string } | undefined;
    const record = parseRecord(value);
    if (record) records.set(record.attachment.id, record);
    else if (typeof value?.gone === 'string') records.delete(value.gone);
    else throw damaged(`line ${i + 1} is no record`);
  }
  return records;
}

function content(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
