/** What a lab left on the machine, found by names alone, and its removal: works after any crash, needs no running lab. */

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openKernel } from '../host/kernel-port.js';
import { MNT_DETACH, umount2 } from '../host/libc.js';
import { removeNamespace } from '../host/namespace.js';
import { removeContext } from './kubeconfig.js';
import { NETNS_DIR, type Places } from './places.js';
import { end, type ProcessRecord, processesIn, readLiving } from './processes.js';

export interface Remains {
  /** labd first: it would start again what is ended before it. */
  readonly labd: ProcessRecord | undefined;
  readonly netns: readonly string[];
  readonly directories: readonly string[];
}

/** Of this lab and no other: `podwire-a-b-n1` belongs to lab `a-b`, not to lab `a`. */
const ROLE = /^(fabric|gateway|internet|n\d+|pod-[0-9a-f]{8}-[0-9a-f]{4})$/;

export function findRemains(at: Places): Remains {
  const names = existsSync(NETNS_DIR) ? readdirSync(NETNS_DIR).filter(isOf(at)) : [];
  return {
    labd: readLiving(at.labd),
    netns: names.map(name => join(NETNS_DIR, name)),
    directories: [at.run, at.state].filter(existsSync),
  };
}

function isOf({ netnsPrefix }: Places) {
  return (name: string) => name.startsWith(netnsPrefix) && ROLE.test(name.slice(netnsPrefix.length));
}

export function isNothing(remains: Remains): boolean {
  return remains.labd === undefined && remains.netns.length === 0 && remains.directories.length === 0;
}

/** Ends the lab's processes, then removes its namespaces (and with them links, routes and tables), files and kubeconfig context. */
export async function removeRemains(at: Places): Promise<void> {
  const { labd } = findRemains(at);
  // labd needs no farewell: everything it made is found by name. SIGKILL, and only then the look: nothing new appears.
  if (labd) await end([labd], 'SIGKILL', 5000);
  const { netns } = findRemains(at);
  // Ending one process can make its parent start another: look until nobody is left.
  for (let round = 0; round < 5; round++) {
    const processes = processesIn(netns);
    if (processes.length === 0) break;
    await end(processes, 'SIGKILL', 2000);
  }
  // Deleting a veth waits for all CPUs to forget it; a namespace that goes takes all its links at once, in the background.
  for (const path of netns) removeNamespace(path);
  removeHostLink(at);
  removeContext(at.lab);
  for (const mountPoint of mountsBelow(at.run)) umount2(mountPoint, MNT_DETACH);
  for (const directory of [at.run, at.state]) {
    rmSync(directory, { recursive: true, force: true });
    removeIfEmpty(dirname(directory));
  }
}

/** Goes with the fabric's namespace, but that happens in the background: `down` returns when the machine is as it was. */
function removeHostLink(at: Places): void {
  const port = openKernel();
  try {
    port.apply([{ verb: 'delete', object: { kind: 'link', type: 'veth', name: at.hostLink, up: false } }]);
  } finally {
    port.close();
  }
}

/** Mount points in that directory, the innermost first: volumes in memory, for instance. */
function mountsBelow(directory: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap(line => line.split(' ')[4] ?? [])
    .filter(path => path.startsWith(`${directory}/`))
    .reverse();
}

function removeIfEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length === 0) rmSync(directory, { recursive: true });
}
