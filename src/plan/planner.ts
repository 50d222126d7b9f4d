/** Keeps one node's plan up to date: changes of subjects in, changed owners out. Holds no plan and no history. */

import type { Change, Cluster } from '../model/cluster.js';
import type { Attachment } from './attachment.js';
import { type Feature, NOTHING, type Owner, type Plan, type PlanChange, type Subjects, type World } from './feature.js';
import { FEATURES } from './features.js';
import { PolicyUse, type Touched } from './policy/use.js';
import type { Settings } from './settings.js';

/** The whole plan of a node at once. */
export function plan(
  cluster: Cluster,
  nodeName: string,
  settings: Settings,
  attachments: Iterable<Attachment> = [],
): ReadonlyMap<Owner, Plan> {
  const planner = new Planner(cluster, nodeName, settings, attachments);
  const whole = new Map(planner.start());
  for (const [owner, objects] of whole) if (!objects.length) whole.delete(owner);
  return whole;
}

/**
 * Incremental: after `start`, each call's result replaces the objects of the owners in it, and an owner with none is
 * to be removed. Whatever the order of calls, the sum is what `plan` gives for the same state.
 */
export class Planner {
  readonly #world: World;
  readonly #attachments: Map<string, Attachment>;
  readonly #features = new Map<keyof Subjects, Feature[]>();

  /** `cluster` is live (a ClusterBuilder's); `attachments` are those that the agent's journal knows at its start. */
  constructor(
    cluster: Cluster,
    nodeName: string,
    settings: Settings,
    attachments: Iterable<Attachment> = [],
    features: readonly Feature[] = FEATURES,
  ) {
    this.#attachments = new Map(Array.from(attachments, attachment => [attachment.id, attachment]));
    const policies = new PolicyUse(cluster, this.#attachments);
    this.#world = { cluster, nodeName, settings, attachments: this.#attachments, policies };
    for (const feature of features) {
      const others = this.#features.get(feature.per);
      if (others) others.push(feature);
      else this.#features.set(feature.per, [feature]);
    }
  }

  /** The whole plan: all owners with their objects. */
  start(): PlanChange {
    const { cluster, settings } = this.#world;
    const out = new Map<Owner, Plan>();
    this.#replan('Self', this.#world.nodeName, settings, out);
    for (const [id, attachment] of this.#attachments) this.#replan('Attachment', id, attachment, out);
    for (const [name, node] of cluster.nodes) this.#replan('Node', name, node, out);
    for (const [name, namespace] of cluster.namespaces) this.#replan('Namespace', name, namespace, out);
    for (const [key, pod] of cluster.pods) this.#replan('Pod', key, pod, out);
    for (const [key, service] of cluster.services) this.#replan('Service', key, service, out);
    for (const [key, policy] of cluster.policies) this.#replan('Policy', key, policy, out);
    return out;
  }

  /** After the builder applied an event: what its change does. Several changes may be given as one. */
  apply(change: Change): PlanChange {
    const out = new Map<Owner, Plan>();
    this.#spread(this.#world.policies.apply(change), out);
    for (const { kind, key } of change) this.#replan(kind, key, this.#entries[kind].get(key), out);
    return out;
  }

  attach(attachment: Attachment): PlanChange {
    this.#attachments.set(attachment.id, attachment);
    return this.#attached(attachment.id);
  }

  detach(id: string): PlanChange {
    this.#attachments.delete(id);
    return this.#attached(id);
  }

  #attached(id: string): PlanChange {
    const out = new Map<Owner, Plan>();
    this.#spread(this.#world.policies.attached(id), out);
    this.#replan('Attachment', id, this.#attachments.get(id), out);
    return out;
  }

  /** What a change means for subjects that it does not name. */
  #spread(touched: Touched, out: Map<Owner, Plan>): void {
    for (const kind of ['Attachment', 'Policy', 'Pod', 'Node'] as const)
      for (const key of touched[kind]) this.#replan(kind, key, this.#entries[kind].get(key), out);
  }

  get #entries(): { readonly [K in Exclude<keyof Subjects, 'Self'>]: ReadonlyMap<string, Subjects[K]> } {
    const { nodes, namespaces, pods, services, policies } = this.#world.cluster;
    const attachments = this.#attachments;
    return {
      Attachment: attachments,
      Node: nodes,
      Namespace: namespaces,
      Pod: pods,
      Service: services,
      Policy: policies,
    };
  }

  #replan<K extends keyof Subjects>(kind: K, key: string, subject: Subjects[K] | undefined, out: Map<Owner, Plan>) {
    for (const feature of this.#features.get(kind) ?? []) {
      const owner = `${feature.name} ${kind} ${key}`;
      out.set(owner, subject ? feature.plan(subject as never, this.#world) : NOTHING);
    }
  }
}
