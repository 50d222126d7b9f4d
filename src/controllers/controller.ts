/** What a controller is: a pure function from what it sees to what should change. Knows no client, no clock and no queue. */

import type { KubeObject, Resource } from '../objects/resources.js';

/** All objects as last seen, indexed. What a controller changed itself is already in it. */
export interface View {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The resources that are watched, custom ones among them: of others nothing can be said. */
  readonly resources: readonly Resource[];
  /** Whether each of them was listed once. */
  readonly complete: boolean;
  get<T extends KubeObject>(resource: Resource<T>, namespace: string | undefined, name: string): T | undefined;
  /** Of one namespace, or of all. */
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly T[];
  /** Objects with an owner reference of that uid. */
  owned<T extends KubeObject>(resource: Resource<T>, uid: string): readonly T[];
  /** Objects of a namespace that no controller owns. */
  orphans<T extends KubeObject>(resource: Resource<T>, namespace: string): readonly T[];
  /** Whatever has that uid. */
  byUid(uid: string): Located | undefined;
  /** Objects of any resource with an owner reference of that uid. */
  dependents(uid: string): readonly Located[];
}

export interface Located {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** An object to be created: the API server fills in the rest, and the name when there is only a generateName. */
export interface NewObject {
  readonly metadata: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export type Change =
  | {
      readonly do: 'create';
      readonly resource: Resource;
      readonly object: NewObject;
      /** Said about `owner` when it is done; `{name}` is the new object's. */
      readonly event?: { readonly owner: KubeObject; readonly reason: string; readonly message: string };
    }
  /** Refused by the server when somebody else changed the object meanwhile. */
  | { readonly do: 'update' | 'status'; readonly resource: Resource; readonly object: KubeObject }
  | {
      readonly do: 'delete';
      readonly resource: Resource;
      readonly object: KubeObject;
      readonly gracePeriodSeconds?: number;
      readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
      /** Only after asking the server itself whether these owners are gone. */
      readonly ifGone?: readonly OwnerAt[];
    }
  | { readonly do: 'deleteAll'; readonly resource: Resource; readonly namespace: string }
  /** The subresource `finalize` of a Namespace. */
  | { readonly do: 'finalize'; readonly resource: Resource; readonly object: KubeObject }
  | { readonly do: 'bind'; readonly resource: Resource; readonly object: KubeObject; readonly node: string }
  | {
      readonly do: 'event';
      readonly object: KubeObject;
      readonly type: 'Normal' | 'Warning';
      readonly reason: string;
      readonly message: string;
    }
  /** Reconcile the same key again after so many milliseconds, also when nothing changes. */
  | { readonly do: 'again'; readonly after: number };

export interface OwnerAt {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
}

export interface Controller {
  /** kebab-case; the prefix of its log lines. */
  readonly name: string;
  readonly watches: readonly Resource[] | 'all';
  /** What must be reconciled because this object came, changed or went. */
  keys(object: KubeObject, view: View): readonly string[];
  /** Milliseconds that a key may wait for more changes, so that a burst is one reconciliation. */
  readonly delay?: number;
  /** Deterministic, given the view. An empty list: all is as it should be. */
  reconcile(view: View, key: string): readonly Change[];
}

/** `default/web`, or `n1` for a cluster-wide object. */
export function keyOf({ metadata }: KubeObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

/** Namespace and name of a key. */
export function parseKey(key: string): readonly [namespace: string | undefined, name: string] {
  const slash = key.indexOf('/');
  return slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
}

/** metav1.Time: RFC 3339 in whole seconds. */
export function timestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
