/** ControllerRevisions: the history of a template, for `kubectl rollout history` and `undo` of StatefulSets and DaemonSets. */

import type { ControllerRevision, DaemonSet, StatefulSet } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import type { Change, View } from './controller.js';
import { ownedBy } from './owners.js';
import { same, shortHash } from './values.js';

const revisions = resources.controllerrevisions as unknown as Resource;

/** What tells a Pod's template: the name of its revision (StatefulSet) or its hash (DaemonSet). */
export const REVISION_LABEL = 'controller-revision-hash';

export interface History {
  /** The revision of the template as it is now; undefined until it was created. */
  readonly update: ControllerRevision | undefined;
  readonly all: readonly ControllerRevision[];
  readonly changes: readonly Change[];
}

/** Finds, creates or renumbers the revision of the owner's template, and forgets the oldest that no Pod has (`inUse`). */
export function history(
  view: View,
  resource: Resource,
  owner: StatefulSet | DaemonSet,
  inUse: (revision: ControllerRevision) => boolean,
): History {
  const all = [...view.owned(resources.controllerrevisions, owner.metadata.uid!)];
  all.sort((a, b) => a.revision - b.revision);
  const data = { spec: { template: { ...owner.spec.template, $patch: 'replace' } } };
  const update = all.find(revision => same(revision.data, data));
  const last = all.at(-1)?.revision ?? 0;
  const changes: Change[] = [];
  if (!update) changes.push(create(resource, owner, data, last + 1));
  // Back to a former template: it becomes the newest again.
  else if (update.revision < last) {
    changes.push({ do: 'update', resource: revisions, object: { ...update, revision: last + 1 } });
  }
  const unused = all.filter(revision => revision !== update && !inUse(revision));
  const surplus = unused.length - (owner.spec.revisionHistoryLimit ?? 10);
  for (const object of unused.slice(0, Math.max(0, surplus)))
    changes.push({ do: 'delete', resource: revisions, object });
  return { update, all, changes };
}

function create(resource: Resource, owner: StatefulSet | DaemonSet, data: object, revision: number): Change {
  const hash = shortHash(data, owner.status?.collisionCount ?? 0);
  return {
    do: 'create',
    resource: revisions,
    object: {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${owner.metadata.name}-${hash}`,
        namespace: owner.metadata.namespace!,
        labels: { ...owner.spec.template.metadata?.labels, [REVISION_LABEL]: hash },
        annotations: owner.metadata.annotations,
        ownerReferences: [ownedBy(resource, owner)],
      },
      data,
      revision,
    },
  };
}

/** The template that a revision kept. */
export function templateOf(revision: ControllerRevision): StatefulSet['spec']['template'] {
  const { $patch: _, ...template } = (revision.data as { spec: { template: Record<string, unknown> } }).spec.template;
  return template as unknown as StatefulSet['spec']['template'];
}
