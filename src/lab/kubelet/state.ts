/** What the kubelet knows of a Pod on its node, as plain data that outlives it. Knows no process and no API. */

import type { Container } from '../../objects/container.js';
import type { Pod } from '../../objects/pod.js';
import type { ProcessRecord } from '../processes.js';
import type { NetworkResult } from '../runtime/cni.js';
import { type Backoff, NO_BACKOFF } from './backoff.js';

/** `sidecar`: an init container with restartPolicy Always, which runs beside the others. */
export type Role = 'init' | 'sidecar' | 'main';

/** Times are milliseconds of Date.now(). */
export interface Ended {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly id: string;
}

export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: number; readonly id: string; readonly process: ProcessRecord };
  /** The last end; with `running`, that of the run before. */
  readonly ended?: Ended;
  /** The end before that. */
  readonly before?: Ended;
  readonly restarts: number;
  /** How often it was started: numbers the runs' logs. */
  readonly runs: number;
  /** The startup probe succeeded, or there is none. */
  readonly started: boolean;
  /** The readiness probe's last word, or that there is none. */
  readonly ready: boolean;
  /** Set when it must be killed: why, for the event. */
  readonly doomed?: string;
  /** Asked to stop: it does not start again, whatever the policy. */
  readonly stopping?: boolean;
  readonly backoff: Backoff;
}

/** The Pod's network. Without `result`, an ADD was begun and may have done anything. */
export interface Sandbox {
  readonly id: string;
  readonly netns: string;
  readonly result?: NetworkResult;
}

export interface PodState {
  readonly sandbox?: Sandbox;
  readonly podIPs: readonly string[];
  readonly startTime: number;
  /** Set when the Pod as a whole has failed. */
  readonly failed?: { readonly reason: string; readonly message: string };
  readonly containers: Readonly<Record<string, ContainerState>>;
}

export const NEVER_RUN: ContainerState = { restarts: 0, runs: 0, started: false, ready: false, backoff: NO_BACKOFF };

export function newPodState(now: number): PodState {
  return { podIPs: [], startTime: now, containers: {} };
}

export function stateOf(state: PodState, name: string): ContainerState {
  return Object.hasOwn(state.containers, name) ? state.containers[name]! : NEVER_RUN;
}

export function withContainer(state: PodState, name: string, container: ContainerState): PodState {
  return { ...state, containers: { ...state.containers, [name]: container } };
}

export interface Member {
  readonly container: Container;
  readonly role: Role;
}

/** All containers in the order of their start. */
export function members(pod: Pod): readonly Member[] {
  const initial = (pod.spec.initContainers ?? []).map(
    container => ({ container, role: container.restartPolicy === 'Always' ? 'sidecar' : 'init' }) as Member,
  );
  return [...initial, ...pod.spec.containers.map(container => ({ container, role: 'main' }) as Member)];
}
