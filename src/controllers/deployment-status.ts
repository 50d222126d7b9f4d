/** What a Deployment says of itself: counts, and the conditions that `kubectl rollout status` reads. */

import type { Deployment, ReplicaSet } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, timestamp, type View } from './controller.js';
import { limits } from './rollout.js';
import { same, withCondition } from './values.js';

const deployments = resources.deployments as unknown as Resource;

type Status = NonNullable<Deployment['status']>;
type Condition = NonNullable<Status['conditions']>[number];

export function deploymentStatus(
  view: View,
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Change[] {
  const sets = current ? [current, ...old] : old;
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas') =>
    sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const counts = {
    observedGeneration: deployment.metadata.generation,
    replicas: sum('replicas'),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: sum('availableReplicas'),
    unavailableReplicas: Math.max(
      0,
      sets.reduce((total, set) => total + (set.spec.replicas ?? 1), 0) - sum('availableReplicas'),
    ),
  };
  const conditions = progress(
    view,
    deployment,
    counts,
    current,
    availability(view, deployment, counts.availableReplicas),
  );
  const status: Status = { ...deployment.status, ...counts, conditions };
  const changes: Change[] = [];
  if (!same(status, deployment.status))
    changes.push({ do: 'status', resource: deployments, object: { ...deployment, status } });
  const deadline = untilDeadline(view, deployment, conditions);
  if (deadline !== undefined) changes.push({ do: 'again', after: deadline });
  return changes;
}

function availability(view: View, deployment: Deployment, available: number): readonly Condition[] {
  const enough = available >= (deployment.spec.replicas ?? 1) - limits(deployment).unavailable;
  return set(view, deployment.status?.conditions, {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  });
}

type Counts = Required<Pick<Status, 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'>>;

/** Why the rollout goes on, is done, is paused or has failed to go on in time. */
function progress(
  view: View,
  deployment: Deployment,
  counts: Counts,
  current: ReplicaSet | undefined,
  conditions: readonly Condition[],
): readonly Condition[] {
  const before = conditions.find(({ type }) => type === 'Progressing');
  const say = (status: 'True' | 'False' | 'Unknown', reason: string, message: string) =>
    set(view, conditions, { type: 'Progressing', status, reason, message });
  if (deployment.spec.paused) return say('Unknown', 'DeploymentPaused', 'Deployment is paused');
  const wanted = deployment.spec.replicas ?? 1;
  const name = current ? `ReplicaSet "${current.metadata.name}"` : 'Deployment';
  const { replicas, updatedReplicas, availableReplicas } = counts;
  if (current && updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted) {
    return say('True', 'NewReplicaSetAvailable', `${name} has successfully progressed.`);
  }
  if (!current) return before ? conditions : say('True', 'NewReplicaSetCreated', 'Created new replica set');
  if (!before || before.reason === 'DeploymentPaused' || moved(deployment.status, counts)) {
    return say('True', 'ReplicaSetUpdated', `${name} is progressing.`);
  }
  if (before.reason === 'NewReplicaSetAvailable') {
    // A finished rollout that lost a Pod is not a new one; a new template is.
    return deployment.status?.observedGeneration === deployment.metadata.generation
      ? conditions
      : say('True', 'ReplicaSetUpdated', `${name} is progressing.`);
  }
  if (untilDeadline(view, deployment, conditions) !== 0) return conditions;
  return say('False', 'ProgressDeadlineExceeded', `${name} has timed out progressing.`);
}

function moved(before: Status | undefined, now: Counts): boolean {
  const oldBefore = (before?.replicas ?? 0) - (before?.updatedReplicas ?? 0);
  return (
    now.updatedReplicas > (before?.updatedReplicas ?? 0) ||
    now.replicas - now.updatedReplicas < oldBefore ||
    now.readyReplicas > (before?.readyReplicas ?? 0) ||
    now.availableReplicas > (before?.availableReplicas ?? 0)
  );
}

/** Milliseconds until a rollout that does not move counts as failed; undefined when none is on its way. */
function untilDeadline(view: View, { spec }: Deployment, conditions: readonly Condition[]): number | undefined {
  const one = conditions.find(({ type }) => type === 'Progressing');
  const seconds = spec.progressDeadlineSeconds;
  if (one?.status !== 'True' || one.reason === 'NewReplicaSetAvailable' || !seconds || spec.paused) return undefined;
  return Math.max(0, Date.parse(one.lastUpdateTime ?? '') + seconds * 1000 - view.now);
}

/** With the time of the update, which only moves when the condition says something new or the rollout made a step. */
function set(
  view: View,
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
): readonly Condition[] {
  const time = timestamp(view.now);
  const before = conditions?.find(({ type }) => type === next.type);
  const said = (['status', 'reason', 'message'] as const).every(field => before?.[field] === next[field]);
  const still = said && next.reason !== 'ReplicaSetUpdated';
  return withCondition(conditions, { ...next, lastUpdateTime: still ? before?.lastUpdateTime : time }, time);
}
