/** Many sets of Pods, asked which of them have a given Pod at a cost that does not grow with those of other namespaces. */

import type { Cluster, PodEntry } from '../../model/cluster.js';
import type { PodSet } from '../../model/policy.js';
import type { LabelSelector } from '../../objects/meta.js';
import { requirementsOf, Selector } from '../../objects/selectors.js';

export class PodSets<T> {
  /** Of one namespace each, by its name. */
  readonly #named = new Map<string, Map<string, Compiled<T>>>();
  readonly #selected = new Map<string, Compiled<T> & { readonly namespaces: Selector }>();
  /** Of each namespace that was asked for, those that select it. */
  readonly #known = new Map<string, readonly Compiled<T>[]>();

  constructor(private readonly cluster: Cluster) {}

  set(key: string, { namespaces, pods }: PodSet, value: T): void {
    const compiled = { pods: compile(pods), value };
    if ('name' in namespaces) {
      const others = this.#named.get(namespaces.name);
      if (others) others.set(key, compiled);
      else this.#named.set(namespaces.name, new Map([[key, compiled]]));
    } else {
      this.#selected.set(key, { ...compiled, namespaces: compile(namespaces.selector) });
      this.#known.clear();
    }
  }

  delete(key: string, { namespaces }: PodSet): void {
    if ('name' in namespaces) {
      const others = this.#named.get(namespaces.name);
      others?.delete(key);
      if (others?.size === 0) this.#named.delete(namespaces.name);
    } else if (this.#selected.delete(key)) this.#known.clear();
  }

  get isEmpty(): boolean {
    return this.#named.size === 0 && this.#selected.size === 0;
  }

  /** A Pod of the host's network is in none, nor is one that has finished. */
  of(pod: PodEntry): T[] {
    if (pod.hostNetwork || pod.finished) return [];
    const found: T[] = [];
    const labels = Object.fromEntries(pod.labels);
    for (const sets of [this.#named.get(pod.namespace)?.values() ?? [], this.#selecting(pod.namespace)])
      for (const { pods, value } of sets) if (pods.matches(labels)) found.push(value);
    return found;
  }

  /** The namespace's labels may have changed. */
  forget(namespace: string): void {
    this.#known.delete(namespace);
  }

  /** None as long as the namespace is not known. */
  #selecting(name: string): readonly Compiled<T>[] {
    let known = this.#known.get(name);
    if (!known) {
      const namespace = this.cluster.namespaces.get(name);
      const labels = namespace && Object.fromEntries(namespace.labels);
      known = [...this.#selected.values()].filter(({ namespaces }) => labels && namespaces.matches(labels));
      this.#known.set(name, known);
    }
    return known;
  }
}

interface Compiled<T> {
  readonly pods: Selector;
  readonly value: T;
}

function compile(selector: LabelSelector): Selector {
  return new Selector(requirementsOf(selector));
}
