/** Namespaces: a terminating one is emptied, then released. Knows no kind of content. */

import { type Resource, resources } from '../objects/resources.js';
import type { Change, Controller, View } from './controller.js';

const namespaces = resources.namespaces as unknown as Resource;
const FINALIZER = 'kubernetes';

/** Milliseconds until a namespace is looked at again whose custom objects are not all known yet. */
const SOON = 100;

/** `unwatched` are resources that no view has: they are only deleted at the end, when nothing makes more of them. */
export function namespaceController(unwatched: readonly Resource[]): Controller {
  return {
    name: 'namespace',
    watches: 'all',
    keys: (object, view) => {
      if (object.kind === 'Namespace') return object.metadata.deletionTimestamp ? [object.metadata.name] : [];
      const { namespace } = object.metadata;
      const dying = namespace && view.get(resources.namespaces, undefined, namespace)?.metadata.deletionTimestamp;
      return dying ? [namespace] : [];
    },
    reconcile: (view, name) => empty(view, name, unwatched),
  };
}

function empty(view: View, name: string, unwatched: readonly Resource[]): readonly Change[] {
  const namespace = view.get(resources.namespaces, undefined, name);
  if (!namespace?.metadata.deletionTimestamp) return [];
  const finalizers = namespace.spec?.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) return [];
  const contents = view.resources.filter(({ namespaced, verbs }) => namespaced && verbs.includes('deletecollection'));
  const full = contents.filter(resource => view.list(resource, name).length > 0);
  const waiting = full.filter(resource => view.list(resource, name).some(object => !object.metadata.deletionTimestamp));
  const deletions = (some: readonly Resource[]) =>
    some.map((resource): Change => ({ do: 'deleteAll', resource, namespace: name }));
  if (full.length > 0) return deletions(waiting);
  if (!view.complete) return [{ do: 'again', after: SOON }];
  const rest = finalizers.filter(finalizer => finalizer !== FINALIZER);
  return [
    ...deletions(unwatched),
    { do: 'finalize', resource: namespaces, object: { ...namespace, spec: { finalizers: rest } } },
  ];
}
