/** Which nodes a Pod may run on: selectors, affinity, taints and room. Knows no order among those that fit. */

import type { Node, NodeSelectorTerm, Pod, Taint, Toleration } from '../objects/kinds.js';
import { parseQuantity } from '../objects/quantity.js';
import { type Operator, Selector } from '../objects/selectors.js';

type Spec = Pod['spec'];

/** nodeSelector and the required node affinity. */
export function selectsNode(spec: Spec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return !terms || terms.some(term => matchesTerm(term, node));
}

/** An empty term matches nothing. */
function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    selector(matchExpressions).matches(node.metadata.labels) &&
    selector(matchFields).matches({ 'metadata.name': node.metadata.name })
  );
}

function selector(requirements: NonNullable<NodeSelectorTerm['matchExpressions']>): Selector {
  return new Selector(
    requirements.map(({ key, operator, values = [] }) => ({ key, operator: operator as Operator, values })),
  );
}

/** The first taint that keeps the Pod off the node; PreferNoSchedule keeps nobody off. */
export function untolerated(spec: Spec, taints: readonly Taint[] | undefined): Taint | undefined {
  return taints?.find(
    taint => taint.effect !== 'PreferNoSchedule' && !spec.tolerations?.some(toleration => tolerates(toleration, taint)),
  );
}

/** The `unschedulable` of `kubectl cordon` is a taint, too. */
export function taintsOf({ spec }: Node): readonly Taint[] {
  const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;
  return spec?.unschedulable ? [...(spec.taints ?? []), cordon] : (spec?.taints ?? []);
}

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return toleration.key !== undefined && (toleration.value ?? '') === (taint.value ?? '');
}

/** Ports of the node that the Pod takes for itself: `TCP 8080`, and at which of its addresses. */
export function hostPortsOf({ containers, initContainers = [] }: Spec): readonly HostPort[] {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, protocol = 'TCP', hostIP }) =>
      hostPort ? { port: `${protocol} ${hostPort}`, ip: hostIP || ANY } : [],
    ),
  );
}

export interface HostPort {
  readonly port: string;
  readonly ip: string;
}

const ANY = '0.0.0.0';

export function clash(wanted: readonly HostPort[], taken: readonly HostPort[]): boolean {
  return wanted.some(({ port, ip }) =>
    taken.some(other => other.port === port && (other.ip === ip || other.ip === ANY || ip === ANY)),
  );
}

/** Amounts by resource name, in billionths (Quantity.nano). */
export type Amounts = ReadonlyMap<string, bigint>;

/** What the Pod asks for: the sum of its containers, or one init container's if that is more. */
export function requestsOf({ containers, initContainers = [] }: Spec): Amounts {
  const sum = new Map<string, bigint>([['pods', 1_000_000_000n]]);
  for (const container of containers) {
    for (const [name, amount] of amounts(container.resources?.requests)) sum.set(name, (sum.get(name) ?? 0n) + amount);
  }
  for (const container of initContainers) {
    for (const [name, amount] of amounts(container.resources?.requests))
      if (amount > (sum.get(name) ?? 0n)) sum.set(name, amount);
  }
  return sum;
}

export function amounts(quantities: Readonly<Record<string, string | number>> | undefined): Map<string, bigint> {
  const parsed = Object.entries(quantities ?? {}).map(
    ([name, text]) => [name, parseQuantity(text)?.nano ?? 0n] as const,
  );
  return new Map(parsed);
}

/** Resources of which the node has too little left. */
export function shortage(requests: Amounts, allocatable: Amounts, used: Amounts): string[] {
  return [...requests]
    .filter(
      ([name, amount]) =>
        amount > 0n &&
        amount >
          (allocatable.get(name) ?? (name === 'pods' ? amount + (used.get(name) ?? 0n) : 0n)) - (used.get(name) ?? 0n),
    )
    .map(([name]) => name);
}
