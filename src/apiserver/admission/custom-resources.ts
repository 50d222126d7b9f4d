/** CustomResourceDefinitions: accepted at once, with the conditions that clients wait for. Nothing here converts between versions. */

import { resourcesOfCrd } from '../../objects/crd.js';
import type { CustomResourceDefinition } from '../../objects/kinds.js';
import type { KubeObject, Resource } from '../api.js';
import type { Served } from '../served.js';
import { invalid, invalidValue } from '../status.js';
import type { Store } from '../store/store.js';
import { timestamp } from '../write.js';
import type { Admitter } from './admission.js';

export class CustomResources implements Admitter {
  constructor(private readonly served: Served) {}

  concerns(resource: Resource): boolean {
    return resource.group === 'apiextensions.k8s.io' && resource.plural === 'customresourcedefinitions';
  }

  create(object: KubeObject): KubeObject {
    return this.#accept(object);
  }

  update(object: KubeObject, _old: KubeObject, _resource: Resource, subresource?: string): KubeObject {
    return subresource ? object : this.#accept(object);
  }

  #accept(object: KubeObject): KubeObject {
    const crd = object as unknown as CustomResourceDefinition;
    const builtin = this.served.all().some(({ group, structural }) => group === crd.spec.group && !structural);
    if (builtin) {
      const cause = invalidValue('spec.group', crd.spec.group, 'this group is served by the cluster itself');
      throw invalid('apiextensions.k8s.io', 'CustomResourceDefinition', object.metadata.name, [cause]);
    }
    return { ...object, status: this.#status(crd) };
  }

  #status({ spec, status }: CustomResourceDefinition): CustomResourceDefinition['status'] {
    const { group, names } = spec;
    const conflict = this.served
      .all()
      .find(other => other.group === group && other.kind === names.kind && other.plural !== names.plural);
    const condition = (type: string, ok: boolean, reason: string, message: string) => {
      const before = status?.conditions?.find(other => other.type === type);
      const value = ok ? ('True' as const) : ('False' as const);
      const since = before?.status === value ? before.lastTransitionTime : timestamp();
      return { type, status: value, lastTransitionTime: since, reason, message };
    };
    const accepted = conflict
      ? condition('NamesAccepted', false, 'KindConflict', `"${names.kind}" is already in use`)
      : condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found');
    const established = conflict
      ? condition('Established', false, 'NotAccepted', 'not all names are accepted')
      : condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted');
    const stored = spec.versions.filter(version => version.storage).map(version => version.name);
    return {
      conditions: [accepted, established],
      acceptedNames: { listKind: `${names.kind}List`, singular: names.kind.toLowerCase(), ...names },
      storedVersions: [...new Set([...(status?.storedVersions ?? []), ...stored])],
    };
  }
}

/** Serves what the stored definitions say, now and after each of their changes; objects go with their definition. */
export function serveCustomResources(store: Store, served: Served): void {
  store.collection('customresourcedefinitions.apiextensions.k8s.io').observe(({ type, entry }) => {
    const crd = entry.object as unknown as CustomResourceDefinition;
    const { group, names } = crd.spec;
    served.remove(group, names.plural);
    if (type === 'DELETED')
      for (const { key } of [...store.collection(`${names.plural}.${group}`).list('')]) store.delete(key);
    const established = crd.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
    if (type === 'DELETED' || !established) return;
    for (const resource of resourcesOfCrd(crd)) served.add(resource);
  });
}
