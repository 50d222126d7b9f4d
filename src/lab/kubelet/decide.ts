/** What to do next for a Pod, from its object and its state. Pure: the whole life of a Pod is this function. */

import type { Pod } from '../../objects/pod.js';
import { nextStart } from './backoff.js';
import { type ContainerState, type Member, members, type PodState, stateOf } from './state.js';

export type Action =
  /** Volumes and network, before anything else. */
  | { readonly do: 'set up' }
  | { readonly do: 'start'; readonly name: string }
  | { readonly do: 'stop'; readonly name: string; readonly why: string }
  /** Network and files away: nothing runs any more, and nothing will. */
  | { readonly do: 'tear down' }
  /** The last word to the API server. */
  | { readonly do: 'delete' };

export interface Decision {
  readonly actions: readonly Action[];
  /** When to decide again at the latest, milliseconds of Date.now(). */
  readonly again?: number;
}

const NOTHING: Decision = { actions: [] };

export function decide(pod: Pod, state: PodState, now: number): Decision {
  const all = members(pod);
  if (pod.metadata.deletionTimestamp || state.failed || isOver(pod, state)) return windDown(pod, state, all);
  const deadline = deadlineOf(pod, state);
  const limit = (decision: Decision): Decision =>
    deadline === undefined ? decision : { ...decision, again: Math.min(deadline, decision.again ?? deadline) };
  if (!hasNetwork(pod, state)) return limit({ actions: [{ do: 'set up' }] });
  const doomed = all
    .filter(({ container }) => stateOf(state, container.name).running && stateOf(state, container.name).doomed)
    .map(
      ({ container }): Action => ({ do: 'stop', name: container.name, why: stateOf(state, container.name).doomed! }),
    );
  const starts = startable(pod, state, all);
  const due = starts.filter(name => startTime(stateOf(state, name)) <= now);
  const later = starts.map(name => startTime(stateOf(state, name))).filter(time => time > now);
  return limit({
    actions: [...doomed, ...due.map((name): Action => ({ do: 'start', name }))],
    ...(later.length > 0 && { again: Math.min(...later) }),
  });
}

/** When the Pod's time is up, by activeDeadlineSeconds. */
export function deadlineOf(pod: Pod, state: PodState): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds;
  return seconds === undefined ? undefined : state.startTime + seconds * 1000;
}

export function hasNetwork(pod: Pod, state: PodState): boolean {
  return state.sandbox !== undefined && (pod.spec.hostNetwork === true || state.sandbox.result !== undefined);
}

/** Stopped: sidecars after the others, in the reverse order of their start. */
function windDown(pod: Pod, state: PodState, all: readonly Member[]): Decision {
  const running = all.filter(({ container }) => stateOf(state, container.name).running);
  const others = running.filter(({ role }) => role !== 'sidecar');
  const last = running.at(-1);
  const stop = others.length > 0 ? others : last ? [last] : [];
  if (stop.length > 0) {
    const why = state.failed ? state.failed.message : '';
    return { actions: stop.map(({ container }) => ({ do: 'stop', name: container.name, why })) };
  }
  if (state.sandbox) return { actions: [{ do: 'tear down' }] };
  return pod.metadata.deletionTimestamp ? { actions: [{ do: 'delete' }] } : NOTHING;
}

/** Names of the containers that should run and do not, as far as the order of the init containers allows. */
function startable(pod: Pod, state: PodState, all: readonly Member[]): string[] {
  const names: string[] = [];
  for (const { container, role } of all) {
    const now = stateOf(state, container.name);
    if (now.running) {
      if (role === 'init' || (role === 'sidecar' && !now.started)) return names;
      continue;
    }
    if (role === 'init' && now.ended?.exitCode === 0) continue;
    // Once the Pod is on its way, the init containers that are done stay done.
    if (now.ended && !restarts(pod, role, now)) continue;
    names.push(container.name);
    if (role !== 'main') return names;
  }
  return names;
}

function restarts(pod: Pod, role: Member['role'], { ended }: ContainerState): boolean {
  const policy = role === 'sidecar' ? 'Always' : (pod.spec.restartPolicy ?? 'Always');
  if (role === 'init') return policy !== 'Never';
  return policy === 'Always' || (policy === 'OnFailure' && ended?.exitCode !== 0);
}

/** An image or a configuration that was not there is tried again after the same delays as a container that ended. */
function startTime({ backoff }: ContainerState): number {
  return nextStart(backoff);
}

/** Whether all has been done that the restart policy wants. */
export function isOver(pod: Pod, state: PodState): boolean {
  const all = members(pod);
  const over = ({ container, role }: Member) => {
    const now = stateOf(state, container.name);
    return !now.running && now.ended !== undefined && !restarts(pod, role, now);
  };
  const failedInit = all.some(
    member => member.role === 'init' && over(member) && stateOf(state, member.container.name).ended?.exitCode !== 0,
  );
  return failedInit || all.filter(({ role }) => role === 'main').every(over);
}
