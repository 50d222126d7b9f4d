/** One process per state directory. Knows process ids and their start times; refuses to know what the directory holds. */

import * as fs from 'node:fs';
import { join } from 'node:path';
import { PodwireError } from '../../report/errors.js';

/**
 * Takes `directory`/lock, or throws PW-A251 with the id of the process that holds it. A lock whose process is gone (same
 * id but another start time counts as gone) is taken over. Returns the release.
 */
export function lock(directory: string): () => void {
  const path = join(directory, 'lock');
  const mine = `${path}.${process.pid}`;
  fs.writeFileSync(mine, `${process.pid} ${startTime(process.pid)}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (linked(mine, path)) return () => fs.rmSync(path, { force: true });
      const pid = holder(path);
      if (pid !== undefined) throw new PodwireError('PW-A251', { path: directory, pid });
      fs.rmSync(path, { force: true });
    }
    throw new PodwireError('PW-A251', { path: directory, pid: 'unknown' });
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

/** link(2) fails when the name exists and shows the file with its content at once, unlike open and write. */
function linked(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function holder(path: string): number | undefined {
  const text = fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '';
  const [pid, started] = text.trim().split(' ');
  return pid && started && startTime(Number(pid)) === started ? Number(pid) : undefined;
}

/** Field 22 of /proc/PID/stat, in clock ticks after boot (proc(5)); undefined when there is no such process, or only its zombie. */
function startTime(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
