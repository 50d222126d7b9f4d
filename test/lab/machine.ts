/** What of a machine a lab could disturb, as text: taken before and after, the two must be equal. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { openKernel } from '../../src/host/kernel-port.js';
import { dump } from '../../src/kernel/dump.js';
import { NETNS_DIR, type Places } from '../../src/lab/places.js';
import { run } from './lab.js';

export async function snapshot(at: Places): Promise<Record<string, string>> {
  const prefix = at.netnsPrefix;
  const port = openKernel();
  try {
    return {
      kernel: stable(dump(port.read())),
      'nft tables': (await run('nft', ['list', 'tables'])).stdout,
      namespaces: existsSync(NETNS_DIR)
        ? readdirSync(NETNS_DIR)
            .filter(name => name.startsWith(prefix))
            .sort()
            .join('\n')
        : '',
      mounts: readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter(line => line.includes(prefix) || line.includes(at.run))
        .join('\n'),
      processes: processesOf(at.lab).join('\n'),
      files: [at.state, at.run].filter(existsSync).join('\n'),
    };
  } finally {
    port.close();
  }
}

/** Neighbours come and go by themselves. */
function stable(text: string): string {
  return text
    .split('\n')
    .filter(line => !/\b(REACHABLE|STALE|DELAY|PROBE|FAILED|NOARP|neigh)/.test(line))
    .join('\n');
}

/** Processes of the lab by their arguments; those in its namespaces keep these alive, and are seen by them. */
function processesOf(lab: string): string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return /src\/(lab|agent)\/main\.js/.test(command) && command.includes(lab);
    } catch {
      return false;
    }
  });
}
