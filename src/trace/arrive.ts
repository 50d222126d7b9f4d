/** A frame comes in by a link: it is the bridge's when the link is a port, IP's when it has the link's Ethernet address. */

import { passDeviceHook } from './hooks.js';
import { type Journey, type Next, over } from './journey.js';
import { type End, linkOf, macOf } from './machine.js';
import { forget, type InFlight } from './packet.js';

export function arrive(journey: Journey, at: End, packet: InFlight): Next {
  const { place, link: name } = at;
  const link = linkOf(at);
  forget(packet);
  if (!link?.up) {
    journey.say(place, 'link', name, 'down');
    return over('link down', `${name} of ${place.netns}`);
  }
  const stopped = passDeviceHook(journey, { place, hook: 'ingress', packet, iif: name, oif: '' });
  if (stopped) return stopped;
  if (link.master !== undefined) return { to: 'switch', bridge: { place, link: link.master }, port: name, packet };
  if (packet.ether && packet.ether.destination !== macOf(at)) {
    const why = `${name} is ${macOf(at)}, the frame is for ${packet.ether.destination}`;
    journey.say(place, 'link', why, 'not for this namespace');
    return over('other host', why);
  }
  return { to: 'receive', at, packet };
}
