/** A directory with a link to busybox for every command that it has. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

export function installBusybox(program: string, directory: string): void {
  const unfinished = `${directory}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  for (const name of execFileSync(program, ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
    symlinkSync(program, join(unfinished, name));
  renameSync(unfinished, directory);
}
