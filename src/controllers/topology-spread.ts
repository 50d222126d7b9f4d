/** How evenly a Pod's like must be spread: topologySpreadConstraints with DoNotSchedule. Knows no preference. */

import type { Node, Pod, TopologySpreadConstraint } from '../objects/kinds.js';
import { labelSelector } from '../objects/selectors.js';
import { selectsNode, taintsOf, untolerated } from './node-fit.js';
import { domain, type Place } from './pod-affinity.js';
import { isTerminating } from './pods.js';

/** Says of a node why the Pod may not run there, in kube-scheduler's words; undefined: it may. */
export function evenly(pod: Pod, places: readonly Place[]): (node: Node) => string | undefined {
  const hard = (pod.spec.topologySpreadConstraints ?? []).filter(one => one.whenUnsatisfiable === 'DoNotSchedule');
  const keys = hard.map(({ topologyKey }) => topologyKey);
  const labelled = places.filter(({ node }) => keys.every(key => domain(node, key) !== undefined));
  const rules = hard.map(constraint => rule(pod, constraint, labelled));
  return node => {
    for (const verdict of rules.map(one => one(node))) if (verdict) return verdict;
    return undefined;
  };
}

function rule(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  places: readonly Place[],
): (node: Node) => string | undefined {
  const { topologyKey, maxSkew, minDomains = 1 } = constraint;
  const matches = like(pod, constraint);
  const counts = new Map<string, number>();
  for (const { node, pods } of places.filter(({ node }) => isEligible(pod, constraint, node))) {
    const key = domain(node, topologyKey)!;
    counts.set(key, (counts.get(key) ?? 0) + pods.filter(matches).length);
  }
  // Of too few domains the missing ones count as empty.
  const least = counts.size < minDomains ? 0 : Math.min(...counts.values());
  const own = matches(pod) ? 1 : 0;
  return node => {
    const key = domain(node, topologyKey);
    if (key === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const skew = (counts.get(key) ?? 0) + own - least;
    return skew > maxSkew ? "node(s) didn't match pod topology spread constraints" : undefined;
  };
}

/** The Pods that are counted together. */
function like(
  pod: Pod,
  { labelSelector: selector, matchLabelKeys = [] }: TopologySpreadConstraint,
): (other: Pod) => boolean {
  const selects = labelSelector(selector);
  const own = pod.metadata.labels ?? {};
  return other => {
    const { namespace, labels = {} } = other.metadata;
    if (namespace !== pod.metadata.namespace || isTerminating(other) || !selects(labels)) return false;
    return matchLabelKeys.every(key => own[key] === undefined || labels[key] === own[key]);
  };
}

/** Nodes where the Pod could not run anyway do not count as empty, unless it says so. */
function isEligible({ spec }: Pod, constraint: TopologySpreadConstraint, node: Node): boolean {
  const { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = constraint;
  if (nodeAffinityPolicy === 'Honor' && !selectsNode(spec, node)) return false;
  return nodeTaintsPolicy === 'Ignore' || !untolerated(spec, taintsOf(node));
}
