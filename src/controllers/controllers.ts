/** The list of all controllers. Adding one is one file and one line here. */

import type { Cidr } from '../net/cidr.js';
import { builtinResources, type Resource, resources } from '../objects/resources.js';
import type { Controller } from './controller.js';
import { daemonSetController } from './daemon-set.js';
import { deploymentController } from './deployment.js';
import { endpointMirror } from './endpoint-mirror.js';
import { endpointSliceController } from './endpoint-slice.js';
import { endpointsController } from './endpoints.js';
import { garbageCollector } from './garbage-collector.js';
import { jobController } from './job.js';
import { namespaceController } from './namespace.js';
import { nodeIpam } from './node-ipam.js';
import { nodeLifecycle } from './node-lifecycle.js';
import { podGc } from './pod-gc.js';
import { replicaSetController } from './replica-set.js';
import { scheduler } from './scheduler.js';
import { serviceAccountController } from './service-account.js';
import { statefulSetController } from './stateful-set.js';

/** Too many and too short-lived to be worth watching. */
const UNWATCHED = [resources.events] as unknown as readonly Resource[];

/** Everything with an owner or in a namespace; a second view of the same objects is none. */
export const WATCHED: readonly Resource[] = builtinResources.filter(
  resource => !UNWATCHED.includes(resource) && !resource.storedAs,
);

/** `podCidrs`: the cluster's ranges for Pods, one per family; without them the nodes' podCIDRs are somebody else's business. */
export function controllers(podCidrs: readonly Cidr[]): readonly Controller[] {
  return [
    namespaceController(UNWATCHED),
    serviceAccountController,
    ...(podCidrs.length ? [nodeIpam(podCidrs)] : []),
    nodeLifecycle,
    deploymentController,
    replicaSetController,
    statefulSetController,
    daemonSetController,
    jobController,
    scheduler,
    endpointSliceController,
    endpointsController,
    endpointMirror,
    podGc,
    garbageCollector,
  ];
}
