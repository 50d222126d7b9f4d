/** DaemonSet: one Pod on every node that the template may run on. Binds its Pods to their nodes itself. */

import { scaledValue } from '../objects/int-or-string.js';
import type { ControllerRevision, DaemonSet, Node, Pod, Toleration } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, keyOf, parseKey, type View } from './controller.js';
import { selectsNode, taintsOf, untolerated } from './node-fit.js';
import { claim, controllerKey } from './owners.js';
import { isFinished, isReady, isTerminating, podFrom, untilAvailable } from './pods.js';
import { history, REVISION_LABEL } from './revisions.js';
import { same } from './values.js';

const daemonsets = resources.daemonsets as unknown as Resource;
const pods = resources.pods as unknown as Resource;

export const daemonSetController: Controller = {
  name: 'daemon-set',
  watches: [daemonsets, pods, resources.nodes, resources.controllerrevisions] as unknown as readonly Resource[],
  keys: (object, view) => {
    if (object.kind === 'DaemonSet') return [keyOf(object)];
    if (object.kind === 'Node') return view.list(resources.daemonsets).map(keyOf);
    return controllerKey(object, 'DaemonSet');
  },
  reconcile,
};

/** A daemon stays where others are driven away. */
const TOLERATIONS: readonly Toleration[] = [
  ...['not-ready', 'unreachable'].map(
    name => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoExecute' }) as const,
  ),
  ...['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map(
    name => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect: 'NoSchedule' }) as const,
  ),
];

interface Place {
  readonly node: Node;
  readonly pods: readonly Pod[];
}

function reconcile(view: View, key: string): readonly Change[] {
  const set = view.get(resources.daemonsets, ...parseKey(key));
  if (!set) return [];
  const claimed = claim(view, daemonsets, set, resources.pods, set.spec.selector);
  const used = new Set(claimed.owned.map(pod => pod.metadata.labels?.[REVISION_LABEL]));
  const { update, changes } = history(view, daemonsets, set, revision => used.has(hashOf(revision)));
  if (!update || set.metadata.deletionTimestamp) return [...claimed.changes, ...changes];
  const spec = {
    ...set.spec.template.spec,
    tolerations: [...(set.spec.template.spec.tolerations ?? []), ...TOLERATIONS],
  };
  const nodes = view
    .list(resources.nodes)
    .filter(node => selectsNode(spec, node) && !untolerated(spec, taintsOf(node)));
  const names = new Set(nodes.map(node => node.metadata.name));
  const places = nodes.map(node => ({
    node,
    pods: claimed.owned.filter(pod => pod.spec.nodeName === node.metadata.name),
  }));
  const stray = claimed.owned.filter(pod => !names.has(pod.spec.nodeName ?? ''));
  const hash = hashOf(update);
  return [
    ...claimed.changes,
    ...changes,
    ...stray.filter(pod => !isTerminating(pod)).map(remove),
    ...places.flatMap(place => keepOne(set, place, hash, spec)),
    ...updateSome(view, set, places, hash),
    ...status(view, set, places, stray, hash),
  ];
}

const hashOf = (revision: ControllerRevision) => revision.metadata.labels?.[REVISION_LABEL] ?? '';
const remove = (object: Pod): Change => ({ do: 'delete', resource: pods, object });

/** On each node one Pod: a finished one goes, a missing one comes when none is on its way out. */
function keepOne(set: DaemonSet, { node, pods: here }: Place, hash: string, spec: Pod['spec']): Change[] {
  const finished = here.filter(pod => isFinished(pod) && !isTerminating(pod));
  const running = here.filter(pod => !isFinished(pod) && !isTerminating(pod));
  const doubled = [...running].sort((a, b) => Number(isReady(b)) - Number(isReady(a))).slice(1);
  if (here.length > 0) return [...finished, ...doubled].map(remove);
  const object = podFrom(set.spec.template, daemonsets, set, {
    labels: { [REVISION_LABEL]: hash },
    spec: { ...spec, nodeName: node.metadata.name },
  });
  const event = { owner: set, reason: 'SuccessfulCreate', message: 'Created pod: {name}' };
  return [{ do: 'create', resource: pods, object, event }];
}

/** Removes outdated Pods, as many at a time as may be unavailable; those that do not serve first. */
function updateSome(view: View, set: DaemonSet, places: readonly Place[], hash: string): Change[] {
  if (set.spec.updateStrategy?.type === 'OnDelete') return [];
  const limit = scaledValue(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, places.length, 'up') ?? 1;
  const serves = (pod: Pod) =>
    !isTerminating(pod) && untilAvailable(pod, set.spec.minReadySeconds ?? 0, view.now) === 0;
  const unavailable = places.filter(place => !place.pods.some(serves)).length;
  const outdated = places
    .flatMap(place => place.pods)
    .filter(pod => !isTerminating(pod) && pod.metadata.labels?.[REVISION_LABEL] !== hash);
  const idle = outdated.filter(pod => !serves(pod));
  const serving = outdated.filter(serves).slice(0, Math.max(0, Math.max(limit, 1) - unavailable));
  return [...idle, ...serving].map(remove);
}

function status(view: View, set: DaemonSet, places: readonly Place[], stray: readonly Pod[], hash: string): Change[] {
  const first = places.flatMap(({ pods: here }) => here.filter(pod => !isTerminating(pod)).slice(0, 1));
  const available = first.filter(pod => untilAvailable(pod, set.spec.minReadySeconds ?? 0, view.now) === 0).length;
  const next = {
    ...set.status,
    observedGeneration: set.metadata.generation,
    desiredNumberScheduled: places.length,
    currentNumberScheduled: first.length,
    numberMisscheduled: stray.filter(pod => !isTerminating(pod)).length,
    updatedNumberScheduled: first.filter(pod => pod.metadata.labels?.[REVISION_LABEL] === hash).length,
    numberReady: first.filter(isReady).length,
    numberAvailable: available,
    numberUnavailable: places.length - available,
  };
  const waits = first.map(pod => untilAvailable(pod, set.spec.minReadySeconds ?? 0, view.now)).filter(wait => wait);
  const changes: Change[] = waits.length ? [{ do: 'again', after: Math.min(...(waits as number[])) }] : [];
  if (!same(next, set.status)) changes.push({ do: 'status', resource: daemonsets, object: { ...set, status: next } });
  return changes;
}
