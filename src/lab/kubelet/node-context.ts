/** What all Pods of a node share: its places, its network, the objects that Pods refer to. */

import type { Api } from '../../client/api.js';
import type { EventRecorder } from '../../client/events.js';
import type { ClusterNames } from '../../dns/resolv-conf.js';
import type { Pod } from '../../objects/pod.js';
import type { Service } from '../../objects/service.js';
import type { Machine } from '../images/catalogue.js';
import type { Cni } from '../runtime/cni.js';
import type { Layer } from '../runtime/layers.js';
import type { References } from './environment.js';
import type { Placement } from './fields.js';
import type { VolumePlaces } from './volumes.js';

export interface NodeContext {
  readonly name: string;
  readonly api: Api;
  readonly events: EventRecorder;
  /** The node's own network namespace, and its addresses. */
  readonly netns: string;
  readonly hostIPs: readonly string[];
  readonly cni: Cni;
  readonly machine: Machine;
  readonly cluster: ClusterNames;
  readonly scratch: string;
  readonly hidden: ReadonlyMap<string, number>;
  layers(): readonly Layer[];
  podNetns(uid: string): string;
  places(uid: string): VolumePlaces;
  references(namespace: string): References;
  services(): Iterable<Service>;
  placement(podIPs: readonly string[]): Placement;
}

/** Records an event on a Pod, or on one of its containers. */
export function tell(
  context: NodeContext,
  pod: Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { namespace, name, uid } = pod.metadata;
  context.events.record({ apiVersion: 'v1', kind: 'Pod', namespace, name, uid }, type, reason, message);
}
