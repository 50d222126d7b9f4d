/** Processes by a name that is never given twice: process id and start time. Knows nothing of what they run. */

import { mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** `started` is field 22 of /proc/PID/stat: clock ticks after boot. */
export interface ProcessRecord {
  readonly pid: number;
  readonly started: string;
}

/** The record of a running process, or undefined when there is none (a zombie counts as none). */
export function processRecord(pid: number): ProcessRecord | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the command's name, may hold spaces and parentheses: read on after the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { pid, started: fields[19]! };
  } catch {
    return undefined;
  }
}

export function isAlive(record: ProcessRecord): boolean {
  return processRecord(record.pid)?.started === record.started;
}

export function writeRecord(path: string, record: ProcessRecord): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify(record));
  renameSync(`${path}.new`, path);
}

/** The record in that file, if its process still runs. */
export function readLiving(path: string): ProcessRecord | undefined {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, 'utf8')) as ProcessRecord;
    return isAlive({ pid, started }) ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
}

/** All processes whose network namespace is one of those files (bind mounts of nsfs). */
export function processesIn(netnsPaths: readonly string[]): readonly ProcessRecord[] {
  const wanted = new Set<string>();
  for (const path of netnsPaths) {
    try {
      wanted.add(`net:[${statSync(path).ino}]`);
    } catch {
      // A namespace that vanished meanwhile has no processes.
    }
  }
  const found: ProcessRecord[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const record = wanted.has(readlinkSync(`/proc/${pid}/ns/net`)) && processRecord(Number(pid));
      if (record) found.push(record);
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

/** Sends the signal to those that still live, and waits until all are gone or the time is up. Returns the survivors. */
export async function end(
  records: readonly ProcessRecord[],
  signal: NodeJS.Signals,
  waitMs: number,
): Promise<readonly ProcessRecord[]> {
  for (const record of records) {
    try {
      if (isAlive(record)) process.kill(record.pid, signal);
    } catch {
      // It ended between the look and the signal.
    }
  }
  const deadline = Date.now() + waitMs;
  let living = records.filter(isAlive);
  while (living.length > 0 && Date.now() < deadline) {
    await new Promise(resolve => setTimeout(resolve, 5));
    living = living.filter(isAlive);
  }
  return living;
}
