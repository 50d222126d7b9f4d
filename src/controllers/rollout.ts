/** The arithmetic of a Deployment's rollout: how large each ReplicaSet may be now. Knows numbers, makes no object. */

import { scaledValue } from '../objects/int-or-string.js';
import type { Deployment, ReplicaSet } from '../objects/kinds.js';

/** Annotations of a ReplicaSet: for which count of the Deployment it was given its size, and how many Pods there might be then. */
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAX = 'deployment.kubernetes.io/max-replicas';

export interface Sizes {
  /** The size of a new ReplicaSet when there is none yet. */
  readonly first: number;
  readonly changed: readonly { readonly set: ReplicaSet; readonly replicas: number }[];
}

/** `old` from the oldest to the youngest. */
export function sizes(deployment: Deployment, current: ReplicaSet | undefined, old: readonly ReplicaSet[]): Sizes {
  const wanted = deployment.spec.replicas ?? 1;
  const plan = new Map<ReplicaSet, number>();
  const recreate = deployment.spec.strategy?.type === 'Recreate';
  const active = (current ? [current, ...old] : old).filter(set => size(set) > 0);
  const scaled = !recreate && active.length > 1 && active.some(set => wasFor(set, DESIRED, wanted) !== wanted);
  if (scaled) share(plan, deployment, wanted, active);
  else if (deployment.spec.paused) settle(plan, wanted, current, old);
  else if (recreate) {
    for (const set of old) plan.set(set, 0);
    if (current && old.every(set => size(set) === 0 && !set.status?.replicas)) plan.set(current, wanted);
  } else roll(plan, deployment, wanted, current, old);
  const { surge } = limits(deployment);
  const first = recreate ? wanted : clamp(wanted + surge - total(old), 0, wanted);
  // Once shared out each must know for which count, also whose size stays.
  const changed = [...plan].filter(([set, replicas]) => scaled || size(set) !== replicas);
  return { first, changed: changed.map(([set, replicas]) => ({ set, replicas })) };
}

/** Paused: no step from one template to the other, but the only ReplicaSet that has Pods still follows the count. */
function settle(
  plan: Map<ReplicaSet, number>,
  wanted: number,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): void {
  const sets = current ? [...old, current] : old;
  const active = sets.filter(set => size(set) > 0);
  const only = active.length === 1 ? active[0] : active.length === 0 ? (current ?? old.at(-1)) : undefined;
  if (only) plan.set(only, wanted);
}

/**
 * The count changed in the middle of a rollout: each ReplicaSet gets its share, so that a template that does not
 * work is not given all of the new Pods. What rounding leaves goes to the largest.
 */
function share(
  plan: Map<ReplicaSet, number>,
  deployment: Deployment,
  wanted: number,
  active: readonly ReplicaSet[],
): void {
  const most = mostPods(deployment);
  let left = most - total(active);
  // Among equals the new one grows first, an old one shrinks first.
  const order = (left < 0 ? [...active].reverse() : [...active]).sort((a, b) => size(b) - size(a));
  for (const set of order) {
    const part = Math.round((size(set) * most) / wasFor(set, MAX, wanted)) - size(set);
    const more = left > 0 ? clamp(part, 0, left) : clamp(part, left, 0);
    plan.set(set, size(set) + more);
    left -= more;
  }
  const [largest] = order;
  plan.set(largest!, Math.max(0, plan.get(largest!)! + left));
}

const wasFor = (set: ReplicaSet, annotation: string, otherwise: number) =>
  Number(set.metadata.annotations?.[annotation]) || otherwise;

/** How many Pods the Deployment may have during a rollout. */
function mostPods(deployment: Deployment): number {
  const wanted = deployment.spec.replicas ?? 1;
  return wanted === 0 ? 0 : wanted + limits(deployment).surge;
}

/** What a ReplicaSet remembers of the count by which it was given its size. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  return { [DESIRED]: String(deployment.spec.replicas ?? 1), [MAX]: String(mostPods(deployment)) };
}

/** One step: the new grows as far as the surge allows, the old shrink as far as availability allows. */
function roll(
  plan: Map<ReplicaSet, number>,
  deployment: Deployment,
  wanted: number,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): void {
  const { surge, unavailable } = limits(deployment);
  const sets = current ? [current, ...old] : old;
  if (current) {
    const room = wanted + surge - total(sets);
    const grown = size(current) < wanted ? size(current) + clamp(room, 0, wanted - size(current)) : wanted;
    plan.set(current, grown);
    // Growing and shrinking are two steps: what shrinks is judged on what really runs.
    if (grown > size(current)) return;
  }
  const least = wanted - unavailable;
  const newUnavailable = current ? Math.max(0, size(current) - available(current)) : 0;
  let spare = total(sets) - least - newUnavailable;
  // First those that serve nobody.
  for (const set of old) {
    const idle = clamp(size(set) - available(set), 0, Math.max(0, spare));
    if (idle === 0) continue;
    plan.set(set, size(set) - idle);
    spare -= idle;
  }
  let surplus = Math.min(spare, sets.reduce((sum, set) => sum + available(set), 0) - least);
  for (const set of old) {
    const now = plan.get(set) ?? size(set);
    const less = clamp(surplus, 0, now);
    if (less === 0) continue;
    plan.set(set, now - less);
    surplus -= less;
  }
}

/** Surge rounds up, unavailability down; both at zero would stand still for ever. */
export function limits({ spec }: Deployment): { readonly surge: number; readonly unavailable: number } {
  const wanted = spec.replicas ?? 1;
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, wanted, 'up') ?? 0;
  const unavailable = Math.min(scaledValue(maxUnavailable, wanted, 'down') ?? 0, wanted);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

const size = (set: ReplicaSet) => set.spec.replicas ?? 1;
const available = (set: ReplicaSet) => set.status?.availableReplicas ?? 0;
const total = (sets: readonly ReplicaSet[]) => sets.reduce((sum, set) => sum + size(set), 0);
const clamp = (value: number, least: number, most: number) => Math.max(least, Math.min(value, most));
