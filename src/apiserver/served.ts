/** Which resources are served now: the built-in ones and those of CustomResourceDefinitions. Knows names, no objects. */

import { builtinResources, type Resource } from '../objects/resources.js';
import { type GroupResource, qualified } from './status.js';

/** `apps/v1` → plural → resource. */
type Versions = Map<string, Map<string, Resource>>;

export class Served {
  readonly #versions: Versions = new Map();
  #generation = 0;

  constructor() {
    for (const resource of builtinResources) this.add(resource);
  }

  /** Grows with every change: what is made from the whole table, as discovery is, is good for one generation. */
  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#versions.get(key(group, version))?.get(plural);
  }

  add(resource: Resource): void {
    const name = key(resource.group, resource.version);
    let plurals = this.#versions.get(name);
    if (!plurals) this.#versions.set(name, (plurals = new Map()));
    plurals.set(resource.plural, resource);
    this.#generation++;
  }

  /** Removes every version of it. */
  remove(group: string, plural: string): void {
    for (const [name, plurals] of this.#versions) {
      const resource = plurals.get(plural);
      if (resource?.group !== group) continue;
      plurals.delete(plural);
      if (plurals.size === 0) this.#versions.delete(name);
      this.#generation++;
    }
  }

  /** Resources by group and version, groups in the order they came, the newest version of a group first. */
  groups(): ReadonlyMap<string, ReadonlyMap<string, readonly Resource[]>> {
    const groups = new Map<string, Map<string, Resource[]>>();
    for (const plurals of this.#versions.values()) {
      for (const resource of plurals.values()) {
        let versions = groups.get(resource.group);
        if (!versions) groups.set(resource.group, (versions = new Map()));
        versions.set(resource.version, [...(versions.get(resource.version) ?? []), resource]);
      }
    }
    return new Map([...groups].map(([group, versions]) => [group, new Map([...versions].sort(byPriority))]));
  }

  all(): Resource[] {
    return [...this.#versions.values()].flatMap(plurals => [...plurals.values()]);
  }
}

/** The collection that keeps its objects: all versions of a resource share one. */
export function collectionOf(resource: Resource): string {
  const { group, plural } = resource.storedAs ?? resource;
  return qualified({ group, resource: plural });
}

export function groupResource(resource: Resource): GroupResource {
  return { group: resource.group, resource: resource.plural };
}

export function storeKey(resource: Resource, namespace: string | undefined, name: string): string {
  return `${keyPrefix(resource, namespace)}${name}`;
}

/** The beginning of the keys of all its objects, or of those in one namespace. */
export function keyPrefix(resource: Resource, namespace: string | undefined): string {
  return `/${collectionOf(resource)}/${resource.namespaced && namespace ? `${namespace}/` : ''}`;
}

function key(group: string, version: string): string {
  return `${group}/${version}`;
}

type Versioned = readonly [version: string, resources: unknown];

/** v2 before v1 before v1beta2 before v1alpha1 before anything else (k8s.io/apimachinery/pkg/version). */
function byPriority([a]: Versioned, [b]: Versioned): number {
  const rank = (version: string): number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    return match
      ? [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)]
      : [0, 0, 0];
  };
  const [x, y] = [rank(a), rank(b)];
  const differing = x.findIndex((part, i) => part !== y[i]);
  return differing < 0 ? a.localeCompare(b) : y[differing]! - x[differing]!;
}
