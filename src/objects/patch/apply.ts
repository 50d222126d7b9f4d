/** Server-side apply (KEP-555): who owns which fields of an object, what an apply changes, and where it meets somebody else's. */
import { equal, isObject, own, withKey } from '../json.js';
import type { KubeObject } from '../meta.js';
import { apiVersionOf, type Resource } from '../resources.js';
import { FieldSet } from './field-set.js';
import {
  identify,
  type Manager,
  managerText,
  type Owners,
  type Ownership,
  readOwners,
  writeOwners,
} from './managed-fields.js';
import { compare, fieldSetOf, merge, prune } from './typed.js';

export interface Conflict {
  /** `conflict with "kubectl-client-side-apply" using apps/v1` */
  readonly message: string;
  /** `.spec.replicas` */
  readonly field: string;
}

/** `message` is the Status' own: `Apply failed with 1 conflict: …`. */
export type Applied =
  | { readonly object: KubeObject }
  | { readonly conflicts: readonly Conflict[]; readonly message: string };

interface Write {
  readonly resource: Resource;
  readonly manager: string;
  readonly subresource?: string;
  /** RFC 3339, written beside what the manager owns now. */
  readonly now: string;
}

/** Lays `config` over `live`, and takes away what this manager applied before and applies no more. Without `live` the object is new. */
export function apply({
  live,
  config,
  force,
  ...write
}: Write & { readonly live?: KubeObject; readonly config: KubeObject; readonly force: boolean }): Applied {
  const result = attempt(live, config, force, write);
  if ('object' in result || write.manager !== KUBECTL || !live)
    return keepLastApplied(result, live, config, write.manager);
  // What `kubectl apply` wrote from the client before, `kubectl apply --server-side` may take over.
  const taken = lastAppliedFields(write.resource, live);
  const left = result.conflicts.filter(({ path }) => path.difference(taken).isEmpty === false);
  return left.length > 0
    ? refusal(left)
    : keepLastApplied(attempt(live, config, true, write), live, config, write.manager);
}

interface Clash {
  readonly manager: Manager;
  readonly path: FieldSet;
}

function attempt(
  live: KubeObject | undefined,
  config: KubeObject,
  force: boolean,
  write: Write,
): { object: KubeObject } | { conflicts: Clash[] } {
  const { schema } = write.resource;
  const manager: Manager = {
    name: write.manager,
    operation: 'Apply',
    apiVersion: apiVersionOf(write.resource),
    subresource: write.subresource ?? '',
  };
  const id = identify(manager);
  const applied = ownPart(write, config);
  const said = fieldSetOf(schema, applied);
  const fields = tracked(said);
  const owners = new Map(readOwners(live?.metadata.managedFields));
  const before = owners.get(id);
  owners.set(id, { ...manager, fields, time: before?.time ?? write.now });

  const base = live ?? emptyOf(applied);
  const merged = merge(schema, base, applied) as KubeObject;
  const everybody = [...owners.values()].reduce((sum, owner) => sum.union(owner.fields), said);
  const next = (before ? prune(schema, merged, before.fields, everybody) : merged) as KubeObject;

  const { clashes, owners: left } = yieldFields(owners, id, base, next, write.resource);
  if (clashes.length > 0 && !force) return { conflicts: clashes };
  if (left.has(id) && !(before?.fields.equals(fields) && equal(base, next)))
    left.set(id, { ...left.get(id)!, time: write.now });
  return { object: writeOwners(next, left) };
}

/** Takes from every other owner what changed under it, and says from whom. */
function yieldFields(owners: Owners, id: string, before: KubeObject, after: KubeObject, { schema }: Resource) {
  const { added, modified, removed } = compare(schema, before, after);
  const changed = added.union(modified);
  const clashes: Clash[] = [];
  const left = new Map<string, Ownership>();
  for (const [key, owner] of owners) {
    const path = key === id ? FieldSet.EMPTY : owner.fields.intersection(changed);
    if (!path.isEmpty) clashes.push({ manager: owner, path });
    left.set(key, key === id ? owner : { ...owner, fields: owner.fields.difference(path).difference(removed) });
  }
  return { clashes, owners: left, added, modified, removed };
}

/**
 * Records who changed what in an ordinary write: `next` is what will be stored, `old` what was; absent for a new object.
 * A client may rewrite managedFields itself; one empty entry forgets all owners.
 */
