/**
 * Which policies concern this node, because they select one of its Pods, and which sets these look into: of all others nothing is
 * planned. Kept up to date change by change; knows no kernel.
 */

import type { Change, Cluster, NodeEntry, PodEntry } from '../../model/cluster.js';
import type { PolicyEntry } from '../../model/policy.js';
import type { LabelSelector } from '../../objects/meta.js';
import { formatLabelSelector, labelSelector } from '../../objects/selectors.js';
import type { Attachment } from '../attachment.js';
import { PodSets } from './pod-sets.js';
import { nodesIn, podsIn, type UsedPods } from './sets.js';

/** Keys of subjects whose plans may be others than before. */
export interface Touched {
  readonly Attachment: Set<string>;
  readonly Policy: Set<string>;
  readonly Pod: Set<string>;
  readonly Node: Set<string>;
}

export class PolicyUse {
  /** All policies, by whom they concern. */
  readonly #subjects: PodSets<PolicyEntry>;
  /** All policies, as they were when last looked at. */
  readonly #entries = new Map<string, PolicyEntry>();
  /** By attachment. */
  readonly #concerning = new Map<string, readonly PolicyEntry[]>();
  /** What concerns any. */
  #used: ReadonlySet<PolicyEntry> = new Set();
  #pods: ReadonlyMap<string, UsedPods> = new Map();
  readonly #podSets: PodSets<UsedPods>;
  #nodes: ReadonlyMap<string, LabelSelector> = new Map();

  constructor(
    private readonly cluster: Cluster,
    private readonly attachments: ReadonlyMap<string, Attachment>,
  ) {
    this.#subjects = new PodSets(cluster);
    this.#podSets = new PodSets(cluster);
    for (const key of cluster.policies.keys()) this.#follow(key);
    for (const id of attachments.keys()) this.#select(id);
    this.#settle(nothing());
  }

  /**
   * The policies that select the attachment's Pod; undefined as long as it is not known who that is. Where there are no policies none
   * does, nor one of a container that is no Pod.
   */
  concerning(id: string): readonly PolicyEntry[] | undefined {
    return this.#concerning.get(id);
  }

  /** Whether it selects any Pod of this node. */
  isUsed(policy: PolicyEntry): boolean {
    return this.#used.has(policy);
  }

  /** The sets of Pods that rules of this node look into and that have this one. */
  podsWith(pod: PodEntry): readonly UsedPods[] {
    return this.#podSets.of(pod);
  }

  /** The same for Nodes. */
  nodesWith({ object }: NodeEntry): readonly LabelSelector[] {
    return [...this.#nodes.values()].filter(selector => labelSelector(selector)(object.metadata.labels));
  }

  /** After an attachment came, changed or went. */
  attached(id: string): Touched {
    this.#select(id);
    return this.#settle(nothing());
  }

  /** After the cluster changed. */
  apply(change: Change): Touched {
    const touched = nothing();
    const keys = { Pod: new Set<string>(), Namespace: new Set<string>(), Policy: new Set<string>() };
    for (const { kind, key } of change) if (kind in keys) keys[kind as keyof typeof keys].add(key);
    for (const key of keys.Policy) this.#follow(key);
    for (const name of keys.Namespace) for (const sets of [this.#subjects, this.#podSets]) sets.forget(name);
    for (const { id, namespace, name } of this.attachments.values()) {
      const isPod = keys.Pod.has(`${namespace}/${name}`);
      if (!isPod && !keys.Policy.size && !keys.Namespace.has(namespace)) continue;
      if (this.#select(id) || isPod) touched.Attachment.add(id);
    }
    if (keys.Namespace.size && !this.#podSets.isEmpty)
      for (const { key, namespace } of this.cluster.pods.values())
        if (keys.Namespace.has(namespace)) touched.Pod.add(key);
    return this.#settle(touched);
  }

  #follow(key: string): void {
    const old = this.#entries.get(key);
    const next = this.cluster.policies.get(key);
    if (old) this.#subjects.delete(key, old.subject);
    if (next) this.#subjects.set(key, next.subject, next);
    if (next) this.#entries.set(key, next);
    else this.#entries.delete(key);
  }

  /** Whether others than before concern it. */
  #select(id: string): boolean {
    const attachment = this.attachments.get(id);
    const before = this.#concerning.get(id);
    const now = attachment && this.#concerned(attachment);
    if (now) this.#concerning.set(id, now);
    else this.#concerning.delete(id);
    return now?.length !== before?.length || now?.some((policy, i) => policy !== before![i]) === true;
  }

  #concerned({ namespace, name }: Attachment): readonly PolicyEntry[] | undefined {
    if (namespace === '' || this.#entries.size === 0) return [];
    const pod = this.cluster.namespaces.has(namespace) && this.cluster.pods.get(`${namespace}/${name}`);
    return pod ? this.#subjects.of(pod) : undefined;
  }

  /** What follows from who concerns whom. */
  #settle(touched: Touched): Touched {
    const used = new Set([...this.#concerning.values()].flat());
    const moved = [...difference(used, this.#used), ...difference(this.#used, used)];
    this.#used = used;
    if (moved.length === 0) return touched;
    for (const { key } of moved) touched.Policy.add(key);
    const pods = new Map([...used].flatMap(podsIn).map(one => [one.key, one]));
    const movedPods = new PodSets<string>(this.cluster);
    for (const one of missing(this.#pods, pods)) {
      this.#podSets.delete(one.key, one.pods);
      movedPods.set(one.key, one.pods, one.key);
    }
    for (const one of missing(pods, this.#pods)) {
      this.#podSets.set(one.key, one.pods, one);
      movedPods.set(one.key, one.pods, one.key);
    }
    this.#pods = pods;
    if (!movedPods.isEmpty)
      for (const pod of this.cluster.pods.values()) if (movedPods.of(pod).length) touched.Pod.add(pod.key);
    const nodes = new Map([...used].flatMap(nodesIn).map(selector => [formatLabelSelector(selector), selector]));
    if (missing(nodes, this.#nodes).length || missing(this.#nodes, nodes).length)
      for (const name of this.cluster.nodes.keys()) touched.Node.add(name);
    this.#nodes = nodes;
    return touched;
  }
}

function nothing(): Touched {
  return { Attachment: new Set(), Policy: new Set(), Pod: new Set(), Node: new Set() };
}

/** Of `all` what `others` does not have. */
function missing<T>(all: ReadonlyMap<string, T>, others: ReadonlyMap<string, T>): T[] {
  return [...all].flatMap(([key, value]) => (others.has(key) ? [] : [value]));
}

function* difference<T>(all: ReadonlySet<T>, others: ReadonlySet<T>): Generator<T> {
  for (const one of all) if (!others.has(one)) yield one;
}
