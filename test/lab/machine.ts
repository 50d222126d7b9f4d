/** What of a machine a lab could disturb, as text: taken before and after, the two must be equal. */

import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { openKernel } from '../../src/host/kernel-port.js';
import { dump } from '../../src/kernel/dump.js';
import { NETNS_DIR } from '../../src/lab/places.js';
import { run } from './lab.js';

export async function snapshot(directories: readonly string[]): Promise<Record<string, string>> {
  const port = openKernel();
  try {
    return {
      kernel: stable(dump(port.read())),
      'nft tables': (await run('nft', ['list', 'tables'])).stdout,
      namespaces: existsSync(NETNS_DIR) ? readdirSync(NETNS_DIR).sort().join('\n') : '',
      mounts: readFileSync('/proc/mounts', 'utf8')
        .split('\n')
        .filter(line => line.includes('podwire'))
        .join('\n'),
      processes: podwireProcesses().join('\n'),
      files: directories.filter(existsSync).join('\n'),
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

/** Other processes of the machine are nobody's business here: only those that run our code or live in another network namespace. */
function podwireProcesses(): string[] {
  const own = readlinkSync('/proc/self/ns/net');
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return readlinkSync(`/proc/${pid}/ns/net`) !== own || /src\/(lab|agent)\/main\.js/.test(command);
    } catch {
      return false;
    }
  });
}
