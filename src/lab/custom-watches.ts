/** Which custom resources are watched, as their definitions come, change and go. Knows definitions, no objects. */

import { resourcesOfCrd } from '../objects/crd.js';
import type { CustomResourceDefinition } from '../objects/kinds.js';
import { apiVersionOf, type Resource } from '../objects/resources.js';

interface Watches {
  follow(resource: Resource, signal: AbortSignal): void;
  forget(resource: Resource): void;
}

interface Watched {
  readonly resource: Resource;
  readonly stop: AbortController;
}

export class CustomWatches {
  readonly #watched = new Map<string, Watched>();

  constructor(private readonly watches: Watches) {}

  /** `definition` as it is now; undefined when there is none of that name. */
  update(name: string, definition: CustomResourceDefinition | undefined): void {
    const before = this.#watched.get(name);
    const resource = definition && watchable(definition);
    if (before && resource && identity(before.resource) === identity(resource)) return;
    if (before) {
      before.stop.abort();
      this.#watched.delete(name);
      this.watches.forget(before.resource);
    }
    if (!resource) return;
    const stop = new AbortController();
    this.#watched.set(name, { resource, stop });
    this.watches.follow(resource, stop.signal);
  }
}

/** One version shows all objects. */
function watchable(definition: CustomResourceDefinition): Resource | undefined {
  const { conditions = [] } = definition.status ?? {};
  const established = conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  return established ? resourcesOfCrd(definition)[0] : undefined;
}

const identity = (resource: Resource) =>
  `${apiVersionOf(resource)} ${resource.kind} ${resource.plural} ${resource.namespaced}`;
