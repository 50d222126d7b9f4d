/**
 * A directory whose files change all at once: a reader sees the old files or the new ones, never a mixture. Its names are
 * links into `..data`, itself a link to the directory with the files, and only that link is replaced (as kubelet does).
 */

import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export interface FileContent {
  readonly content: Uint8Array;
  readonly mode: number;
}

const DATA = '..data';
let generation = 0;

/** Paths may have directories. Returns whether anything changed. */
export function writeAtomically(directory: string, files: ReadonlyMap<string, FileContent>): boolean {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const old = currentData(directory);
  if (old && same(join(directory, old), files)) return false;
  const next = `..${new Date().toISOString().replace(/[-:T]/g, '_').replace('Z', '')}.${process.pid}.${generation++}`;
  mkdirSync(join(directory, next), { mode: 0o755 });
  for (const [path, { content, mode }] of files) {
    const target = join(directory, next, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(target, content, { mode });
    // The umask does not concern the files of a Pod.
    chmodSync(target, mode);
  }
  const link = join(directory, `${DATA}_tmp`);
  rmSync(link, { force: true });
  symlinkSync(next, link);
  renameSync(link, join(directory, DATA));
  linkNames(directory, files);
  if (old) rmSync(join(directory, old), { recursive: true, force: true });
  return true;
}

function linkNames(directory: string, files: ReadonlyMap<string, FileContent>): void {
  const wanted = new Set([...files.keys()].map(path => path.split('/')[0]!));
  const present = readdirSync(directory).filter(name => !name.startsWith('..'));
  for (const name of present) if (!wanted.has(name)) rmSync(join(directory, name), { force: true });
  for (const name of wanted) if (!present.includes(name)) symlinkSync(join(DATA, name), join(directory, name));
}

function currentData(directory: string): string | undefined {
  try {
    return readlinkSync(join(directory, DATA));
  } catch {
    return undefined;
  }
}

function same(data: string, files: ReadonlyMap<string, FileContent>): boolean {
  const present = readdirSync(data, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  if (present.length !== files.size) return false;
  for (const [path, { content }] of files) {
    try {
      if (!readFileSync(join(data, path)).equals(content)) return false;
    } catch {
      return false;
    }
  }
  return true;
}
