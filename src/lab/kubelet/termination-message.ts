/** A container's last words: from the file that it may write, or from the end of its log (Pod API, terminationMessagePolicy). */

import { readFileSync } from 'node:fs';
import { parseLine } from '../runtime/log-file.js';

const LONGEST_FILE = 4096;
const LONGEST_LOG = 2048;
const MOST_LINES = 80;

/** `logPath` is given when the log may stand in for an empty file. */
export function terminationMessage(file: string, logPath: string | undefined): string {
  const text = read(file).subarray(0, LONGEST_FILE).toString();
  if (text !== '' || !logPath) return text;
  const lines = read(logPath)
    .toString('latin1')
    .split('\n')
    .slice(-MOST_LINES - 1)
    .map(line => parseLine(Buffer.from(line, 'latin1'))?.content ?? Buffer.alloc(0));
  return Buffer.concat(lines).subarray(-LONGEST_LOG).toString();
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
