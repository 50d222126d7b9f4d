/** Pods: service account, priority, and how long they stay on a node in trouble. */

import { type KubeObject, resources } from '../../objects/resources.js';
import type { Resource } from '../api.js';
import { groupResource, keyPrefix, storeKey } from '../served.js';
import { forbidden } from '../status.js';
import type { Store } from '../store/store.js';
import { type Admitter, isCore } from './admission.js';

/** The classes that every cluster has (k8s.io/kubernetes/pkg/apis/scheduling). */
const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const STAY_SECONDS = 300;

interface PodSpec {
  readonly serviceAccountName?: string;
  readonly priorityClassName?: string;
  readonly tolerations?: readonly { key?: string; operator?: string; effect?: string }[];
}

interface PriorityClass {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
}

export class Pods implements Admitter {
  constructor(private readonly store: Store) {}

  concerns(resource: Resource): boolean {
    return isCore(resource, 'pods');
  }

  create(pod: KubeObject): KubeObject {
    const spec = pod.spec as PodSpec;
    const account = spec.serviceAccountName || 'default';
    return {
      ...pod,
      spec: {
        ...spec,
        serviceAccountName: account,
        serviceAccount: account,
        ...this.#priority(pod, spec),
        tolerations: tolerations(spec),
      },
    };
  }

  #priority(pod: KubeObject, spec: PodSpec): object {
    const { priorityClassName: name } = spec;
    if (name && Object.hasOwn(SYSTEM_PRIORITIES, name))
      return { priority: SYSTEM_PRIORITIES[name], preemptionPolicy: 'PreemptLowerPriority' };
    const classes = resources.priorityclasses as Resource;
    const found = name ? this.store.get(storeKey(classes, undefined, name))?.object : this.#defaultClass(classes);
    if (name && !found)
      throw forbidden(
        groupResource(resources.pods as Resource),
        pod.metadata.name,
        `no PriorityClass with name ${name} was found`,
      );
    const { value = 0, preemptionPolicy = 'PreemptLowerPriority' } = (found ?? {}) as Partial<PriorityClass>;
    return { priority: value, preemptionPolicy, ...(found && { priorityClassName: found.metadata.name }) };
  }

  #defaultClass(classes: Resource): KubeObject | undefined {
    for (const { object } of this.store
      .collection('priorityclasses.scheduling.k8s.io')
      .list(keyPrefix(classes, undefined))) {
      if ((object as unknown as PriorityClass).globalDefault) return object;
    }
    return undefined;
  }
}

function tolerations({ tolerations: given = [] }: PodSpec): readonly object[] {
  const tolerates = (taint: string) =>
    given.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === 'NoExecute'));
  const missing = TAINTS.filter(taint => !tolerates(taint));
  return [
    ...given,
    ...missing.map(key => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: STAY_SECONDS })),
  ];
}
