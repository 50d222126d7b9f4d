/** Namespaces: a terminating one is emptied, then released. Knows no kind of content. */

import { type Resource, resources } from '../objects/resources.js';
import type { Change, Controller, View } from './controller.js';

const namespaces = resources.namespaces as unknown as Resource;
const FINALIZER = 'kubernetes';

/** `contents` are all namespaced resources; those that are watched must be seen to be gone. */
export function namespaceController(contents: readonly Resource[]): Controller {
  const deletable = contents.filter(({ namespaced, verbs }) => namespaced && verbs.includes('deletecollection'));
  return {
    name: 'namespace',
    watches: [namespaces, ...deletable],
    keys: (object, view) => {
      if (object.kind === 'Namespace') return object.metadata.deletionTimestamp ? [object.metadata.name] : [];
      const { namespace } = object.metadata;
      const dying = namespace && view.get(resources.namespaces, undefined, namespace)?.metadata.deletionTimestamp;
      return dying ? [namespace] : [];
    },
    reconcile: (view, name) => empty(view, name, deletable),
  };
}

function empty(view: View, name: string, contents: readonly Resource[]): readonly Change[] {
  const namespace = view.get(resources.namespaces, undefined, name);
  if (!namespace?.metadata.deletionTimestamp) return [];
  const finalizers = namespace.spec?.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) return [];
  const waiting = contents.filter(resource =>
    view.list(resource, name).some(object => !object.metadata.deletionTimestamp),
  );
  const left = contents.some(resource => view.list(resource, name).length > 0);
  const watched = new Set(view.resources.map(({ group, plural }) => `${plural}.${group}`));
  const unseen = contents.filter(({ group, plural }) => !watched.has(`${plural}.${group}`));
  const deletions = (some: readonly Resource[]) =>
    some.map((resource): Change => ({ do: 'deleteAll', resource, namespace: name }));
  if (left) return deletions(waiting);
  // What nobody watches (Events) is only deleted at the end, when nothing makes more of it.
  const rest = finalizers.filter(finalizer => finalizer !== FINALIZER);
  return [
    ...deletions(unseen),
    { do: 'finalize', resource: namespaces, object: { ...namespace, spec: { finalizers: rest } } },
  ];
}
