/** A frame goes out of a link: over the wire, into the bridge, or through the tunnel. */

import { passDeviceHook } from './hooks.js';
import { arrived, type Journey, type Next, over } from './journey.js';
import { type End, linkOf } from './machine.js';
import type { InFlight } from './packet.js';
import { encapsulate } from './tunnel.js';

export function transmit(journey: Journey, from: End, packet: InFlight): Next {
  const { place, link: name } = from;
  const link = linkOf(from);
  if (!link?.up) return over('link down', `${name} of ${place.netns}`);
  const stopped = passDeviceHook(journey, { place, hook: 'egress', packet, iif: '', oif: name });
  if (stopped) return stopped;
  if (link.type === 'vxlan') return encapsulate(journey, from, link, packet);
  if (link.type === 'bridge') return { to: 'switch', bridge: from, packet };
  const peer = journey.wiring.peer(from);
  if (!peer) return arrived('sent', `out of ${name} of ${place.netns}`, place, packet);
  return { to: 'arrive', at: peer, packet };
}
