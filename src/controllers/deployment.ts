/** Deployment: which ReplicaSets there are and how large each is, so that one template replaces another step by step. */

import type { Deployment, ReplicaSet } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { deploymentStatus } from './deployment-status.js';
import { claim, controllerKey, controllerOf, ownedBy } from './owners.js';
import { isFinished } from './pods.js';
import { sizeAnnotations, sizes } from './rollout.js';
import { same, shortHash } from './values.js';

const deployments = resources.deployments as unknown as Resource;
const replicasets = resources.replicasets as unknown as Resource;

const REVISION = 'deployment.kubernetes.io/revision';
const HASH = 'pod-template-hash';
/** Annotations that describe the Deployment itself and stay with it. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  REVISION,
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
]);

export const deploymentController: Controller = {
  name: 'deployment',
  watches: [deployments, replicasets, resources.pods as unknown as Resource],
  keys: (object, view) => {
    if (object.kind === 'Deployment') return [keyOf(object)];
    if (object.kind === 'ReplicaSet') return controllerKey(object, 'Deployment');
    // Recreate waits for the end of the last old Pod.
    if (view.byUid(object.metadata.uid!)) return [];
    const set = view.byUid(controllerOf(object)?.uid ?? '');
    return set ? controllerKey(set.object, 'Deployment') : [];
  },
  reconcile,
};

function reconcile(view: View, key: string): readonly Change[] {
  const deployment = view.get(resources.deployments, ...parseKey(key));
  if (!deployment) return [];
  const claimed = claim(view, deployments, deployment, resources.replicasets, deployment.spec.selector);
  const sets = claimed.owned.filter(set => !set.metadata.deletionTimestamp);
  const current = sets.filter(set => isOf(set, deployment)).sort(byAge)[0];
  const old = sets.filter(set => set !== current).sort(byAge);
  if (deployment.metadata.deletionTimestamp)
    return [...claimed.changes, ...deploymentStatus(view, deployment, current, old)];
  const changes = [...claimed.changes];
  if (!current && !deployment.spec.paused) {
    if (!oldPodsRun(view, deployment, old)) changes.push(...create(view, deployment, old));
    else changes.push(...resize(deployment, sizes(deployment, undefined, old)));
  } else {
    if (current) changes.push(...record(deployment, current, old));
    // A change of the current ReplicaSet's annotations comes first; its size follows on what the server answered.
    if (changes.length === 0) changes.push(...resize(deployment, sizes(deployment, current, old)));
    if (current && isComplete(deployment, current, old)) changes.push(...forget(deployment, old));
  }
  return [...changes, ...deploymentStatus(view, deployment, current, old)];
}

/** The ReplicaSet's template is the Deployment's, but for the label that tells ReplicaSets apart. */
function isOf(set: ReplicaSet, deployment: Deployment): boolean {
  const { template } = set.spec;
  if (!template) return false;
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {};
  const plain = { ...template, metadata: { ...template.metadata, labels } };
  return same(normal(plain), normal(deployment.spec.template));
}

/** Without what says nothing: no labels and empty labels are the same. */
function normal(template: Deployment['spec']['template']): unknown {
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  return { spec: template.spec, labels, annotations };
}

/** With the strategy Recreate the new Pods only come when no old one runs any more. */
function oldPodsRun(view: View, { spec }: Deployment, old: readonly ReplicaSet[]): boolean {
  if (spec.strategy?.type !== 'Recreate') return false;
  return old.some(
    set => (set.spec.replicas ?? 1) > 0 || view.owned(resources.pods, set.metadata.uid!).some(pod => !isFinished(pod)),
  );
}

