/** StatefulSet: Pods with stable names, made, updated and removed in order. */

import type { ControllerRevision, Pod, StatefulSet } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, type NewObject, parseKey, type View } from './controller.js';
import { claim, controllerKey, ownedBy } from './owners.js';
import { isFinished, isReady, isTerminating, podFrom, untilAvailable } from './pods.js';
import { history, REVISION_LABEL, templateOf } from './revisions.js';
import { same } from './values.js';

const statefulsets = resources.statefulsets as unknown as Resource;
const pods = resources.pods as unknown as Resource;
const claims = resources.persistentvolumeclaims as unknown as Resource;

export const statefulSetController: Controller = {
  name: 'stateful-set',
  watches: [statefulsets, pods, resources.controllerrevisions as unknown as Resource],
  keys: object => (object.kind === 'StatefulSet' ? [keyOf(object)] : controllerKey(object, 'StatefulSet')),
  reconcile,
};

/** One StatefulSet as it stands. */
interface Situation {
  readonly view: View;
  readonly set: StatefulSet;
  readonly update: ControllerRevision;
  /** The revision of Pods below the partition. */
  readonly current: ControllerRevision;
  /** By ordinal. */
  readonly pods: ReadonlyMap<number, Pod>;
  /** The ordinals that should be there. */
  readonly wanted: readonly number[];
}

function reconcile(view: View, key: string): readonly Change[] {
  const set = view.get(resources.statefulsets, ...parseKey(key));
  if (!set) return [];
  const claimed = claim(view, statefulsets, set, resources.pods, set.spec.selector);
  const used = new Set(claimed.owned.map(pod => pod.metadata.labels?.[REVISION_LABEL]));
  used.add(set.status?.currentRevision);
  const { update, all, changes } = history(view, statefulsets, set, ({ metadata }) => used.has(metadata.name));
  if (!update || set.metadata.deletionTimestamp) return [...claimed.changes, ...changes];
  const byOrdinal = new Map<number, Pod>();
  for (const pod of claimed.owned) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal !== undefined) byOrdinal.set(ordinal, pod);
  }
  const start = set.spec.ordinals?.start ?? 0;
  const wanted = Array.from({ length: set.spec.replicas ?? 1 }, (_, i) => start + i);
  const current = all.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const situation = { view, set, update, current, pods: byOrdinal, wanted };
  return [...claimed.changes, ...changes, ...step(situation), ...status(situation, claimed.owned)];
}

/** `web-0` → 0; undefined for a Pod with another kind of name. */
function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const { name } = pod.metadata;
  const digits = name.startsWith(`${set.metadata.name}-`) ? name.slice(set.metadata.name.length + 1) : '';
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

/** What may happen now: make what is missing, else remove what is too much, else update one. In order, each waits for the former. */
function step(at: Situation): Change[] {
  const ordered = at.set.spec.podManagementPolicy !== 'Parallel';
  const made: Change[] = [];
  for (const ordinal of at.wanted) {
    const pod = at.pods.get(ordinal);
    if (!pod) made.push(...create(at, ordinal));
    else if (isFinished(pod) && !isTerminating(pod)) made.push({ do: 'delete', resource: pods, object: pod });
    else if (healthy(at, pod)) continue;
    if (ordered) return [...made, ...again(at, pod)];
  }
  const surplus = [...at.pods].filter(([ordinal]) => !at.wanted.includes(ordinal)).sort(([a], [b]) => b - a);
  for (const [, pod] of surplus) {
    if (!isTerminating(pod)) made.push({ do: 'delete', resource: pods, object: pod });
    if (ordered) return made;
  }
  return made.length ? made : updateOne(at);
}

function healthy({ view, set }: Situation, pod: Pod): boolean {
  return !isTerminating(pod) && untilAvailable(pod, set.spec.minReadySeconds ?? 0, view.now) === 0;
}

