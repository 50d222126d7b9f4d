/** Which way a packet goes from here: policy rules, longest prefix, next hop, and which address it is sent from. */

import type { Route } from '../kernel/net-objects.js';
import { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import type { Chance } from './chance.js';
import type { Namespace } from './machine.js';
import type { InFlight } from './packet.js';

export type Decision =
  | { readonly to: 'local' }
  | { readonly to: 'link'; readonly link: string; readonly nexthop: Ip; readonly route: Route }
  | {
      readonly to: 'nowhere';
      readonly ending: 'no route' | 'blackhole' | 'unreachable' | 'prohibited';
      readonly route?: Route;
    };

const MAIN = 254;

export function decide(namespace: Namespace, packet: InFlight, iif: string | undefined, chance: Chance): Decision {
  const { destination } = packet;
  if (namespace.owns(destination) || isLoopback(destination)) return { to: 'local' };
  for (const table of tables(namespace, packet, iif)) {
    const route = longest(namespace, destination, table);
    if (!route) continue;
    if (route.type === 'blackhole' || route.type === 'unreachable') return { to: 'nowhere', ending: route.type, route };
    if (route.type === 'prohibit') return { to: 'nowhere', ending: 'prohibited', route };
    if (route.type === 'local') return { to: 'local' };
    const hops = route.nexthops;
    const hop = hops.length > 1 ? hops[chance.choose(hops.map(({ weight = 1 }) => weight))]! : hops[0];
    const link = hop?.link ?? (hop?.via && connected(namespace, hop.via));
    if (!hop || link === undefined) continue;
    return { to: 'link', link, nexthop: hop.via ?? destination, route };
  }
  return { to: 'nowhere', ending: 'no route' };
}

/** The address of a socket that is not bound; undefined when the namespace has none. */
export function sourceFor(namespace: Namespace, decision: Decision, destination: Ip): Ip | undefined {
  if (decision.to === 'local') return destination;
  if (decision.to !== 'link') return undefined;
  if (decision.route.source) return decision.route.source;
  const candidates = namespace.addresses.filter(({ ip }) => ip.family === destination.family && !isLoopback(ip));
  const onLink = candidates.filter(({ link }) => link === decision.link);
  const near = onLink.find(({ ip, prefix }) => Cidr.containing(ip, prefix).contains(decision.nexthop));
  return (near ?? onLink[0] ?? candidates[0])?.ip;
}

function tables(
  namespace: Namespace,
  { family, source, destination, mark }: InFlight,
  iif: string | undefined,
): number[] {
  const rules = namespace.rules.filter(
    rule =>
      rule.family === family &&
      (!rule.from || rule.from.contains(source)) &&
      (!rule.to || rule.to.contains(destination)) &&
      (!rule.mark || (mark & rule.mark.mask) === rule.mark.value) &&
      (rule.iif === undefined || rule.iif === iif),
  );
  // The kernel's own rules, which are there unless somebody took them: local, main, default.
  return [...rules.map(({ table }) => table), MAIN];
}

/** Routes as they are given, and those that follow from addresses. */
function longest(namespace: Namespace, destination: Ip, table: number): Route | undefined {
  let best: Route | undefined;
  const consider = (route: Route) => {
    if (route.table !== table || !route.destination.contains(destination)) return;
    const better =
      !best ||
      route.destination.prefix > best.destination.prefix ||
      (route.destination.prefix === best.destination.prefix && (route.metric ?? 0) < (best.metric ?? 0));
    if (better) best = route;
  };
  for (const route of namespace.routes) consider(route);
  if (table === MAIN) for (const route of connectedRoutes(namespace)) consider(route);
  return best;
}

function connectedRoutes({ addresses }: Namespace): Route[] {
  return addresses
    .filter(({ ip, prefix }) => prefix < ip.bytes.length * 8)
    .map(({ ip, prefix, link }) => ({
      kind: 'route',
      destination: Cidr.containing(ip, prefix),
      table: MAIN,
      type: 'unicast',
      nexthops: [{ link }],
      source: ip,
      protocol: 2,
    }));
}

function connected(namespace: Namespace, via: Ip): string | undefined {
  return connectedRoutes(namespace).find(({ destination }) => destination.contains(via))?.nexthops[0]?.link;
}

function isLoopback(ip: Ip): boolean {
  return ip.family === 4 ? ip.v4! >>> 24 === 127 : ip.bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}
