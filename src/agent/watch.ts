/** The API server's objects as one stream of events into the network, with the moment when all first lists are in. */

import type { Api } from '../client/api.js';
import { reflect } from '../client/reflector.js';
import type { ClusterEvent } from '../model/cluster.js';
import type { KubeObject } from '../objects/meta.js';
import { type Resource, resources } from '../objects/resources.js';

/** What an agent reads of a cluster. */
const WATCHED = [
  resources.nodes,
  resources.namespaces,
  resources.pods,
  resources.services,
  resources.endpointslices,
  resources.networkpolicies,
] as unknown as readonly Resource<KubeObject>[];

export interface Sink {
  apply(event: ClusterEvent): unknown;
  synced(): void;
}

/** Runs until the signal aborts; never rejects, since a reflector has no end but that. */
export function watchCluster(api: Api, sink: Sink, signal: AbortSignal): void {
  let missing = WATCHED.length;
  for (const resource of WATCHED) void follow(resource);

  async function follow(resource: Resource<KubeObject>) {
    let first = true;
    for await (const change of reflect(api, resource, { signal })) {
      if (change.type !== 'synced') sink.apply(change);
      else if (first) {
        first = false;
        if (--missing === 0) sink.synced();
      }
    }
  }
}
