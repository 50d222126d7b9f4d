/** The one way by which objects come into the store: defaults, admission, validation, field ownership, then the write. Knows no HTTP. */

import { randomInt, randomUUID } from 'node:crypto';
import { applyDefaults } from '../objects/defaults.js';
import { trackUpdate } from '../objects/patch/apply.js';
import { prepareCreate, prepareStatus, prepareUpdate } from '../objects/prepare.js';
import { validate, validateUpdate } from '../objects/validate.js';
import type { Api, KubeObject, Resource } from './api.js';
import { sameObject } from './equal.js';
import { inStorage, inVersion, unstored } from './respond.js';
import { groupResource, storeKey } from './served.js';
import { alreadyExists, badRequest, type Cause, conflict, invalid, MODIFIED } from './status.js';
import type { Entry } from './store/entry.js';

export interface WriteOptions {
  readonly dryRun: boolean;
  /** Who owns the fields it changes; see managedFields. */
  readonly manager: string;
  /** The part of the object that this write may change; the main part otherwise. */
  readonly subresource?: string;
  /** Field ownership is already in the object: it comes from server-side apply. */
  readonly applied?: boolean;
}

/** Stores a new object. Throws ApiError 403, 404, 409 or 422. */
export function createObject(api: Api, resource: Resource, given: KubeObject, options: WriteOptions): Entry {
  const now = timestamp();
  let object = withIdentity(resource, given, now);
  object = applyDefaults(resource, object);
  object = prepareCreate(resource, object);
  // First, so that admission can rely on the object's shape.
  check(resource, object, validate(resource, object));
  object = api.admission.create(resource, object);
  const key = storeKey(resource, object.metadata.namespace, object.metadata.name);
  if (api.store.get(key)) throw alreadyExists(groupResource(resource), object.metadata.name);
  if (!options.applied) object = track(resource, undefined, object, options, now);
  object = inStorage(resource, object);
  return options.dryRun ? unstored(key, object) : api.store.put(key, object);
}

/**
 * Stores `given` in place of the entry. Returns the entry itself when nothing changed, and the removed state when this
 * took the last finalizer of an object that is being deleted. Throws ApiError 409 or 422.
 */
export function updateObject(
  api: Api,
  resource: Resource,
  live: Entry,
  given: KubeObject,
  options: WriteOptions,
): Entry {
  const now = timestamp();
  const old = inVersion(resource, live.object);
  checkPreconditions(resource, old, given);
  let object = keepIdentity(given, old);
  object = applyDefaults(resource, object);
  object =
    options.subresource === 'status' ? prepareStatus(resource, object, old) : prepareUpdate(resource, object, old);
  check(resource, object, validateUpdate(resource, object, old));
  object = api.admission.update(resource, object, old, options.subresource);
  if (!options.applied) object = track(resource, old, object, options, now);
  if (sameObject(object, old)) return live;
  object = inStorage(resource, object);
  if (options.dryRun) return unstored(live.key, object);
  if (isDone(object)) {
    api.store.put(live.key, object);
    return api.store.delete(live.key)!;
  }
  return api.store.put(live.key, object);
}

/** RFC 3339, whole seconds, as metav1.Time is written. */
export function timestamp(date = new Date()): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** Whether nothing keeps a deleted object any longer. */
function isDone({ metadata }: KubeObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.finalizers ?? []).length === 0 &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0
  );
}

function withIdentity(resource: Resource, object: KubeObject, now: string): KubeObject {
  const {
    selfLink: _,
    deletionTimestamp: _1,
    deletionGracePeriodSeconds: _2,
    resourceVersion,
    ...metadata
  } = object.metadata;
  if (resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
  const name = metadata.name || (metadata.generateName ? generatedName(metadata.generateName) : '');
  if (!name) {
    const why = {
      reason: 'FieldValueRequired',
      message: 'Required value: name or generateName is required',
      field: 'metadata.name',
    };
    throw invalid(resource.group, resource.kind, '', [why]);
  }
  return { ...object, metadata: { ...metadata, name, uid: randomUUID(), creationTimestamp: now } };
}

/** Without vowels and look-alikes, so that no word comes out (k8s.io/apimachinery/pkg/util/rand). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX = 5;

function generatedName(base: string): string {
  const suffix = Array.from({ length: SUFFIX }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `${base.slice(0, 63 - SUFFIX)}${suffix}`;
}

/** What a client cannot change of an object's metadata. */
function keepIdentity(object: KubeObject, old: KubeObject): KubeObject {
  const { selfLink: _, deletionTimestamp: _1, deletionGracePeriodSeconds: _2, ...metadata } = object.metadata;
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, resourceVersion, generateName } =
    old.metadata;
  const deletion = deletionTimestamp !== undefined && { deletionTimestamp, deletionGracePeriodSeconds };
  const kept = { uid, creationTimestamp, ...deletion, resourceVersion };
  return { ...object, metadata: { ...(generateName && { generateName }), ...metadata, ...kept } };
}

function checkPreconditions(resource: Resource, old: KubeObject, given: KubeObject): void {
  const { uid, resourceVersion, name } = given.metadata;
  const of = groupResource(resource);
  if (uid && uid !== old.metadata.uid) {
    throw conflict(
      of,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== '0' && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(of, name, MODIFIED);
  }
}

function check(resource: Resource, object: KubeObject, causes: readonly Cause[]): void {
  if (causes.length > 0) throw invalid(resource.group, resource.kind, object.metadata.name, causes);
}

function track(
  resource: Resource,
  old: KubeObject | undefined,
  next: KubeObject,
  options: WriteOptions,
  now: string,
): KubeObject {
  const { manager, subresource } = options;
  return trackUpdate({ resource, old, next, manager, subresource, now });
}
