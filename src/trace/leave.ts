/** A routed packet goes out: the hook `postrouting`, then the next hop's Ethernet address. */

import type { Ip } from '../net/ip.js';
import { passHook } from './hooks.js';
import { arrived, type Journey, type Next, over } from './journey.js';
import { type End, isKnownMac, macOf } from './machine.js';
import type { InFlight } from './packet.js';
import { ownerOf } from './segment.js';

export function leave(journey: Journey, { place, packet, iif, oif, via }: Extract<Next, { to: 'leave' }>): Next {
  const stopped = passHook(journey, { place, hook: 'postrouting', packet, iif, oif, ...(via && { via }) });
  if (stopped) return stopped;
  const from = { place, link: oif };
  if (oif === 'lo') return { to: 'receive', at: from, packet };
  return resolve(journey, from, packet, via ?? packet.destination);
}

/** By an entry of the table, else by asking around, as ARP and neighbour discovery do. */
function resolve(journey: Journey, from: End, packet: InFlight, nexthop: Ip): Next {
  const { place, link } = from;
  const { wiring } = journey;
  const entry = place.kernel.neighbour(link, nexthop);
  const peer = wiring.peer(from);
  const type = place.kernel.links.get(link)?.type;
  if (entry === undefined && !peer && type !== 'bridge' && type !== 'vxlan') {
    // Nobody is known there whom one could ask.
    journey.say(place, 'neighbour', `${nexthop} on ${link}`, 'beyond the namespaces looked at');
    return arrived('sent', `out of ${link} of ${place.netns}`, place, packet);
  }
  const owner = entry === undefined ? ownerOf(wiring, from, nexthop) : undefined;
  const mac = entry ?? (owner && macOf(owner));
  if (mac === undefined) {
    const why = `nobody on ${link} has ${nexthop}`;
    journey.say(place, 'neighbour', why, 'unreachable');
    return over('neighbour unreachable', why);
  }
  const known = isKnownMac(mac) ? mac : 'its Ethernet address';
  journey.say(place, 'neighbour', `${nexthop} on ${link}`, entry ? `${known}, by its entry` : `${known}, when asked`);
  packet.ether = { source: macOf(from), destination: mac };
  return { to: 'transmit', from, packet };
}
