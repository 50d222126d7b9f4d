/** The garbage collector: what all owners of an object are gone for goes, too. Knows owner references and finalizers, no kind. */

import type { KubeObject, OwnerReference } from '../objects/kinds.js';
import type { Resource } from '../objects/resources.js';
import type { Change, Controller, Located, OwnerAt, View } from './controller.js';

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Watches all that may own or be owned. Keys are uids. */
export const garbageCollector: Controller = {
  name: 'garbage-collector',
  watches: 'all',
  keys: (object, view) => {
    const { uid, ownerReferences = [] } = object.metadata;
    const owners = ownerReferences.map(owner => owner.uid);
    const gone = view.byUid(uid!) === undefined;
    // A deleted object concerns those it owned and its owners that wait for it; a living one only itself, if it can be garbage.
    if (gone) return [...owners, ...view.dependents(uid!).map(({ object: other }) => other.metadata.uid!)];
    return ownerReferences.length || object.metadata.deletionTimestamp
      ? [uid!, ...(object.metadata.deletionTimestamp ? owners : [])]
      : [];
  },
  reconcile,
};

function reconcile(view: View, uid: string): readonly Change[] {
  const found = view.byUid(uid);
  if (!found) return [];
  const { metadata } = found.object;
  if (!metadata.deletionTimestamp) return collect(view, found);
  if (metadata.finalizers?.includes(ORPHAN)) return orphan(view, found);
  if (metadata.finalizers?.includes(FOREGROUND)) return foreground(view, found);
  return [];
}

/** Garbage is what has owners and none of them any more. Owners of a kind that nobody watches count as there. */
function collect(view: View, { resource, object }: Located): Change[] {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length === 0) return [];
  const absent: OwnerAt[] = [];
  const dying: OwnerReference[] = [];
  for (const owner of owners) {
    const present = view.byUid(owner.uid);
    const ownerResource = resourceOf(view, owner);
    const { namespace: own } = object.metadata;
    // A cluster-wide object cannot say in which namespace its owner is.
    if (!present && ownerResource && (own || !ownerResource.namespaced)) {
      const namespace = ownerResource.namespaced ? own : undefined;
      absent.push({ resource: ownerResource, namespace, name: owner.name, uid: owner.uid });
    } else if (present && waitsForDependents(present.object)) dying.push(owner);
    else return [];
  }
  if (dying.length === 0) return [{ do: 'delete', resource, object, propagationPolicy: 'Background', ifGone: absent }];
  // The owner waits for this one: so this one waits for its own.
  return [{ do: 'delete', resource, object, propagationPolicy: 'Foreground', ifGone: absent }];
}

function waitsForDependents({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(FOREGROUND) === true;
}

/** Any version will do: all of them name the same objects. */
function resourceOf(view: View, { apiVersion, kind }: OwnerReference): Resource | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return view.resources.find(resource => resource.kind === kind && resource.group === group);
}

/** The owner leaves its dependents behind: they forget it, then it goes. */
function orphan(view: View, { resource, object }: Located): Change[] {
  const uid = object.metadata.uid!;
  const released = view.dependents(uid).map(({ resource: of, object: dependent }): Change => {
    const ownerReferences = (dependent.metadata.ownerReferences ?? []).filter(owner => owner.uid !== uid);
    return {
      do: 'update',
      resource: of,
      object: { ...dependent, metadata: { ...dependent.metadata, ownerReferences } },
    };
  });
  return released.length ? released : [withoutFinalizer(resource, object, ORPHAN)];
}

/** The owner goes after those that block it. */
function foreground(view: View, { resource, object }: Located): Change[] {
  const uid = object.metadata.uid!;
  const dependents = view.dependents(uid);
  const blocking = dependents.filter(({ object: { metadata } }) =>
    metadata.ownerReferences?.some(owner => owner.uid === uid && owner.blockOwnerDeletion),
  );
  const living = dependents.filter(dependent => !dependent.object.metadata.deletionTimestamp);
  if (blocking.length === 0) return [withoutFinalizer(resource, object, FOREGROUND)];
  return living.flatMap(dependent => collect(view, dependent));
}

function withoutFinalizer(resource: Resource, object: KubeObject, name: string): Change {
  const finalizers = (object.metadata.finalizers ?? []).filter(finalizer => finalizer !== name);
  return { do: 'update', resource, object: { ...object, metadata: { ...object.metadata, finalizers } } };
}