/** A ready Pod becomes available by time alone. */
function again({ view, set }: Situation, pod: Pod | undefined): Change[] {
  const wait = pod && untilAvailable(pod, set.spec.minReadySeconds ?? 0, view.now);
  return wait ? [{ do: 'again', after: wait }] : [];
}

/** From the highest ordinal down to the partition; one at a time, and only while all above are healthy. */
function updateOne(at: Situation): Change[] {
  const { spec } = at.set;
  if (spec.updateStrategy?.type === 'OnDelete') return [];
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (const ordinal of [...at.wanted].reverse()) {
    if (ordinal < partition) return [];
    const pod = at.pods.get(ordinal);
    if (!pod) return [];
    const outdated = pod.metadata.labels?.[REVISION_LABEL] !== at.update.metadata.name;
    if (outdated && !isTerminating(pod)) return [{ do: 'delete', resource: pods, object: pod }];
    if (!healthy(at, pod)) return again(at, pod);
  }
  return [];
}

function create(at: Situation, ordinal: number): Change[] {
  const { set } = at;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const revision = ordinal < partition ? at.current : at.update;
  const name = `${set.metadata.name}-${ordinal}`;
  const template = templateOf(revision);
  const volumes = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: `${metadata.name}-${name}` },
  }));
  const taken = new Set(volumes.map(volume => volume.name));
  const others = (template.spec.volumes ?? []).filter(volume => !taken.has(volume.name));
  const object = podFrom(template, statefulsets, set, {
    name,
    labels: {
      [REVISION_LABEL]: revision.metadata.name,
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
    },
    spec: { hostname: name, subdomain: set.spec.serviceName, volumes: [...others, ...volumes] },
  });
  const message = `create Pod {name} in StatefulSet ${set.metadata.name} successful`;
  const event = { owner: set, reason: 'SuccessfulCreate', message };
  return [...volumeClaims(at, name), { do: 'create', resource: pods, object, event }];
}

/** The claims of one Pod; they stay when the Pod goes. */
function volumeClaims({ view, set }: Situation, pod: string): Change[] {
  const namespace = set.metadata.namespace!;
  return (set.spec.volumeClaimTemplates ?? []).flatMap(({ metadata, spec }): Change[] => {
    const name = `${metadata.name}-${pod}`;
    if (view.get(resources.persistentvolumeclaims, namespace, name)) return [];
    const gone = set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
    const object: NewObject = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name,
        namespace,
        labels: { ...set.spec.selector.matchLabels, ...metadata.labels },
        ...(gone ? { ownerReferences: [ownedBy(statefulsets, set)] } : {}),
      },
      spec,
    };
    return [{ do: 'create', resource: claims, object }];
  });
}

function status({ view, set, update, current, wanted }: Situation, all: readonly Pod[]): Change[] {
  const live = all.filter(pod => !isTerminating(pod) && !isFinished(pod));
  const having = (revision: ControllerRevision) =>
    live.filter(pod => pod.metadata.labels?.[REVISION_LABEL] === revision.metadata.name).length;
  const available = live.filter(pod => untilAvailable(pod, set.spec.minReadySeconds ?? 0, view.now) === 0).length;
  const updated = having(update);
  const onDelete = set.spec.updateStrategy?.type === 'OnDelete';
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  // The update is complete when every Pod has it and serves: from then on it is the current one.
  const complete = !onDelete && partition === 0 && updated === wanted.length && available === wanted.length;
  const currentRevision = complete || !set.status?.currentRevision ? update : current;
  const next = {
    ...set.status,
    observedGeneration: set.metadata.generation,
    replicas: live.length,
    readyReplicas: live.filter(isReady).length,
    availableReplicas: available,
    currentReplicas: having(currentRevision),
    updatedReplicas: updated,
    currentRevision: currentRevision.metadata.name,
    updateRevision: update.metadata.name,
  };
  return same(next, set.status) ? [] : [{ do: 'status', resource: statefulsets, object: { ...set, status: next } }];
}
