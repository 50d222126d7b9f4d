/** Builds the namespaces and links that topology.ts describes, or completes them after a crash. Decides nothing about them. */

import { existsSync } from 'node:fs';
import { openKernel } from '../host/kernel-port.js';
import { createNamespace, isNamespace, removeNamespace } from '../host/namespace.js';
import { diff } from '../kernel/diff.js';
import { key, stateOf } from '../kernel/kinds.js';
import type { KernelFailure, KernelObject } from '../kernel/port.js';
import { PodwireError } from '../report/errors.js';
import type { Segment } from './topology.js';

/** Idempotent: what is there and right is not touched. Throws PW-K103 at the first thing that the kernel refuses. */
export function buildUnderlay(segments: readonly Segment[]): void {
  for (const { netns } of segments) {
    if (!netns || isNamespace(netns)) continue;
    // A plain file is what a killed `createNamespace` leaves.
    if (existsSync(netns)) removeNamespace(netns);
    createNamespace(netns);
  }
  // Sysctls first: a link has those of `default` from its first moment.
  for (const segment of segments) complete(segment, object => object.kind === 'sysctl');
  for (const segment of segments) complete(segment, () => true);
}

function complete(segment: Segment, which: (object: KernelObject) => boolean): void {
  const port = openKernel(segment.netns);
  try {
    const desired = stateOf(segment.objects.filter(which));
    // Nothing is removed here: agents add to their node's state, and the host's belongs to the machine.
    const failures = port.apply(diff(desired, port.read(), { remove: false }));
    if (failures[0]) throw refused(segment, failures[0]);
  } finally {
    port.close();
  }
}

function refused(segment: Segment, failure: KernelFailure): PodwireError {
  return new PodwireError('PW-K103', {
    operation: `${failure.operation.verb} ${key(failure.operation.object)} in ${segment.role}`,
    errno: `${failure.errno} ${failure.message}`,
  });
}
