/** ReplicaSet: as many Pods of one template as asked for. Knows nothing of rollouts. */

import type { Pod, ReplicaSet } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { claim, controllerKey } from './owners.js';
import { byUsefulness, isActive, podFrom, readiness } from './pods.js';
import { same } from './values.js';

const replicasets = resources.replicasets as unknown as Resource;
const pods = resources.pods as unknown as Resource;

export const replicaSetController: Controller = {
  name: 'replica-set',
  watches: [replicasets, pods],
  keys: object => {
    if (object.kind === 'ReplicaSet') return [keyOf(object)];
    return controllerKey(object, 'ReplicaSet');
  },
  reconcile,
};

function reconcile(view: View, key: string): readonly Change[] {
  const set = view.get(resources.replicasets, ...parseKey(key));
  if (!set) return [];
  const claimed = claim(view, replicasets, set, resources.pods, set.spec.selector);
  const active = claimed.owned.filter(isActive);
  const scaling = set.metadata.deletionTimestamp ? [] : scale(set, active);
  return [...claimed.changes, ...scaling, ...status(view, set, active)];
}

function scale(set: ReplicaSet, active: readonly Pod[]): Change[] {
  const missing = (set.spec.replicas ?? 1) - active.length;
  if (missing > 0) {
    const object = podFrom(set.spec.template!, replicasets, set);
    const event = { owner: set, reason: 'SuccessfulCreate', message: 'Created pod: {name}' };
    return Array.from({ length: missing }, () => ({ do: 'create', resource: pods, object, event }));
  }
  if (missing === 0) return [];
  return byUsefulness(active)
    .slice(0, -missing)
    .flatMap((pod): Change[] => [
      { do: 'delete', resource: pods, object: pod },
      {
        do: 'event',
        object: set,
        type: 'Normal',
        reason: 'SuccessfulDelete',
        message: `Deleted pod: ${pod.metadata.name}`,
      },
    ]);
}

function status(view: View, set: ReplicaSet, active: readonly Pod[]): Change[] {
  const { ready, available, next } = readiness(active, set.spec.minReadySeconds ?? 0, view.now);
  const labels = Object.entries(set.spec.template?.metadata?.labels ?? {});
  const labelled = active.filter(pod => labels.every(([name, value]) => pod.metadata.labels?.[name] === value));
  const updated = {
    ...set.status,
    replicas: active.length,
    fullyLabeledReplicas: labelled.length,
    readyReplicas: ready,
    availableReplicas: available,
    observedGeneration: set.metadata.generation,
  };
  const changes: Change[] = next === undefined ? [] : [{ do: 'again', after: next }];
  if (!same(updated, set.status))
    changes.push({ do: 'status', resource: replicasets, object: { ...set, status: updated } });
  return changes;
}
