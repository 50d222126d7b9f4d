/** VXLAN (RFC 7348): a frame becomes the load of a UDP packet to the other end, and there a frame again. */

import type { Vxlan } from '../kernel/net-objects.js';
import { PROTOCOL_NUMBERS } from '../net/flow.js';
import type { Ip } from '../net/ip.js';
import { type Journey, type Next, over } from './journey.js';
import { type End, isKnownMac, type Place } from './machine.js';
import { EPHEMERAL, type InFlight, made } from './packet.js';
import { withSource } from './send.js';

/** The entry for what has none: a list of ends that frames are flooded to. */
const ANY_MAC = '00:00:00:00:00:00';

export function encapsulate(journey: Journey, { place, link }: End, tunnel: Vxlan, packet: InFlight): Next {
  const mac = packet.ether!.destination;
  const exact = place.kernel.forwarding(link, mac);
  const entries = exact.length ? exact : place.kernel.forwarding(link, ANY_MAC);
  const ends = entries.filter(({ destination }) => destination);
  const known = isKnownMac(mac) ? mac : 'that Ethernet address';
  if (ends.length === 0) {
    const why = `${link} has no forwarding entry for ${known}`;
    journey.say(place, 'tunnel', why, 'unreachable');
    return over('neighbour unreachable', why);
  }
  // Of a flood, the end that has the address.
  const entry = ends.find(({ destination }) => endOf(journey, destination!, mac)) ?? ends[0]!;
  const outer = withSource(
    place,
    {
      protocol: PROTOCOL_NUMBERS.UDP,
      destination: entry.destination!,
      // A hash of the inner flow, so that routers spread flows.
      sourcePort: EPHEMERAL,
      destinationPort: tunnel.port,
      answer: false,
    },
    tunnel.local,
  );
  if (!outer) return over('no source', `no address to send from to ${entry.destination}`);
  journey.say(place, 'tunnel', `${link} vni ${tunnel.vni}: ${known}`, `to ${entry.destination}`, entry.cause);
  return { to: 'send', place, packet: made(outer, { packet, vni: tunnel.vni }) };
}

/** The frame, if the namespace has the tunnel's end; undefined: a packet like any other. */
export function decapsulate(journey: Journey, place: Place, { destinationPort, inner }: InFlight): Next | undefined {
  if (!inner) return undefined;
  const link = [...place.kernel.links.values()].find(
    one => one.type === 'vxlan' && one.up && one.vni === inner.vni && one.port === destinationPort,
  );
  if (!link) return over('neighbour unreachable', `${place.netns} has no tunnel with vni ${inner.vni}`);
  journey.say(place, 'tunnel', `${link.name} vni ${inner.vni}`, 'unpacked');
  return { to: 'arrive', at: { place, link: link.name }, packet: inner.packet };
}

function endOf({ wiring }: Journey, ip: Ip, mac: string): boolean {
  return wiring.all().some(({ kernel }) => {
    const has = [...kernel.links.values()].some(link => link.type === 'vxlan' && link.mac?.toLowerCase() === mac);
    return has && kernel.isOwn(ip);
  });
}
