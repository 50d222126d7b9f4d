/** Containers that were started in the moment before a kubelet died, and that no record names. Knows processes and namespaces. */

import { readFileSync } from 'node:fs';
import { processesIn } from '../processes.js';
import type { PodState } from './state.js';

/** Ends every first process of a PID namespace in the Pods' networks that is not in their states; the kernel ends what is below it. */
export function endStrays(states: readonly PodState[]): void {
  const known = new Set(
    states.flatMap(({ containers }) => Object.values(containers)).map(({ running }) => running?.process.pid),
  );
  // The host network has processes that are nobody's business here.
  const networks = states.flatMap(({ sandbox }) => (sandbox?.result ? [sandbox.netns] : []));
  for (const { pid } of networks.length > 0 ? processesIn(networks) : []) {
    if (known.has(pid) || !isFirst(pid)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** proc(5), status: the process's ids from our PID namespace to its own. */
function isFirst(pid: number): boolean {
  try {
    return /^NSpid:\t\d+(\t\d+)*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
