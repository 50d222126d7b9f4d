/** Pod CIDRs: each node has a prefix of each of the cluster's ranges. Knows nodes, no addresses in use. */

import { Cidr } from '../net/cidr.js';
import type { Node } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import type { Change, Controller, View } from './controller.js';

const nodes = resources.nodes as unknown as Resource;

/** Prefix lengths of a node's part: 254 Pods, and the usual /64. */
const LENGTHS = { 4: 24, 6: 64 } as const;
/** One key for all nodes: what one takes the next must not. */
const ALL = 'all';

export function nodeIpam(clusterCidrs: readonly Cidr[]): Controller {
  return {
    name: 'node-ipam',
    watches: [nodes],
    keys: () => [ALL],
    reconcile: view => assign(view, clusterCidrs),
  };
}

function assign(view: View, ranges: readonly Cidr[]): Change[] {
  const all = [...view.list(resources.nodes)].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const taken = all
    .flatMap(({ spec }) => spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []))
    .flatMap(text => Cidr.parse(text) ?? []);
  return all.filter(isBare).map((node): Change => {
    const podCIDRs = ranges.map(range => free(range, taken));
    const missing = ranges.filter((_, i) => !podCIDRs[i]);
    if (missing.length) {
      const message = `no free Pod CIDR for the node in ${missing.join(', ')}`;
      return { do: 'event', object: node, type: 'Warning', reason: 'CIDRNotAvailable', message };
    }
    taken.push(...(podCIDRs as Cidr[]));
    const texts = podCIDRs.map(String);
    return {
      do: 'update',
      resource: nodes,
      object: { ...node, spec: { ...node.spec, podCIDR: texts[0], podCIDRs: texts } },
    };
  });
}

const isBare = ({ spec, metadata }: Node) => !spec?.podCIDR && !spec?.podCIDRs?.length && !metadata.deletionTimestamp;

/** The first part of the range that overlaps no other node's. */
function free(range: Cidr, taken: readonly Cidr[]): Cidr | undefined {
  const length = LENGTHS[range.family];
  if (length < range.prefix) return undefined;
  const count = 2 ** Math.min(length - range.prefix, 16);
  for (let i = 0; i < count; i++) {
    const part = range.subnet(length, i);
    if (!taken.some(other => other.overlaps(part))) return part;
  }
  return undefined;
}
