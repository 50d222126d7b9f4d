/** Owner references: who made an object, and whose it becomes. Knows metadata alone. */

import type { KubeObject, OwnerReference } from '../objects/kinds.js';
import type { LabelSelector } from '../objects/meta.js';
import { apiVersionOf, type Resource } from '../objects/resources.js';
import { labelSelector } from '../objects/selectors.js';
import type { Change, View } from './controller.js';

/** The one owner that manages the object. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(owner => owner.controller);
}

/** What a managed object carries. */
export function ownedBy(resource: Resource, owner: KubeObject): OwnerReference {
  const { name, uid } = owner.metadata;
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name,
    uid: uid!,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export interface Claim<T> {
  readonly owned: readonly T[];
  readonly changes: readonly Change[];
}

/**
 * The objects that `owner` manages. One that its selector matches and nobody manages is adopted; one of its own that
 * the selector no longer matches is released.
 */
export function claim<T extends KubeObject>(
  view: View,
  ownerResource: Resource,
  owner: KubeObject,
  resource: Resource<T>,
  selector: LabelSelector | undefined,
): Claim<T> {
  const matches = labelSelector(selector);
  const owned: T[] = [];
  const changes: Change[] = [];
  const update = (object: T, ownerReferences: readonly OwnerReference[]) => {
    const metadata = { ...object.metadata, ownerReferences };
    changes.push({ do: 'update', resource: resource as unknown as Resource, object: { ...object, metadata } });
  };
  for (const object of view.owned(resource, owner.metadata.uid!)) {
    if (controllerOf(object)?.uid !== owner.metadata.uid) continue;
    if (matches(object.metadata.labels) || object.metadata.deletionTimestamp) owned.push(object);
    else update(object, others(object, owner));
  }
  if (!owner.metadata.deletionTimestamp) {
    for (const object of view.orphans(resource, owner.metadata.namespace!)) {
      if (!matches(object.metadata.labels) || object.metadata.deletionTimestamp) continue;
      update(object, [...others(object, owner), ownedBy(ownerResource, owner)]);
    }
  }
  return { owned, changes };
}

function others(object: KubeObject, owner: KubeObject): OwnerReference[] {
  return (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
}

/** The key of the managing owner, when it is of that kind. */
export function controllerKey(object: KubeObject, kind: string): string[] {
  const owner = controllerOf(object);
  return owner?.kind === kind ? [`${object.metadata.namespace}/${owner.name}`] : [];
}
