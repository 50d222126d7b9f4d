/** A Pod's state on disk, from which a restarted kubelet goes on. Knows files; a damaged one counts as none. */

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../../objects/pod.js';
import type { PodState } from './state.js';

export interface PodRecord {
  readonly pod: Pod;
  readonly state: PodState;
}

/** The object as it was when the Pod began: enough to clean up after it when the API has forgotten it. */
export function writePod(directory: string, pod: Pod): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  replace(join(directory, 'pod.json'), pod);
}

export function writeState(directory: string, state: PodState): void {
  replace(join(directory, 'state.json'), state);
}

/** By the Pods' uids. */
export function readRecords(directory: string): Map<string, PodRecord> {
  const found = new Map<string, PodRecord>();
  for (const uid of names(directory)) {
    const pod = read<Pod>(join(directory, uid, 'pod.json'));
    const state = read<PodState>(join(directory, uid, 'state.json'));
    if (pod?.metadata?.uid === uid && state?.containers) found.set(uid, { pod, state });
  }
  return found;
}

function replace(path: string, value: object): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function read<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
