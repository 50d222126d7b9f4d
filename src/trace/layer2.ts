/** Who is on the other side of a link: through veths and bridges to the links that speak IP. Knows no packet. */

import type { Ip } from '../net/ip.js';
import type { Mac } from '../net/mac.js';
import type { End, Network } from './machine.js';

/** A bridge that a frame passes: up to the bridge's own address when there is no `out`. */
export interface Crossing {
  readonly netns: string;
  readonly bridge: string;
  readonly in: string;
  readonly out?: string;
}

export interface Neighbour {
  readonly end: End;
  readonly crossings: readonly Crossing[];
}

/** All that hear a frame that is sent by that link. */
export function neighboursOf(network: Network, from: End): Neighbour[] {
  const found: Neighbour[] = [];
  const seen = new Set<string>();
  const arrive = (end: End | undefined, crossings: readonly Crossing[]) => {
    if (!end || seen.has(`${end.netns} ${end.link}`)) return;
    seen.add(`${end.netns} ${end.link}`);
    const { netns } = end;
    const bridge = network.namespace(netns)!.links.get(end.link)!.master;
    if (bridge === undefined) {
      found.push({ end, crossings });
      return;
    }
    found.push({ end: { netns, link: bridge }, crossings: [...crossings, { netns, bridge, in: end.link }] });
    for (const out of ports(network, netns, bridge))
      if (out !== end.link)
        arrive(network.peer({ netns, link: out }), [...crossings, { netns, bridge, in: end.link, out }]);
  };
  const { netns, link } = from;
  if (network.namespace(netns)!.links.get(link)?.type !== 'bridge') arrive(network.peer(from), []);
  else for (const out of ports(network, netns, link)) arrive(network.peer({ netns, link: out }), []);
  return found;
}

/** Of these the one with that Ethernet address, if it is known; else the one that answers for the IP address. */
export function choose(
  network: Network,
  neighbours: readonly Neighbour[],
  nexthop: Ip,
  mac: Mac | undefined,
): Neighbour | undefined {
  const isMeant = ({ end }: Neighbour) => {
    const namespace = network.namespace(end.netns)!;
    return mac === undefined ? namespace.owns(nexthop) !== undefined : namespace.links.get(end.link)?.mac === mac;
  };
  return neighbours.find(isMeant);
}

function ports(network: Network, netns: string, bridge: string): string[] {
  return [...network.namespace(netns)!.links.values()]
    .filter(({ master }) => master === bridge)
    .map(({ name }) => name);
}
