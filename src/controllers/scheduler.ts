/** The scheduler: gives Pods without a node the fitting node where their like is rarest. Knows all waiting Pods at once. */

import type { Node, Pod } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Change, type Controller, timestamp, type View } from './controller.js';
import {
  type Amounts,
  amounts,
  clash,
  type HostPort,
  hostPortsOf,
  requestsOf,
  selectsNode,
  shortage,
  taintsOf,
  untolerated,
} from './node-fit.js';
import { controllerOf } from './owners.js';
import { amongPods } from './pod-affinity.js';
import { condition, isFinished } from './pods.js';
import { evenly } from './topology-spread.js';
import { withCondition } from './values.js';

const pods = resources.pods as unknown as Resource;

/** One key for all: placing one Pod changes where the next may go. */
const ALL = 'all';

export const scheduler: Controller = {
  name: 'scheduler',
  watches: [pods, resources.nodes as unknown as Resource],
  keys: object =>
    object.kind === 'Node' || isWaiting(object as unknown as Pod) || frees(object as unknown as Pod) ? [ALL] : [],
  reconcile,
};

function isWaiting({ metadata, spec }: Pod): boolean {
  if (spec.nodeName || metadata.deletionTimestamp || spec.schedulingGates?.length) return false;
  return (spec.schedulerName ?? 'default-scheduler') === 'default-scheduler';
}

/** A Pod that ends makes room for another. */
function frees(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined || isFinished(pod);
}

/** A node and what is on it, with what was placed in this round. */
interface Room {
  readonly node: Node;
  readonly allocatable: Amounts;
  readonly used: Map<string, bigint>;
  readonly byOwner: Map<string, number>;
  readonly hostPorts: HostPort[];
  readonly pods: Pod[];
}

function reconcile(view: View): readonly Change[] {
  const all = view.list(resources.pods);
  const waiting = all.filter(isWaiting).sort(byPriority);
  if (waiting.length === 0) return [];
  const rooms = new Map(view.list(resources.nodes).map(node => [node.metadata.name, emptyRoom(node)]));
  for (const pod of all) {
    const room = pod.spec.nodeName && !isFinished(pod) ? rooms.get(pod.spec.nodeName) : undefined;
    if (room) occupy(room, pod);
  }
  return placeAll(view, waiting, [...rooms.values()]);
}

/** A Pod that found no node is tried again after those that did: it may want to be near one of them. */
function placeAll(view: View, waiting: readonly Pod[], rooms: readonly Room[]): readonly Change[] {
  const changes: Change[] = [];
  for (let left = waiting; left.length > 0; ) {
    const tries = left.map(pod => ({ pod, ...place(view, pod, rooms) }));
    const refused = tries.filter(({ placed }) => !placed);
    changes.push(...tries.filter(({ placed }) => placed).flatMap(one => one.changes));
    const again = refused.length < tries.length && refused.some(({ pod }) => pod.spec.affinity?.podAffinity);
    if (!again) return [...changes, ...refused.flatMap(one => one.changes)];
    left = refused.map(({ pod }) => pod);
  }
  return changes;
}

function byPriority(a: Pod, b: Pod): number {
  const urgency = (b.spec.priority ?? 0) - (a.spec.priority ?? 0);
  const age = (pod: Pod) => `${pod.metadata.creationTimestamp} ${pod.metadata.namespace}/${pod.metadata.name}`;
  return urgency || (age(a) < age(b) ? -1 : 1);
}

function emptyRoom(node: Node): Room {
  const allocatable = amounts(node.status?.allocatable);
  return { node, allocatable, used: new Map(), byOwner: new Map(), hostPorts: [], pods: [] };
}

function occupy(room: Room, pod: Pod): void {
  for (const [name, amount] of requestsOf(pod.spec)) room.used.set(name, (room.used.get(name) ?? 0n) + amount);
  const owner = controllerOf(pod)?.uid;
  if (owner) room.byOwner.set(owner, (room.byOwner.get(owner) ?? 0) + 1);
  room.hostPorts.push(...hostPortsOf(pod.spec));
  room.pods.push(pod);
}

function place(view: View, pod: Pod, rooms: readonly Room[]): { placed: boolean; changes: readonly Change[] } {
  const among = amongPods(view, pod, rooms);
  const spread = evenly(pod, rooms);
  const obstacles = new Map<string, number>();
  const fitting = rooms.filter(room => {
    const reasons = whyNot(pod, room);
    const placement = reasons.length ? undefined : (spread(room.node) ?? among(room.node));
    if (placement) reasons.push(placement);
    for (const reason of reasons) obstacles.set(reason, (obstacles.get(reason) ?? 0) + 1);
    return reasons.length === 0;
  });
  if (fitting.length === 0) return { placed: false, changes: refuse(view, pod, rooms.length, obstacles) };
  const owner = controllerOf(pod)?.uid ?? '';
  const [best] = fitting.sort(
    (a, b) =>
      (a.byOwner.get(owner) ?? 0) - (b.byOwner.get(owner) ?? 0) ||
      a.pods.length - b.pods.length ||
      (a.node.metadata.name < b.node.metadata.name ? -1 : 1),
  );
  occupy(best!, pod);
  const { name } = best!.node.metadata;
  const message = `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${name}`;
  const bind: Change = { do: 'bind', resource: pods, object: pod, node: name };
  const event: Change = { do: 'event', object: pod, type: 'Normal', reason: 'Scheduled', message };
  return { placed: true, changes: [bind, event] };
}

/** In the words of kube-scheduler, which people search for. */
function whyNot(pod: Pod, room: Room): string[] {
  if (!selectsNode(pod.spec, room.node)) return ["node(s) didn't match Pod's node affinity/selector"];
  const taint = untolerated(pod.spec, taintsOf(room.node));
  if (taint?.key === 'node.kubernetes.io/unschedulable') return ['node(s) were unschedulable'];
  if (taint) return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
  if (clash(hostPortsOf(pod.spec), room.hostPorts))
    return ["node(s) didn't have free ports for the requested pod ports"];
  return shortage(requestsOf(pod.spec), room.allocatable, room.used).map(name =>
    name === 'pods' ? 'Too many pods' : `Insufficient ${name}`,
  );
}

function refuse(view: View, pod: Pod, nodes: number, obstacles: ReadonlyMap<string, number>): Change[] {
  const reasons = [...obstacles].map(([reason, count]) => `${count} ${reason}`).sort();
  const message =
    nodes === 0 ? 'no nodes available to schedule pods' : `0/${nodes} nodes are available: ${reasons.join(', ')}.`;
  if (condition(pod, 'PodScheduled')?.message === message) return [];
  const next = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message } as const;
  const conditions = withCondition(pod.status?.conditions, next, timestamp(view.now));
  return [
    { do: 'status', resource: pods, object: { ...pod, status: { ...pod.status, conditions } } },
    { do: 'event', object: pod, type: 'Warning', reason: 'FailedScheduling', message },
  ];
}
