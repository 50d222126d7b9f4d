/** Namespaces: objects need one that exists and stays; the system's own cannot be deleted. */

import { type KubeObject, resources } from '../../objects/resources.js';
import type { Resource } from '../api.js';
import { groupResource, storeKey } from '../served.js';
import { ApiError, forbidden, notFound } from '../status.js';
import type { Store } from '../store/store.js';
import { type Admitter, isCore } from './admission.js';

export const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;
/** The label by which selectors find a namespace by its name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';
const NAMESPACES = resources.namespaces as Resource;

export class Namespaces implements Admitter {
  constructor(private readonly store: Store) {}

  concerns(resource: Resource): boolean {
    return resource.namespaced || isCore(resource, 'namespaces');
  }

  create(object: KubeObject, resource: Resource): KubeObject {
    if (!resource.namespaced)
      return named({
        ...object,
        spec: { finalizers: ['kubernetes'], ...(object.spec as object) },
        status: { phase: 'Active' },
      });
    const namespace = object.metadata.namespace ?? '';
    const entry = this.store.get(storeKey(NAMESPACES, undefined, namespace));
    if (!entry) throw notFound(groupResource(NAMESPACES), namespace);
    if (entry.object.metadata.deletionTimestamp) throw terminating(resource, object, namespace);
    return object;
  }

  update(object: KubeObject, _old: KubeObject, resource: Resource): KubeObject {
    return resource.namespaced ? object : named(object);
  }

  delete(object: KubeObject, resource: Resource): void {
    const { name } = object.metadata;
    const immortal = !resource.namespaced && ['default', 'kube-system', 'kube-public'].includes(name);
    if (immortal) throw forbidden(groupResource(resource), name, 'this namespace may not be deleted');
  }
}

function named(object: KubeObject): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: metadata.name } } };
}

function terminating(resource: Resource, object: KubeObject, namespace: string): ApiError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = forbidden(groupResource(resource), object.metadata.name, why);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new ApiError(403, 'Forbidden', error.message, { ...error.details, causes: [cause] });
}
