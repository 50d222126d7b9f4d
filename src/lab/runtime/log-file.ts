/** A container's log on disk, in the CRI format: `TIME STREAM F LINE`. Knows lines, times and rotation; refuses to know containers. */

import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

export type Stream = 'stdout' | 'stderr';

/** Bytes after which a file is set aside; the one before it is then forgotten. */
export const ROTATE_AT = 10 * 1024 * 1024;
/** A longer line is cut into parts, so that no line makes us keep it in memory (as containerd does). */
const LONGEST = 16 * 1024;

export interface LogWriter {
  write(stream: Stream, chunk: Uint8Array): void;
  /** Writes what is left of lines that never ended. */
  close(): void;
}

/** Appends to `path`; the rotated file is `path.1`. `written` is told of every write. */
export function logWriter(path: string, written: () => void, rotateAt = ROTATE_AT): LogWriter {
  let fd: number | undefined;
  let size = 0;
  const rest = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  const append = (text: Buffer) => {
    if (fd === undefined) {
      fd = openSync(path, 'a', 0o640);
      size = statSync(path).size;
    }
    writeSync(fd, text);
    size += text.length;
    if (size < rotateAt) return;
    closeSync(fd);
    fd = undefined;
    renameSync(path, `${path}.1`);
  };
  return {
    write(stream, chunk) {
      const time = new Date().toISOString();
      const lines: Buffer[] = [];
      let buffer = rest[stream].length > 0 ? Buffer.concat([rest[stream], chunk]) : Buffer.from(chunk);
      for (let end = buffer.indexOf(10); end >= 0 || buffer.length >= LONGEST; end = buffer.indexOf(10)) {
        const whole = end >= 0 && end <= LONGEST;
        const length = whole ? end : LONGEST;
        lines.push(
          Buffer.from(`${time} ${stream} ${whole ? 'F' : 'P'} `),
          buffer.subarray(0, length),
          Buffer.from('\n'),
        );
        buffer = buffer.subarray(whole ? length + 1 : length);
      }
      rest[stream] = Buffer.from(buffer);
      if (lines.length === 0) return;
      append(Buffer.concat(lines));
      written();
    },
    close() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (rest[stream].length === 0) continue;
        append(
          Buffer.concat([Buffer.from(`${new Date().toISOString()} ${stream} P `), rest[stream], Buffer.from('\n')]),
        );
      }
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
      written();
    },
  };
}

export interface LogLine {
  readonly time: string;
  readonly stream: Stream;
  /** With its newline, unless it is the part of a longer line. */
  readonly content: Buffer;
}

/** One line of a file; undefined for damage. */
export function parseLine(line: Buffer): LogLine | undefined {
  const match = /^(\S+) (stdout|stderr) ([FP]) /.exec(line.toString('latin1', 0, 64));
  if (!match) return undefined;
  const content = line.subarray(match[0].length);
  return {
    time: match[1]!,
    stream: match[2] as Stream,
    content: match[3] === 'F' ? Buffer.concat([content, Buffer.from('\n')]) : content,
  };
}

/** The files of a log, oldest first. */
export function logFiles(path: string): readonly string[] {
  return [`${path}.1`, path].filter(file => existsSync(file));
}
