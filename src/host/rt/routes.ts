/** Routes between kernel objects and rtnetlink. */

import type { NextHop, Route } from '../../kernel/net-objects.js';
import { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../wire/netlink.js';
import * as wire from '../../wire/rtnetlink-route.js';
import { AF } from './addresses.js';
import type { LinkTable } from './links.js';

/** The kernel says EEXIST when there is one to that destination with that metric. */
export function addRoute(table: LinkTable, route: Route): void {
  send(table, 'add route', wire.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, encode(table, route));
}

/** The new route takes the old one's place at once; no packet is without. */
export function replaceRoute(table: LinkTable, route: Route): void {
  send(table, 'replace route', wire.RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, encode(table, route));
}

/** By destination, table and metric, whatever its next hops are now. The kernel says ESRCH when there is none. */
export function deleteRoute(table: LinkTable, route: Route): void {
  const { destination, table: fib, metric } = route;
  send(table, 'delete route', wire.RTM_DELROUTE, 0, {
    ...target(destination),
    table: fib,
    protocol: 0,
    scope: wire.RT_SCOPE.nowhere,
    type: 0,
    flags: 0,
    nexthops: [],
    ...(metric && { priority: metric }),
  });
}

/** Without what the kernel cached, and without groups and anycast addresses, which it keeps for itself. */
export function readRoutes(table: LinkTable): Route[] {
  return [AF[4], AF[6]].flatMap(family =>
    table.socket
      .dump('get routes', wire.RTM_GETROUTE, w => wire.writeRoute(w, { ...QUERY, family }))
      .flatMap(message => {
        const route = wire.decodeRoute(message);
        return route ? (decode(table, route) ?? []) : [];
      }),
  );
}

const QUERY = { prefix: 0, table: 0, protocol: 0, scope: 0, type: 0, flags: 0, nexthops: [] };

/** IP6_RT_PRIO_USER of linux/ipv6_route.h: the metric of an IPv6 route that was given none. */
const DEFAULT_METRIC6 = 1024;

function send(table: LinkTable, name: string, type: number, flags: number, message: wire.RouteMessage): void {
  table.socket.submit(name, type, flags, w => wire.writeRoute(w, message));
}

function target({ ip, prefix, family }: Cidr) {
  return { family: AF[family], prefix, ...(prefix && { destination: ip.bytes }) };
}

function encode(table: LinkTable, route: Route): wire.RouteMessage {
  const { destination, type, nexthops, source, metric, mtu, protocol } = route;
  return {
    ...target(destination),
    table: route.table,
    protocol,
    scope: wire.RT_SCOPE[route.scope ?? defaultScope(route)],
    type: type === 'other' ? 0 : wire.RTN[type],
    flags: 0,
    nexthops: nexthops.map(({ via, link, onlink, weight = 1 }) => ({
      ...(link !== undefined && { oif: table.index(link) }),
      ...(via && { gateway: via.bytes }),
      flags: onlink ? wire.RTNH_F_ONLINK : 0,
      weight,
    })),
    ...(source && { source: source.bytes }),
    ...(metric && { priority: metric }),
    ...(mtu !== undefined && { mtu }),
  };
}

/** As `ip route` chooses: the scope of what the route leads to. IPv6 has none. */
function defaultScope({ destination, type, nexthops }: Route): keyof typeof wire.RT_SCOPE {
  if (destination.family === 6) return 'global';
  if (type === 'local') return 'host';
  if (type === 'broadcast') return 'link';
  return type === 'unicast' && nexthops.length && nexthops.every(hop => !hop.via) ? 'link' : 'global';
}

const TYPES = new Map(
  (['unicast', 'local', 'blackhole', 'unreachable', 'prohibit', 'broadcast'] as const).map(type => [
    wire.RTN[type] as number,
    type,
  ]),
);
const SCOPES = new Map([
  [wire.RT_SCOPE.link as number, 'link' as const],
  [wire.RT_SCOPE.host as number, 'host' as const],
]);

function decode(table: LinkTable, route: wire.RouteMessage): Route | undefined {
  const { type, prefix, protocol, scope, source, priority, mtu } = route;
  if (route.flags & wire.RTM_F_CLONED || type === wire.RTN.multicast || type === wire.RTN.anycast) return undefined;
  const size = route.family === AF[4] ? 4 : route.family === AF[6] ? 16 : 0;
  const bytes = route.destination ?? new Uint8Array(size);
  if (!size || bytes.length !== size || prefix > size * 8) return undefined;
  const metric = size === 16 && priority === DEFAULT_METRIC6 ? undefined : priority;
  const scopeName = SCOPES.get(scope);
  return {
    kind: 'route',
    destination: Cidr.containing(new Ip(bytes.slice()), prefix),
    table: route.table,
    type: TYPES.get(type) ?? 'other',
    nexthops: route.nexthops.map(hop => hopOf(table, hop, route.nexthops.length > 1)),
    protocol,
    ...(source && { source: new Ip(source.slice()) }),
    ...(metric && { metric }),
    ...(mtu !== undefined && { mtu }),
    ...(scopeName && { scope: scopeName }),
  };
}

function hopOf(table: LinkTable, { oif, gateway, flags, weight }: wire.NextHopMessage, several: boolean): NextHop {
  const link = oif === undefined ? undefined : table.nameOf(oif);
  return {
    ...(gateway && (gateway.length === 4 || gateway.length === 16) && { via: new Ip(gateway.slice()) }),
    ...(link !== undefined && { link }),
    ...(flags & wire.RTNH_F_ONLINK && { onlink: true }),
    ...(several && { weight }),
  };
}
