/** One resource as it is on the API server, kept in memory. Knows list and watch through the client; decides nothing. */

import type { Api, Selection } from '../../client/api.js';
import { reflect } from '../../client/reflector.js';
import type { KubeObject, Resource } from '../../objects/resources.js';

export interface Watched<T> {
  get(namespace: string, name: string): T | undefined;
  values(): Iterable<T>;
  /** Resolves after the first complete list. */
  readonly synced: Promise<void>;
}

export type Heard<T> = (object: T, deleted: boolean) => void;

/** Until `signal` aborts. `heard` is told of each change after it is in the table. */
export function watched<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  selection: Selection,
  signal: AbortSignal,
  heard?: Heard<T>,
): Watched<T> {
  const table = new Map<string, T>();
  const key = (namespace: string, name: string) => `${namespace}/${name}`;
  const synced = new Promise<void>(resolve => {
    const follow = async () => {
      for await (const change of reflect(api, resource, { ...selection, signal })) {
        if (change.type === 'synced') {
          resolve();
          continue;
        }
        const { namespace = '', name } = change.object.metadata;
        if (change.type === 'delete') table.delete(key(namespace, name));
        else table.set(key(namespace, name), change.object);
        heard?.(change.object, change.type === 'delete');
      }
    };
    void follow();
  });
  return { get: (namespace, name) => table.get(key(namespace, name)), values: () => table.values(), synced };
}
