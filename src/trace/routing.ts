/** The routing decision: which way a packet goes from here, or why none. Knows the route that was chosen, not how it is looked up. */

import { format } from '../kernel/kinds.js';
import type { Ip } from '../net/ip.js';
import { CannotTell } from './cannot-tell.js';
import type { Ending } from './endings.js';
import type { UsableHop, UsableRoute } from './fib.js';
import { type Journey, type Over, over } from './journey.js';
import type { Place } from './machine.js';
import type { InFlight } from './packet.js';

export interface Way {
  /** To the namespace itself. */
  readonly local: boolean;
  readonly route: UsableRoute;
  readonly hop: UsableHop;
}

/** `iif`: the link it came by, `lo` when the namespace sends it. */
export function decide(journey: Journey, place: Place, packet: InFlight, iif: string): Way | Over {
  const { destination, source, mark } = packet;
  const route = place.kernel.fib.find({ destination, source, mark, iif });
  if (!route) {
    const why = `no route to ${destination}`;
    journey.say(place, 'route', why, 'no route');
    return over('no route', why);
  }
  const fact = routeText(route);
  if (route.type === 'broadcast' || route.type === 'other')
    throw new CannotTell(`${fact}: broadcasts and the like are not followed`);
  if (route.type === 'local') {
    journey.say(place, 'route', `local ${destination}`, 'for this namespace', route.cause);
    return { local: true, route, hop: { link: 'lo' } };
  }
  if (route.type !== 'unicast') {
    journey.say(place, 'route', fact, NOWHERE[route.type], route.cause);
    return over(NOWHERE[route.type], fact, route.cause);
  }
  const hop = chooseHop(journey, route);
  journey.say(place, 'route', fact, hopText(hop, destination), route.cause);
  return { local: false, route, hop };
}

const NOWHERE = {
  blackhole: 'blackhole',
  unreachable: 'unreachable',
  prohibit: 'prohibited',
} as const satisfies Record<string, Ending>;

/** Of several next hops a flow takes one by its hash: any of them, as often as its weight says. */
function chooseHop(journey: Journey, { nexthops }: UsableRoute): UsableHop {
  if (nexthops.length === 1) return nexthops[0]!;
  return nexthops[journey.chance.choose(nexthops.map(({ weight = 1 }) => weight))]!;
}

/** One line, of several next hops without them. */
function routeText(route: UsableRoute): string {
  return format(route).split('\n')[0]!;
}

function hopText({ link, via }: UsableHop, destination: Ip): string {
  return `to ${via ?? destination} on ${link}`;
}
