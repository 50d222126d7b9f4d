/** Which nodes a Pod may run on because of the Pods that are there: required affinity and anti-affinity. Knows no preference. */

import type { Node, Pod, PodAffinityTerm } from '../objects/kinds.js';
import { resources } from '../objects/resources.js';
import { labelSelector } from '../objects/selectors.js';
import type { View } from './controller.js';

/** A node and the Pods on it. */
export interface Place {
  readonly node: Node;
  readonly pods: readonly Pod[];
}

/** Says of a node why the Pod may not run there, in kube-scheduler's words; undefined: it may. */
export function amongPods(view: View, pod: Pod, places: readonly Place[]): (node: Node) => string | undefined {
  const near = termsOf(pod, 'podAffinity').map(term => compile(view, pod, term));
  const apart = termsOf(pod, 'podAntiAffinity').map(term => compile(view, pod, term));
  // The other way round: those who are there may not want this one.
  const unwelcome = domains(places, other =>
    termsOf(other, 'podAntiAffinity')
      .filter(term => compile(view, other, term).matches(pod))
      .map(({ topologyKey }) => topologyKey),
  );
  const taken = domains(apart.length ? places : [], other =>
    apart.filter(term => term.matches(other)).map(({ key }) => key),
  );
  const all = (other: Pod) => near.every(term => term.matches(other));
  const wanted = domains(near.length ? places : [], other => (all(other) ? near.map(({ key }) => key) : []));
  // The first of a group that wants to be together has nobody to go to.
  const first = wanted.size === 0 && all(pod);
  return node => {
    const within = (key: string, found: ReadonlySet<string>) => found.has(domain(node, key) ?? '');
    const labelled = near.every(({ key }) => domain(node, key) !== undefined);
    if (!labelled || !(first || near.every(({ key }) => within(key, wanted))))
      return "node(s) didn't match pod affinity rules";
    if (apart.some(({ key }) => within(key, taken))) return "node(s) didn't match pod anti-affinity rules";
    for (const key of Object.keys(node.metadata.labels ?? {}))
      if (within(key, unwelcome)) return "node(s) didn't satisfy existing pods anti-affinity rules";
    return undefined;
  };
}

function termsOf({ spec }: Pod, side: 'podAffinity' | 'podAntiAffinity'): readonly PodAffinityTerm[] {
  return spec.affinity?.[side]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

interface Term {
  readonly key: string;
  matches(other: Pod): boolean;
}

/** What the term of `pod` says about others. */
function compile(view: View, pod: Pod, term: PodAffinityTerm): Term {
  const {
    topologyKey,
    labelSelector: selector,
    namespaces,
    namespaceSelector,
    matchLabelKeys = [],
    mismatchLabelKeys = [],
  } = term;
  const own = pod.metadata.labels ?? {};
  const selects = labelSelector(selector);
  const ofNamespace = namespaceSelector && labelSelector(namespaceSelector);
  const inNamespace = (name: string) => {
    if (!namespaces?.length && !ofNamespace) return name === pod.metadata.namespace;
    if (namespaces?.includes(name)) return true;
    return ofNamespace?.(view.get(resources.namespaces, undefined, name)?.metadata.labels ?? {}) ?? false;
  };
  const matches = ({ metadata: { namespace, labels = {} } }: Pod) =>
    inNamespace(namespace!) &&
    selects(labels) &&
    matchLabelKeys.every(key => own[key] === undefined || labels[key] === own[key]) &&
    mismatchLabelKeys.every(key => own[key] === undefined || labels[key] !== own[key]);
  return { key: topologyKey, matches };
}

/** `zone=a` of every node with a Pod for which `keysOf` names that label. */
function domains(places: readonly Place[], keysOf: (pod: Pod) => readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { node, pods } of places) {
    for (const key of new Set(pods.flatMap(keysOf))) {
      const value = domain(node, key);
      if (value !== undefined) found.add(value);
    }
  }
  return found;
}

export function domain({ metadata }: Node, key: string): string | undefined {
  const value = metadata.labels?.[key];
  return value === undefined ? undefined : `${key}=${value}`;
}
