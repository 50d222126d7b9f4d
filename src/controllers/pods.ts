/** What controllers ask of a Pod, and how they make one from a template. Knows no controller. */

import type { KubeObject, Pod, PodTemplateSpec } from '../objects/kinds.js';
import type { Resource } from '../objects/resources.js';
import type { NewObject } from './controller.js';
import { ownedBy } from './owners.js';

export const isTerminating = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined;

export const isFinished = (pod: Pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** It runs or will run. */
export const isActive = (pod: Pod) => !isFinished(pod) && !isTerminating(pod);

export function condition(pod: Pod, type: string) {
  return pod.status?.conditions?.find(one => one.type === type);
}

export const isReady = (pod: Pod) => condition(pod, 'Ready')?.status === 'True';

/** Milliseconds until the Pod has been ready for so many seconds; 0 when it has; undefined when it is not ready. */
export function untilAvailable(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const ready = condition(pod, 'Ready');
  if (ready?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  return Math.max(0, Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1000 - now);
}

/** How many of the Pods are ready and available, and when the next becomes available. */
export function readiness(pods: readonly Pod[], minReadySeconds: number, now: number) {
  const waits = pods.map(pod => untilAvailable(pod, minReadySeconds, now));
  const pending = waits.filter(wait => wait !== undefined && wait > 0) as number[];
  return {
    ready: waits.filter(wait => wait !== undefined).length,
    available: waits.filter(wait => wait === 0).length,
    next: pending.length ? Math.min(...pending) : undefined,
  };
}

export interface PodNaming {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Partial<Pod['spec']>;
}

/** A Pod of the template, managed by `owner`; without a name its name is made from the owner's. */
export function podFrom(
  template: PodTemplateSpec,
  resource: Resource,
  owner: KubeObject,
  more: PodNaming = {},
): NewObject {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const named = more.name ? { name: more.name } : { generateName: `${owner.metadata.name}-` };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...named,
      namespace: owner.metadata.namespace!,
      labels: { ...labels, ...more.labels },
      annotations: { ...annotations, ...more.annotations },
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [ownedBy(resource, owner)],
    },
    spec: { ...template.spec, ...more.spec },
  };
}

/** The order in which surplus Pods go: first who is least use, last who has served longest. */
export function byUsefulness(pods: readonly Pod[]): Pod[] {
  const perNode = new Map<string, number>();
  for (const { spec } of pods) if (spec.nodeName) perNode.set(spec.nodeName, (perNode.get(spec.nodeName) ?? 0) + 1);
  const rank = (pod: Pod): readonly number[] => [
    pod.spec.nodeName ? 1 : 0,
    pod.status?.phase === 'Running' ? 1 : 0,
    isReady(pod) ? 1 : 0,
    -(perNode.get(pod.spec.nodeName ?? '') ?? 0),
    -Date.parse(condition(pod, 'Ready')?.lastTransitionTime ?? '') || 0,
    -Date.parse(pod.metadata.creationTimestamp ?? '') || 0,
  ];
  const ranked = pods.map(pod => ({ pod, rank: rank(pod) }));
  ranked.sort((a, b) => compare(a.rank, b.rank) || (a.pod.metadata.name < b.pod.metadata.name ? 1 : -1));
  return ranked.map(({ pod }) => pod);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
