/**
 * Pods' packets that leave the cluster take the node's address; inside the cluster every Pod is seen under its own. In an overlay
 * other nodes lie outside of it: what lies between the nodes need not carry Pods' addresses, and a reply to one would take the overlay.
 */

import type { NftElement } from '../../kernel/nft-objects.js';
import type { Feature } from '../feature.js';
import { baseChain, element, FAMILIES, inSet, notInSet, rule, setPair, WORDS } from '../nft.js';
import { remotePodCidrs } from '../remote.js';

const rules: Feature = {
  name: 'masquerade',
  per: 'Self',
  plan: (settings, { nodeName }) => [
    ...setPair('pod-cidrs', ['ip'], { interval: true }),
    ...setPair('service-cidrs', ['ip'], { interval: true }),
    ...setPair('node-ips', ['ip']),
    baseChain(
      'masquerade-pods',
      FAMILIES.map(family => {
        const { source, destination } = WORDS[family];
        const inside =
          settings.overlay === 'none' ? ['pod-cidrs', 'node-ips', 'service-cidrs'] : ['pod-cidrs', 'service-cidrs'];
        const outside = inside.map(name => notInSet(`${name}${family}`, destination));
        return rule('masquerade', inSet(`pod-cidrs${family}`, source), ...outside, {
          masquerade: true,
          fullyRandom: true,
        });
      }),
    ),
    ...settings.serviceCidrs.map(cidr => element(`service-cidrs${cidr.family}`, [cidr], 'Service range')),
    ...settings.podCidrs.map(cidr => element(`pod-cidrs${cidr.family}`, [cidr], `Node ${nodeName}`)),
    ...settings.addresses.map(ip => element(`node-ips${ip.family}`, [ip], `Node ${nodeName}`)),
  ],
};

/** What belongs to the cluster, node by node. */
const ranges: Feature = {
  name: 'masquerade ranges',
  per: 'Node',
  plan: (node, world) => {
    const cause = `Node ${node.name}`;
    const objects: NftElement[] = remotePodCidrs(node, world).map(cidr =>
      element(`pod-cidrs${cidr.family}`, [cidr], cause),
    );
    for (const ip of node.addresses) {
      const own = world.settings.addresses.some(other => other.equals(ip));
      if (!own) objects.push(element(`node-ips${ip.family}`, [ip], cause));
    }
    return objects;
  },
};

export const masquerade: readonly Feature[] = [rules, ranges];
