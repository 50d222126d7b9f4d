/** DELETE of one object: preconditions, grace, finalizers, propagation. What follows from a deletion is the controllers' work. */

import type { Api, Call, KubeObject, Resource } from '../api.js';
import { type Json, readObject } from '../body.js';
import type { ApiResponse } from '../http.js';
import { respondObject, respondValue, unstored } from '../respond.js';
import { groupResource } from '../served.js';
import { badRequest, conflict, invalid } from '../status.js';
import type { Entry } from '../store/entry.js';
import { timestamp } from '../write.js';
import { find } from './get.js';
import { isDryRun } from './input.js';

/** metav1.DeleteOptions, checked. */
export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly graceSeconds?: number;
  readonly propagation?: Propagation;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

const PROPAGATIONS = ['Orphan', 'Background', 'Foreground'] as const;
type Propagation = (typeof PROPAGATIONS)[number];

export function remove(api: Api, call: Call): ApiResponse {
  const entry = find(api, call);
  const { entry: last, gone } = deleteEntry(api, call.resource, entry, deleteOptions(call));
  if (!gone) return respondObject(call, last);
  const { group, plural } = call.resource;
  const details = {
    name: last.object.metadata.name,
    ...(group && { group }),
    kind: plural,
    uid: last.object.metadata.uid,
  };
  return respondValue(call, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

/** Removes the object, or marks it as being deleted when something must happen first. `gone` tells which. */
export function deleteEntry(
  api: Api,
  resource: Resource,
  entry: Entry,
  options: DeleteOptions,
): { entry: Entry; gone: boolean } {
  checkPreconditions(resource, entry, options);
  api.admission.delete(resource, entry.object);
  const marked = mark(resource, entry.object, options);
  const waits =
    (marked.metadata.finalizers ?? []).length > 0 ||
    marked.metadata.deletionGracePeriodSeconds! > 0 ||
    holdsContent(resource, marked);
  if (options.dryRun) return { entry: unstored(entry.key, marked), gone: !waits };
  if (!waits) return { entry: api.store.delete(entry.key)!, gone: true };
  return { entry: marked === entry.object ? entry : api.store.put(entry.key, marked), gone: false };
}

/** The options in the body, or else in the query. */
export function deleteOptions(call: Call): DeleteOptions {
  const { body, headers, query } = call.request;
  const given: Json = body && body.length > 0 ? readObject(body, headers['content-type']) : {};
  const preconditions = (given.preconditions ?? {}) as Json;
  const grace = given.gracePeriodSeconds ?? query.get('gracePeriodSeconds') ?? undefined;
  const graceSeconds = grace === undefined ? undefined : Number(grace);
  if (graceSeconds !== undefined && !Number.isSafeInteger(graceSeconds))
    throw badRequest('gracePeriodSeconds must be an integer');
  const orphan = given.orphanDependents ?? undefined;
  const policy =
    given.propagationPolicy ??
    query.get('propagationPolicy') ??
    (orphan === undefined ? undefined : orphan ? 'Orphan' : 'Background');
  const propagation = PROPAGATIONS.find(value => value === policy);
  if (policy !== undefined && !propagation) {
    const message = `Invalid value: ${JSON.stringify(policy)}: supported values: "Orphan", "Background", "Foreground"`;
    throw invalid('meta.k8s.io', 'DeleteOptions', '', [
      { reason: 'FieldValueNotSupported', message, field: 'propagationPolicy' },
    ]);
  }
  return {
    dryRun: isDryRun([...(Array.isArray(given.dryRun) ? given.dryRun : []), ...query.getAll('dryRun')]),
    graceSeconds,
    propagation,
    uid: preconditions.uid as string | undefined,
    resourceVersion: preconditions.resourceVersion as string | undefined,
  };
}

function checkPreconditions(resource: Resource, { object }: Entry, { uid, resourceVersion }: DeleteOptions): void {
  const { metadata } = object;
  const wrong =
    uid !== undefined && uid !== metadata.uid
      ? `UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
      : resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion
        ? `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`
        : undefined;
  if (wrong) throw conflict(groupResource(resource), metadata.name, `Precondition failed: ${wrong}`);
}

/** The object as one that is being deleted; itself when this deletion asks for nothing new. */
function mark(resource: Resource, object: KubeObject, options: DeleteOptions): KubeObject {
  const { metadata } = object;
  const finalizers = withPropagation(metadata.finalizers ?? [], options.propagation);
  const grace = graceSeconds(resource, object, options.graceSeconds);
  const before = metadata.deletionGracePeriodSeconds;
  const deleting = metadata.deletionTimestamp !== undefined;
  // A later deletion may only shorten the grace.
  if (deleting && (before ?? 0) <= grace && same(finalizers, metadata.finalizers ?? [])) return object;
  const seconds = deleting ? Math.min(before ?? 0, grace) : grace;
  const deletionTimestamp =
    deleting && seconds === before ? metadata.deletionTimestamp : timestamp(new Date(Date.now() + seconds * 1000));
  const generation = metadata.generation === undefined || deleting ? {} : { generation: metadata.generation + 1 };
  const next = {
    ...metadata,
    ...generation,
    deletionTimestamp,
    deletionGracePeriodSeconds: seconds,
    ...(finalizers.length > 0 && { finalizers }),
  };
  return terminating(resource, { ...object, metadata: next });
}

/** Only a Pod has a grace: the time its node gives its processes. Unscheduled and ended ones have no one to wait for. */
function graceSeconds(resource: Resource, object: KubeObject, asked: number | undefined): number {
  if (resource.group !== '' || resource.plural !== 'pods') return 0;
  const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const { phase } = (object.status ?? {}) as { phase?: string };
  if (!spec.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  // Negative means "one second" (k8s.io/kubernetes/pkg/registry/core/pod/strategy.go).
  const seconds = asked ?? spec.terminationGracePeriodSeconds ?? 30;
  return seconds < 0 ? 1 : seconds;
}

const FINALIZER = { Orphan: 'orphan', Foreground: 'foregroundDeletion' } as const;

/** The finalizers by which the garbage collector learns what to do with dependents. */
function withPropagation(finalizers: readonly string[], propagation: Propagation | undefined): readonly string[] {
  if (propagation === undefined) return finalizers;
  const rest = finalizers.filter(name => name !== FINALIZER.Orphan && name !== FINALIZER.Foreground);
  return propagation === 'Background' ? rest : [...rest, FINALIZER[propagation]];
}

/** A Namespace stays until its controller has emptied it and taken its spec's finalizer. */
function holdsContent(resource: Resource, object: KubeObject): boolean {
  if (resource.group !== '' || resource.plural !== 'namespaces') return false;
  return ((object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? []).length > 0;
}

function terminating(resource: Resource, object: KubeObject): KubeObject {
  if (resource.group !== '' || resource.plural !== 'namespaces') return object;
  return { ...object, status: { ...(object.status as object), phase: 'Terminating' } };
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
