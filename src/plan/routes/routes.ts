/** Routes of the pod CIDRs: the other nodes' through their node addresses, the rest of this node's own to nowhere. */

import { PROTOCOL } from '../../kernel/kind.js';
import type { Route } from '../../kernel/net-objects.js';
import type { Feature } from '../feature.js';
import { remotePodCidrs } from '../remote.js';

/** An address of this node's range that no Pod has must not follow the default route out, and come back, and go out … */
const own: Feature = {
  name: 'routes own',
  per: 'Self',
  plan: (settings, { nodeName }) =>
    settings.podCidrs.map(
      (destination): Route => ({
        kind: 'route',
        destination,
        table: 254,
        type: 'blackhole',
        nexthops: [],
        protocol: PROTOCOL,
        cause: `Node ${nodeName}`,
      }),
    ),
};

/** Needs nodes that share a link; where they do not, the overlay takes this feature's place. */
const remote: Feature = {
  name: 'routes',
  per: 'Node',
  plan: (node, world) => {
    const objects: Route[] = [];
    if (world.settings.overlay !== 'none') return objects;
    for (const destination of remotePodCidrs(node, world)) {
      const via = node.addresses.find(ip => ip.family === destination.family);
      if (!via) continue;
      const cause = `Node ${node.name}`;
      objects.push({
        kind: 'route',
        destination,
        table: 254,
        type: 'unicast',
        nexthops: [{ via }],
        protocol: PROTOCOL,
        cause,
      });
    }
    return objects;
  },
};

export const routes: readonly Feature[] = [own, remote];
