/** A namespace sends: the routing decision, the source address, and the hook `output`. */

import type { Ip } from '../net/ip.js';
import { passHook } from './hooks.js';
import type { Journey, Next } from './journey.js';
import type { Place } from './machine.js';
import { addressText, type Header, type InFlight } from './packet.js';
import { decide } from './routing.js';
import { sourceAddress } from './source-address.js';

/** Headers with the source that the kernel gives a socket which has none; undefined when it has none to give. */
export function withSource(place: Place, header: Omit<Header, 'source'>, source: Ip | undefined): Header | undefined {
  if (source) return { ...header, source };
  const { fib } = place.kernel;
  const { destination } = header;
  const route = fib.find({ destination, mark: 0, iif: 'lo' });
  // Without a way the source does not matter: it is the routing decision that ends the packet.
  if (route?.type !== 'unicast' && route?.type !== 'local') return { ...header, source: destination };
  const chosen = sourceAddress(place.kernel, route, route.nexthops[0]!, destination);
  return chosen && { ...header, source: chosen };
}

export function send(journey: Journey, place: Place, packet: InFlight): Next {
  journey.say(place, 'send', packet.inner ? 'the tunnel sends' : 'a process sends', addressText(packet));
  const way = decide(journey, place, packet, 'lo');
  if ('ending' in way) return way;
  const { mark, destination } = packet;
  const stopped = passHook(journey, { place, hook: 'output', packet, iif: '', oif: way.hop.link, via: way.hop.via });
  if (stopped) return stopped;
  // NAT or a mark may lead elsewhere (ip_route_me_harder).
  const again = packet.mark !== mark || !packet.destination.equals(destination);
  const last = again ? decide(journey, place, packet, 'lo') : way;
  if ('ending' in last) return last;
  const { link: oif, via } = last.hop;
  return { to: 'leave', place, packet, iif: '', oif, ...(via && { via }) };
}