function create(view: View, deployment: Deployment, old: readonly ReplicaSet[]): Change[] {
  const { metadata, spec, status } = deployment;
  const hash = shortHash(normal(spec.template), status?.collisionCount ?? 0);
  const name = `${metadata.name}-${hash}`;
  // Another object has the name that the hash gives: the next hash is another.
  if (view.get(resources.replicasets, metadata.namespace, name)) {
    const collisionCount = (status?.collisionCount ?? 0) + 1;
    return [{ do: 'status', resource: deployments, object: { ...deployment, status: { ...status, collisionCount } } }];
  }
  const labels = { ...spec.template.metadata?.labels, [HASH]: hash };
  const selector = { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [HASH]: hash } };
  const replicas = sizes(deployment, undefined, old).first;
  const object = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: metadata.namespace!,
      labels,
      annotations: { ...inherited(deployment), ...sizeAnnotations(deployment), [REVISION]: String(revision(old) + 1) },
      ownerReferences: [ownedBy(deployments, deployment)],
    },
    spec: {
      replicas,
      selector,
      minReadySeconds: spec.minReadySeconds,
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
  if (replicas === 0) return [{ do: 'create', resource: replicasets, object }];
  const message = `Scaled up replica set {name} from 0 to ${replicas}`;
  const event = { owner: deployment, reason: 'ScalingReplicaSet', message };
  return [{ do: 'create', resource: replicasets, object, event }];
}

/** The current ReplicaSet has the highest revision, also when the Deployment went back to it; the Deployment says the same. */
function record(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Change[] {
  const highest = revision(old);
  const number = String(Math.max(highest + 1, revision([current])));
  const annotations = { ...current.metadata.annotations, ...inherited(deployment), [REVISION]: number };
  if (!same(annotations, current.metadata.annotations)) {
    return [
      { do: 'update', resource: replicasets, object: { ...current, metadata: { ...current.metadata, annotations } } },
    ];
  }
  if (deployment.metadata.annotations?.[REVISION] === number) return [];
  const metadata = { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [REVISION]: number } };
  return [{ do: 'update', resource: deployments, object: { ...deployment, metadata } }];
}

function inherited(deployment: Deployment): Record<string, string> {
  const entries = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !OWN_ANNOTATIONS.has(name));
  return Object.fromEntries(entries);
}

/** The highest revision of the given ReplicaSets; 0 of none. */
export function revision(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map(set => Number(set.metadata.annotations?.[REVISION]) || 0));
}

function resize(deployment: Deployment, { changed }: ReturnType<typeof sizes>): Change[] {
  return changed.flatMap(({ set, replicas }): Change[] => {
    const before = set.spec.replicas ?? 1;
    const way = replicas > before ? 'up' : 'down';
    const message = `Scaled ${way} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) };
    const object = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } };
    const update: Change = { do: 'update', resource: replicasets, object };
    if (replicas === before) return [update];
    return [update, { do: 'event', object: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message }];
  });
}

export function isComplete({ spec }: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): boolean {
  const replicas = spec.replicas ?? 1;
  const { status } = current;
  const all =
    (current.spec.replicas ?? 1) === replicas && status?.replicas === replicas && status.availableReplicas === replicas;
  return (
    (all || (replicas === 0 && status?.replicas === 0)) &&
    old.every(set => !set.status?.replicas && set.spec.replicas === 0)
  );
}

/** Old, empty ReplicaSets beyond the history limit go, the oldest first. */
function forget({ spec }: Deployment, old: readonly ReplicaSet[]): Change[] {
  const empty = old.filter(set => set.spec.replicas === 0 && !set.status?.replicas);
  const surplus = empty.length - (spec.revisionHistoryLimit ?? 10);
  if (surplus <= 0) return [];
  const oldest = [...empty].sort((a, b) => revision([a]) - revision([b])).slice(0, surplus);
  return oldest.map(object => ({ do: 'delete', resource: replicasets, object, propagationPolicy: 'Background' }));
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [x, y] = [a, b].map(set => `${set.metadata.creationTimestamp} ${set.metadata.name}`);
  return x! < y! ? -1 : 1;
}
