/** The objects that controllers see, indexed by name, namespace, owner and uid. Knows versions; knows no kind. */

import type { KubeObject, Resource } from '../objects/resources.js';
import type { Located, View } from './controller.js';
import { controllerOf } from './owners.js';

interface Shelf {
  readonly resource: Resource;
  /** By namespace ('' for cluster-wide), then by name. */
  readonly byNamespace: Map<string, Map<string, KubeObject>>;
  readonly orphans: Map<string, Set<KubeObject>>;
}

export class Objects implements View {
  readonly #shelves = new Map<string, Shelf>();
  readonly #unlisted = new Set<string>();
  readonly #uids = new Map<string, Located>();
  readonly #dependents = new Map<string, Set<Located>>();
  readonly #located = new Map<KubeObject, Located>();

  constructor(
    resources: readonly Resource[],
    readonly clock: () => number = Date.now,
  ) {
    for (const resource of resources) this.watch(resource);
  }

  get resources(): readonly Resource[] {
    return [...this.#shelves.values()].map(({ resource }) => resource);
  }

  get complete(): boolean {
    return this.#unlisted.size === 0;
  }

  /** From now on objects of this resource are taken; there may be some until `listed` says that all were. */
  watch(resource: Resource): void {
    this.#shelves.set(id(resource), { resource, byNamespace: new Map(), orphans: new Map() });
    this.#unlisted.add(id(resource));
  }

  /** Returns whether that was news. */
  listed(resource: Resource): boolean {
    return this.#unlisted.delete(id(resource));
  }

  /** There is no such resource any more: forgets its objects, and returns them. */
  forget(resource: Resource): readonly KubeObject[] {
    const objects = this.list(resource);
    for (const object of objects) this.delete(resource, object);
    this.#shelves.delete(id(resource));
    this.#unlisted.delete(id(resource));
    return objects;
  }

  get now(): number {
    return this.clock();
  }

  /** Takes the object unless a newer one is here; says whether it did. */
  put(resource: Resource, object: KubeObject): boolean {
    const shelf = this.#shelves.get(id(resource));
    if (!shelf) return false;
    const { namespace = '', name } = object.metadata;
    const present = shelf.byNamespace.get(namespace)?.get(name);
    if (present && !newer(object, present)) return false;
    if (present) this.#drop(shelf, present);
    let names = shelf.byNamespace.get(namespace);
    if (!names) shelf.byNamespace.set(namespace, (names = new Map()));
    names.set(name, object);
    const located = { resource, object };
    this.#located.set(object, located);
    if (object.metadata.uid) this.#uids.set(object.metadata.uid, located);
    for (const owner of object.metadata.ownerReferences ?? []) add(this.#dependents, owner.uid, located);
    if (!controllerOf(object)) add(shelf.orphans, namespace, object);
    return true;
  }

  /** Forgets the object, unless another of that name took its place. */
  delete(resource: Resource, object: KubeObject): boolean {
    const shelf = this.#shelves.get(id(resource));
    const { namespace = '', name, uid } = object.metadata;
    const present = shelf?.byNamespace.get(namespace)?.get(name);
    if (!shelf || !present || present.metadata.uid !== uid) return false;
    this.#drop(shelf, present);
    return true;
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined, name: string): T | undefined {
    return this.#shelf(resource)
      ?.byNamespace.get(namespace ?? '')
      ?.get(name) as T | undefined;
  }

  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly T[] {
    const shelf = this.#shelf(resource);
    if (!shelf) return [];
    if (namespace !== undefined) return [...(shelf.byNamespace.get(namespace)?.values() ?? [])] as unknown as T[];
    return [...shelf.byNamespace.values()].flatMap(names => [...names.values()]) as unknown as T[];
  }

  owned<T extends KubeObject>(resource: Resource<T>, uid: string): readonly T[] {
    const wanted = id(resource);
    return this.dependents(uid)
      .filter(located => id(located.resource) === wanted)
      .map(located => located.object as unknown as T);
  }

  orphans<T extends KubeObject>(resource: Resource<T>, namespace: string): readonly T[] {
    return [...(this.#shelf(resource)?.orphans.get(namespace) ?? [])] as unknown as T[];
  }

  byUid(uid: string): Located | undefined {
    return this.#uids.get(uid);
  }

  dependents(uid: string): readonly Located[] {
    return [...(this.#dependents.get(uid) ?? [])];
  }

  #shelf(resource: Pick<Resource, 'group' | 'plural'>): Shelf | undefined {
    return this.#shelves.get(id(resource));
  }

  #drop(shelf: Shelf, object: KubeObject): void {
    const { namespace = '', name, uid, ownerReferences = [] } = object.metadata;
    const located = this.#located.get(object)!;
    this.#located.delete(object);
    shelf.byNamespace.get(namespace)?.delete(name);
    if (uid && this.#uids.get(uid) === located) this.#uids.delete(uid);
    for (const owner of ownerReferences) remove(this.#dependents, owner.uid, located);
    remove(shelf.orphans, namespace, object);
  }
}

const id = (resource: Pick<Resource, 'group' | 'plural'>) => `${resource.plural}.${resource.group}`;

/** Resource versions of one server are numbers that grow; an equal one is taken, so that a caller may assume a change. */
function newer(object: KubeObject, present: KubeObject): boolean {
  if (object.metadata.uid !== present.metadata.uid) {
    return Number(object.metadata.resourceVersion ?? 0) > Number(present.metadata.resourceVersion ?? 0);
  }
  return Number(object.metadata.resourceVersion ?? 0) >= Number(present.metadata.resourceVersion ?? 0);
}

function add<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  if (values) values.add(value);
  else index.set(key, new Set([value]));
}

function remove<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const values = index.get(key);
  values?.delete(value);
  if (values?.size === 0) index.delete(key);
}