export function trackUpdate<T extends KubeObject>({
  old,
  next,
  ...write
}: Write & { readonly old?: KubeObject; readonly next: T }): T {
  const given = next.metadata.managedFields;
  const reset = given?.length === 1 && Object.keys(given[0]!).length === 0;
  const owners = reset ? new Map() : readOwners(given?.length ? given : old?.metadata.managedFields);
  const manager: Manager = {
    name: write.manager,
    operation: 'Update',
    apiVersion: apiVersionOf(write.resource),
    subresource: write.subresource ?? '',
  };
  const id = identify(manager);
  const result = yieldFields(owners, id, old ?? emptyOf(next), next, write.resource);
  const mine = result.owners.get(id)?.fields ?? FieldSet.EMPTY;
  const fields = tracked(mine.difference(result.removed).union(result.modified).union(result.added));
  const time =
    fields.equals(mine) && tracked(result.modified).isEmpty ? (result.owners.get(id)?.time ?? write.now) : write.now;
  return writeOwners(next, result.owners.set(id, { ...manager, fields, time }));
}

/** What a path may speak of: `/status` of the status, the object's own path of everything else. */
function ownPart({ resource, subresource }: Write, config: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, status, ...rest } = config;
  if (subresource === 'status') {
    const { name, namespace } = metadata;
    return {
      apiVersion,
      kind,
      metadata: { name, ...(namespace && { namespace }) },
      ...(status !== undefined && { status }),
    };
  }
  const kept = status !== undefined && !resource.subresources.includes('status') ? { status } : {};
  return { apiVersion, kind, metadata: withKey(metadata, 'managedFields', undefined), ...rest, ...kept };
}

/** A new object begins with its parts, which nobody owns. */
function emptyOf(object: KubeObject): KubeObject {
  const parts = (['spec', 'status'] as const).filter(key => isObject(object[key])).map(key => [key, {}] as const);
  const { apiVersion, kind, metadata } = object;
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name, ...(metadata.namespace && { namespace: metadata.namespace }) },
    ...Object.fromEntries(parts),
  };
}

/** Never owned: identity, and what the server itself keeps. */
const UNTRACKED = FieldSet.fromJson({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    ...Object.fromEntries(
      [
        'name',
        'generateName',
        'namespace',
        'creationTimestamp',
        'selfLink',
        'uid',
        'generation',
        'managedFields',
        'resourceVersion',
      ].map(key => [`f:${key}`, {}]),
    ),
  },
});
const tracked = (fields: FieldSet): FieldSet => fields.difference(UNTRACKED);

function refusal(clashes: readonly Clash[]): Applied {
  const conflicts = clashes.flatMap(({ manager, path }) =>
    path.paths().map(field => ({ message: `conflict with ${managerText(manager)}`, field })),
  );
  if (conflicts.length === 1)
    return { conflicts, message: `Apply failed with 1 conflict: ${conflicts[0]!.message}: ${conflicts[0]!.field}` };
  const byManager = clashes
    .map(({ manager, path }) =>
      [`conflicts with ${managerText(manager)}:`, ...path.paths().map(field => `- ${field}`)].join('\n'),
    )
    .sort();
  return { conflicts, message: `Apply failed with ${conflicts.length} conflicts: ${byManager.join('\n')}` };
}

const KUBECTL = 'kubectl';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const lastApplied = (object: KubeObject): string | undefined =>
  own(object.metadata.annotations ?? {}, LAST_APPLIED) as string | undefined;

/** What the client-side `kubectl apply` that came before had set. */
function lastAppliedFields({ schema }: Resource, live: KubeObject): FieldSet {
  try {
    return fieldSetOf(schema, JSON.parse(lastApplied(live) ?? '{}'));
  } catch {
    return FieldSet.EMPTY;
  }
}

/** kubectl's own annotation follows, so that a later client-side apply finds what was applied. */
function keepLastApplied(
  result: { object: KubeObject } | { conflicts: readonly Clash[] },
  live: KubeObject | undefined,
  config: KubeObject,
  manager: string,
): Applied {
  if ('conflicts' in result) return refusal(result.conflicts);
  if (manager !== KUBECTL || !live || lastApplied(live) === undefined) return result;
  const { managedFields: _, annotations: given, ...metadata } = config.metadata;
  const annotations = withKey(given ?? {}, LAST_APPLIED, undefined);
  const text = `${JSON.stringify({ ...config, metadata: { ...metadata, ...(given && { annotations }) } })}\n`;
  const { object } = result;
  return {
    object: {
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [LAST_APPLIED]: text } },
    },
  };
}
