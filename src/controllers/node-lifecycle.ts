/** Nodes that fall silent: they become Unknown, are tainted, and their Pods unready and at last evicted. */

import type { Node, Pod, Taint } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, timestamp, type View } from './controller.js';
import { tolerates } from './node-fit.js';
import { condition, isFinished, isTerminating } from './pods.js';
import { same, withCondition } from './values.js';

const nodes = resources.nodes as unknown as Resource;
const pods = resources.pods as unknown as Resource;

/** Milliseconds without a heartbeat after which a node counts as lost; the kubelet renews its Lease every 10 s. */
const GRACE = 40_000;
const LEASES = 'kube-node-lease';
/** Seconds that a Pod stays on a lost node when it says nothing itself (as the admission plugin DefaultTolerationSeconds has it). */
const STAY = 300;
const TAINTS = { False: 'node.kubernetes.io/not-ready', Unknown: 'node.kubernetes.io/unreachable' } as const;

export const nodeLifecycle: Controller = {
  name: 'node-lifecycle',
  watches: [nodes, resources.leases as unknown as Resource],
  keys: ({ kind, metadata }) => (kind === 'Node' || metadata.namespace === LEASES ? [metadata.name] : []),
  reconcile,
};

function reconcile(view: View, name: string): readonly Change[] {
  const node = view.get(resources.nodes, undefined, name);
  if (!node) return [];
  const silence = silentFor(view, node);
  if (silence > GRACE && readyOf(node)?.status !== 'Unknown') return [lost(view, node)];
  const wait: Change = { do: 'again', after: Math.max(1000, GRACE - silence + 1) };
  const taints = wantedTaints(view, node);
  if (!same(taints, node.spec?.taints ?? [])) {
    return [{ do: 'update', resource: nodes, object: { ...node, spec: { ...node.spec, taints } } }, wait];
  }
  return [wait, ...(readyOf(node)?.status === 'True' ? [] : strand(view, node))];
}

const readyOf = ({ status }: Node) => status?.conditions?.find(({ type }) => type === 'Ready');

/** Since its last heartbeat: the renewal of its Lease, or its own status. */
function silentFor(view: View, node: Node): number {
  const lease = view.get(resources.leases, LEASES, node.metadata.name);
  const beats = [lease?.spec?.renewTime, readyOf(node)?.lastHeartbeatTime, node.metadata.creationTimestamp];
  return view.now - Math.max(...beats.map(time => Date.parse(time ?? '') || 0));
}

function lost(view: View, node: Node): Change {
  const time = timestamp(view.now);
  let conditions = node.status?.conditions;
  for (const type of new Set([...(conditions ?? []).map(one => one.type), 'Ready'])) {
    const next = {
      type,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    } as const;
    conditions = withCondition(conditions, next, time);
  }
  return { do: 'status', resource: nodes, object: { ...node, status: { ...node.status, conditions } } };
}

/** The taint of the node's state, with the time since when; others' taints stay. */
function wantedTaints(view: View, node: Node): readonly Taint[] {
  const ours: ReadonlySet<string> = new Set(Object.values(TAINTS));
  const present = node.spec?.taints ?? [];
  const others = present.filter(({ key }) => !ours.has(key));
  const status = readyOf(node)?.status;
  if (status !== 'False' && status !== 'Unknown') return others;
  const taint = (effect: Taint['effect']) => {
    const known = present.find(one => one.key === TAINTS[status] && one.effect === effect);
    return known ?? { key: TAINTS[status], effect, timeAdded: timestamp(view.now) };
  };
  return [...others, taint('NoSchedule'), taint('NoExecute')];
}

/** Pods of a node that is not ready serve nobody, and go when their patience ends. */
function strand(view: View, node: Node): Change[] {
  const here = view.list(resources.pods).filter(({ spec }) => spec.nodeName === node.metadata.name);
  const taint = node.spec?.taints?.find(
    ({ key, effect }) => effect === 'NoExecute' && key.startsWith('node.kubernetes.io/'),
  );
  return here.flatMap(pod =>
    isFinished(pod) ? [] : [...unready(view, pod), ...(taint ? evict(view, pod, taint) : [])],
  );
}

function unready(view: View, pod: Pod): Change[] {
  if (condition(pod, 'Ready')?.status !== 'True') return [];
  const next = { type: 'Ready', status: 'False', reason: 'NodeNotReady', message: 'Node is not ready' } as const;
  const conditions = withCondition(pod.status?.conditions, next, timestamp(view.now));
  return [{ do: 'status', resource: pods, object: { ...pod, status: { ...pod.status, conditions } } }];
}

function evict(view: View, pod: Pod, taint: Taint): Change[] {
  if (isTerminating(pod)) return [];
  const tolerations = (pod.spec.tolerations ?? []).filter(toleration => tolerates(toleration, taint));
  if (tolerations.some(({ tolerationSeconds }) => tolerationSeconds === undefined)) return [];
  const seconds = tolerations.length ? Math.min(...tolerations.map(one => Number(one.tolerationSeconds))) : STAY;
  const left = Date.parse(taint.timeAdded ?? '') + seconds * 1000 - view.now;
  if (left > 0) return [{ do: 'again', after: left }];
  const message = `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`;
  return [
    { do: 'delete', resource: pods, object: pod },
    { do: 'event', object: pod, type: 'Normal', reason: 'TaintManagerEviction', message },
  ];
}
