/** The API server's objects as one stream of events into the network, with the moment when all first lists are in. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../client/api.js';
import { ApiFailure } from '../client/failure.js';
import { reflect } from '../client/reflector.js';
import type { ClusterEvent } from '../model/cluster.js';
import { clusterNetworkPolicies } from '../objects/cluster-network-policy.js';
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

/** Kinds that a cluster need not have: their definition may come at any time. */
const OPTIONAL = [clusterNetworkPolicies];

/** Milliseconds between two looks for a kind that is not served. */
const LOOK_AGAIN = 5000;

/** Runs until the signal aborts; never rejects, since a reflector has no end but that. */
export function watchCluster(api: Api, sink: Sink, signal: AbortSignal): void {
  const missing = new Set([...WATCHED, ...OPTIONAL]);
  for (const resource of WATCHED) void follow(resource);
  for (const resource of OPTIONAL) void followWhenServed(resource);

  async function follow(resource: Resource<KubeObject>) {
    for await (const change of reflect(api, resource, { signal })) {
      if (change.type !== 'synced') sink.apply(change);
      else heard(resource);
    }
  }

  async function followWhenServed(resource: Resource<KubeObject>) {
    while (!(await isServed(api, resource))) {
      heard(resource);
      await sleep(LOOK_AGAIN, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
    }
    await follow(resource);
  }

  /** Its first list is in, or there is none. */
  function heard(resource: Resource<KubeObject>) {
    if (missing.delete(resource) && missing.size === 0) sink.synced();
  }
}

/** Only a server that says so lacks a kind; one that is away may have it. */
async function isServed(api: Api, resource: Resource<KubeObject>): Promise<boolean> {
  try {
    await api.list(resource);
    return true;
  } catch (error) {
    return !(error instanceof ApiFailure && error.status === 404);
  }
}
