/** Reads a container's log as `kubectl logs` asks for it. Knows the files and their order; refuses to know who writes. */

import { open, readFile, stat } from 'node:fs/promises';
import { logFiles, parseLine } from './log-file.js';

export interface LogQuery {
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Milliseconds of Date.now(): lines from then on. */
  readonly since?: number;
  readonly timestamps?: boolean;
}

/** Tells a follower about more. */
export interface LogChanges {
  /** Resolves after the next write, with false when there will be none. */
  next(): Promise<boolean>;
}

/** The text of a log in pieces. Without `changes` it ends at the end of the file. */
export async function* readLog(
  path: string,
  query: LogQuery,
  changes?: LogChanges,
): AsyncGenerator<Buffer, void, void> {
  let left = query.limitBytes ?? Number.POSITIVE_INFINITY;
  const cut = (text: Buffer) => {
    const part = text.length > left ? text.subarray(0, left) : text;
    left -= part.length;
    return part;
  };
  // Asked for before reading, so that no write falls between the reading and the waiting.
  let more = query.follow ? changes?.next() : undefined;
  const files = await Promise.all(logFiles(path).map(async file => ({ file, bytes: await readFile(file) })));
  const all = Buffer.concat(files.map(({ bytes }) => bytes));
  let { inode, offset } = {
    inode: await inodeOf(path),
    offset: files.find(({ file }) => file === path)?.bytes.length ?? 0,
  };
  const lines = render(all, query);
  const tail = query.tailLines === undefined ? lines : query.tailLines === 0 ? [] : lastLines(lines, query.tailLines);
  yield cut(Buffer.concat(tail));
  while (more && left > 0) {
    const alive = await more;
    more = alive ? changes!.next() : undefined;
    const now = await inodeOf(path);
    if (now !== inode) {
      // Rotated: what was added before that is in the file that was set aside.
      const end = await readFrom(`${path}.1`, offset);
      yield cut(Buffer.concat(render(end, query)));
      [inode, offset] = [now, 0];
    }
    const added = await readFrom(path, offset);
    offset += added.length;
    if (added.length > 0 && left > 0) yield cut(Buffer.concat(render(added, query)));
  }
}

function render(bytes: Buffer, { since, timestamps }: LogQuery): Buffer[] {
  const out: Buffer[] = [];
  let begins = true;
  for (let at = 0, end = bytes.indexOf(10); end >= 0; at = end + 1, end = bytes.indexOf(10, at)) {
    const line = parseLine(bytes.subarray(at, end));
    if (!line || (since !== undefined && Date.parse(line.time) < since)) continue;
    out.push(timestamps && begins ? Buffer.concat([Buffer.from(`${line.time} `), line.content]) : line.content);
    begins = line.content.at(-1) === 10;
  }
  return out;
}

/** Parts of one line count as one. */
function lastLines(parts: Buffer[], count: number): Buffer[] {
  let lines = 0;
  let first = parts.length;
  while (first > 0) {
    const ends = parts[first - 1]!.at(-1) === 10 || first === parts.length;
    if (ends && ++lines > count) break;
    first--;
  }
  return parts.slice(first);
}

async function inodeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ ino }) => ino,
    () => undefined,
  );
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  const handle = await open(path).catch(() => undefined);
  if (!handle) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
