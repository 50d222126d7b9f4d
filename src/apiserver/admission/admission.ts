/** What the cluster itself changes in objects or refuses, beyond their own rules. The ordered list of its parts. */

import type { KubeObject, Resource } from '../api.js';
import type { ClusterConfig } from '../cluster-config.js';
import type { Served } from '../served.js';
import type { Store } from '../store/store.js';
import { CustomResources } from './custom-resources.js';
import { Namespaces } from './namespaces.js';
import { Pods } from './pods.js';
import { Services } from './services.js';

/** One concern. Every method is pure but for reading the store; absent means: nothing to do. All may throw ApiError. */
export interface Admitter {
  /** Whether it concerns objects of this resource. */
  concerns(resource: Resource): boolean;
  create?(object: KubeObject, resource: Resource): KubeObject;
  update?(object: KubeObject, old: KubeObject, resource: Resource, subresource?: string): KubeObject;
  delete?(object: KubeObject, resource: Resource): void;
}

export class Admission {
  readonly #admitters: readonly Admitter[];

  constructor(store: Store, served: Served, config: ClusterConfig) {
    this.#admitters = [
      new Namespaces(store),
      new Pods(store),
      new Services(store, config),
      new CustomResources(served),
    ];
  }

  create(resource: Resource, object: KubeObject): KubeObject {
    return this.#of(resource).reduce((result, admitter) => admitter.create?.(result, resource) ?? result, object);
  }

  update(resource: Resource, object: KubeObject, old: KubeObject, subresource?: string): KubeObject {
    return this.#of(resource).reduce(
      (result, admitter) => admitter.update?.(result, old, resource, subresource) ?? result,
      object,
    );
  }

  delete(resource: Resource, object: KubeObject): void {
    for (const admitter of this.#of(resource)) admitter.delete?.(object, resource);
  }

  #of(resource: Resource): Admitter[] {
    return this.#admitters.filter(admitter => admitter.concerns(resource));
  }
}

export function isCore(resource: Resource, plural: string): boolean {
  return resource.group === '' && resource.plural === plural;
}
