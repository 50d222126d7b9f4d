/** IP takes a packet from a link: checks, the hook `prerouting`, and then this namespace's processes or the way on. */

import { Cidr } from '../net/cidr.js';
import { CannotTell } from './cannot-tell.js';
import { isMulticast } from './fields.js';
import { passHook } from './hooks.js';
import { arrived, type Journey, type Next, type Over, over } from './journey.js';
import type { End } from './machine.js';
import { addressText, endText, hasPorts, type InFlight } from './packet.js';
import { decide } from './routing.js';
import { decapsulate } from './tunnel.js';

export function receive(journey: Journey, at: End, packet: InFlight): Next {
  const { place, link: iif } = at;
  if (isMulticast(packet.destination)) throw new CannotTell(`multicast to ${packet.destination} is not followed`);
  journey.say(place, 'link', `comes in by ${iif}`, addressText(packet));
  const strange = martian(at, packet, 'before');
  if (strange) return martianEnd(journey, at, strange);
  const stopped = passHook(journey, { place, hook: 'prerouting', packet, iif, oif: '' });
  if (stopped) return stopped;
  const stranger = martian(at, packet, 'after');
  if (stranger) return martianEnd(journey, at, stranger);
  const way = decide(journey, place, packet, iif);
  if ('ending' in way) return way;
  return way.local ? deliver(journey, at, packet) : forward(journey, at, packet, way.hop);
}

function deliver(journey: Journey, { place, link: iif }: End, packet: InFlight): Next {
  const stopped = passHook(journey, { place, hook: 'input', packet, iif, oif: '' });
  if (stopped) return stopped;
  const unpacked = decapsulate(journey, place, packet);
  if (unpacked) return unpacked;
  const socket = endText(packet.destination, hasPorts(packet.protocol) && packet.destinationPort);
  journey.say(place, 'deliver', socket, 'delivered');
  return arrived('delivered', `to ${socket}`, place, packet);
}

function forward(
  journey: Journey,
  { place, link: iif }: End,
  packet: InFlight,
  { link: oif, via }: { readonly link: string; readonly via?: InFlight['source'] },
): Next {
  if (!place.kernel.isForwarding(packet.family, iif)) {
    const why = `forwarding of IPv${packet.family} is off`;
    journey.say(place, 'route', why, 'not forwarded');
    return over('not forwarded', why);
  }
  if (packet.ttl <= 1) return over('loop', `its time to live ends in ${place.netns}`);
  packet.ttl--;
  const next = { place, packet, iif, oif, ...(via && { via }) };
  return passHook(journey, { ...next, hook: 'forward' }) ?? { to: 'leave', ...next };
}

function martianEnd(journey: Journey, { place }: End, why: string): Over {
  journey.say(place, 'route', why, 'martian');
  return over('martian', why);
}

/**
 * Why the source cannot come in by that link. IPv6 looks at loopback alone, and at once (ip6_rcv_core); IPv4 looks before it
 * routes, and at more (ip_route_input_slow, fib_validate_source).
 */
function martian({ place, link }: End, { family, source, destination }: InFlight, when: 'before' | 'after') {
  if ((family === 6) !== (when === 'before') || link === 'lo') return undefined;
  for (const ip of [source, destination])
    if (LOOPBACK[family].contains(ip)) return `${ip} is a loopback address, and came in by ${link}`;
  if (isMulticast(source)) return `${source} is a multicast address`;
  if (family === 6) return undefined;
  const { kernel } = place;
  const back = kernel.fib.find({ destination: source, source: destination, mark: 0, iif: 'lo' });
  if (back?.type === 'local' && kernel.sysctl(`net/ipv4/conf/${link}/accept_local`) !== '1')
    return `${source} is this namespace's own, and came in by ${link}`;
  const filter = Math.max(...['all', link].map(name => Number(kernel.sysctl(`net/ipv4/conf/${name}/rp_filter`) ?? 0)));
  if (filter === 0) return undefined;
  if (back?.type !== 'unicast') return `rp_filter: nothing leads back to ${source}`;
  if (filter === 1 && !back.nexthops.some(hop => hop.link === link)) return `rp_filter: ${source} is not by ${link}`;
  return undefined;
}

const LOOPBACK = { 4: Cidr.of('127.0.0.0/8'), 6: Cidr.of('::1/128') } as const;
