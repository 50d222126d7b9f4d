/** A Pod's status as the API shows it, from its object and the kubelet's state. Pure. */

import type { Pod } from '../../objects/pod.js';
import type { ContainerStatus, PodCondition, PodStatus } from '../../objects/pod-status.js';
import { nextStart } from './backoff.js';
import { hasNetwork, isOver } from './decide.js';
import { qosClass } from './qos.js';
import { type ContainerState, type Ended, type Member, members, type PodState, stateOf } from './state.js';

export function podStatus(pod: Pod, state: PodState, hostIPs: readonly string[], now: number): PodStatus {
  const all = members(pod);
  const initialized = isInitialized(state, all);
  const statuses = (roles: readonly string[]) =>
    all.filter(({ role }) => roles.includes(role)).map(member => containerStatus(pod, state, member, initialized, now));
  const initContainerStatuses = statuses(['init', 'sidecar']);
  const containerStatuses = statuses(['main']);
  const phase = podPhase(pod, state, all, initialized);
  return {
    phase,
    conditions: conditions(pod, state, { phase, initialized, initContainerStatuses, containerStatuses }, now),
    ...(state.failed ?? {}),
    hostIP: hostIPs[0],
    hostIPs: hostIPs.map(ip => ({ ip })),
    ...(state.podIPs.length > 0 && { podIP: state.podIPs[0], podIPs: state.podIPs.map(ip => ({ ip })) }),
    startTime: time(state.startTime),
    ...(initContainerStatuses.length > 0 && { initContainerStatuses }),
    containerStatuses,
    qosClass: qosClass(pod),
  };
}

/** All init containers are done, and the sidecars have started. */
function isInitialized(state: PodState, all: readonly Member[]): boolean {
  return all.every(({ container, role }) => {
    const now = stateOf(state, container.name);
    if (role === 'main') return true;
    return role === 'init' ? !now.running && now.ended?.exitCode === 0 : now.started || now.ended !== undefined;
  });
}

function podPhase(
  pod: Pod,
  state: PodState,
  all: readonly Member[],
  initialized: boolean,
): NonNullable<PodStatus['phase']> {
  if (state.failed) return 'Failed';
  const main = all.filter(({ role }) => role === 'main').map(({ container }) => stateOf(state, container.name));
  if (isOver(pod, state)) return main.every(now => now.ended?.exitCode === 0) ? 'Succeeded' : 'Failed';
  const begun = main.every(now => now.running || now.ended);
  return initialized && begun ? 'Running' : 'Pending';
}

function containerStatus(
  pod: Pod,
  state: PodState,
  { container, role }: Member,
  initialized: boolean,
  at: number,
): ContainerStatus {
  const now = stateOf(state, container.name);
  const id = now.running?.id ?? now.ended?.id;
  const crashing =
    !now.running && now.ended !== undefined && nextStart(now.backoff) > at && !now.stopping && !isOver(pod, state);
  const last = now.running || crashing || now.waiting ? now.ended : now.before;
  return {
    name: container.name,
    state: currentState(pod, container.name, now, crashing, role === 'main' && !initialized),
    lastState: last ? { terminated: terminated(last) } : {},
    ready: role === 'init' ? !now.running && now.ended?.exitCode === 0 : now.running !== undefined && now.ready,
    started: now.running !== undefined && now.started,
    restartCount: now.restarts,
    image: container.image ?? '',
    imageID: id ? `podwire://${container.image}` : '',
    ...(id && { containerID: id }),
  };
}

function currentState(
  pod: Pod,
  name: string,
  now: ContainerState,
  crashing: boolean,
  initializing: boolean,
): ContainerStatus['state'] {
  if (now.running) return { running: { startedAt: time(now.running.startedAt) } };
  if (now.waiting) return { waiting: now.waiting };
  if (crashing) {
    const { metadata } = pod;
    const delay = go(now.backoff.delay);
    const message = `back-off ${delay} restarting failed container=${name} pod=${metadata.name}_${metadata.namespace}(${metadata.uid})`;
    return { waiting: { reason: 'CrashLoopBackOff', message } };
  }
  if (now.ended) return { terminated: terminated(now.ended) };
  return { waiting: { reason: initializing ? 'PodInitializing' : 'ContainerCreating' } };
}

function terminated({ exitCode, reason, message, startedAt, finishedAt, id }: Ended) {
  return {
    exitCode,
    reason,
    ...(message && { message }),
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
    containerID: id,
  };
}

interface Summary {
  readonly phase: string;
  readonly initialized: boolean;
  readonly initContainerStatuses: readonly ContainerStatus[];
  readonly containerStatuses: readonly ContainerStatus[];
}

function conditions(pod: Pod, state: PodState, summary: Summary, at: number): PodCondition[] {
  const { phase, initialized, initContainerStatuses, containerStatuses } = summary;
  const over = phase === 'Succeeded' || phase === 'Failed';
  const unready = containerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const incomplete = initContainerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const completed = { reason: over ? (phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed') : 'ContainersNotReady' };
  const why =
    phase === 'Succeeded'
      ? completed
      : { ...completed, message: `containers with unready status: [${unready.join(' ')}]` };
  const gates = (pod.spec.readinessGates ?? []).map(({ conditionType }) => conditionType);
  const closed = gates.filter(gate => pod.status?.conditions?.find(({ type }) => type === gate)?.status !== 'True');
  const ready = !over && unready.length === 0;
  const gateWhy = {
    reason: 'ReadinessGatesNotReady',
    message: `the status of pod readiness gate ${closed.map(gate => JSON.stringify(gate)).join(' ')} is not "True"`,
  };
  const own: Omit<PodCondition, 'lastTransitionTime'>[] = [
    condition('PodReadyToStartContainers', hasNetwork(pod, state)),
    condition('Initialized', initialized, {
      reason: 'ContainersNotInitialized',
      message: `containers with incomplete status: [${incomplete.join(' ')}]`,
    }),
    condition('Ready', ready && closed.length === 0, ready ? gateWhy : why),
    condition('ContainersReady', ready, why),
    condition('PodScheduled', true),
  ];
  const before = new Map((pod.status?.conditions ?? []).map(each => [each.type, each]));
  const merged = own.map(each => {
    const old = before.get(each.type);
    const lastTransitionTime =
      old?.status === each.status && old.lastTransitionTime ? old.lastTransitionTime : time(at);
    return { ...each, lastTransitionTime } as PodCondition;
  });
  const names = new Set(own.map(({ type }) => type));
  return [...merged, ...[...before.values()].filter(({ type }) => !names.has(type))];
}

function condition(
  type: string,
  holds: boolean,
  otherwise: { reason?: string; message?: string } = {},
): Omit<PodCondition, 'lastTransitionTime'> {
  return holds ? { type, status: 'True' } : { type, status: 'False', ...otherwise };
}

/** metav1.Time has whole seconds. */
export function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** As Go prints a duration: `1m20s`. */
function go(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
