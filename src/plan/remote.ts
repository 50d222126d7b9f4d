/** Which pod CIDRs of another node this node may act on. */

import type { NodeEntry } from '../model/cluster.js';
import type { Cidr } from '../net/cidr.js';
import type { World } from './feature.js';

/** None of the node's own, and none that overlaps the node's own whatever another Node claims. */
export function remotePodCidrs(node: NodeEntry, { nodeName, settings }: World): readonly Cidr[] {
  if (node.name === nodeName) return [];
  return node.podCidrs.filter(cidr => !settings.podCidrs.some(own => own.overlaps(cidr)));
}
