/** rtnetlink messages about routes (linux/rtnetlink.h), with one next hop or many. */

import type { NetlinkMessage } from './netlink.js';
import { Attributes, LITTLE_ENDIAN, type Writer } from './netlink-attributes.js';
import { defined } from './rtnetlink-link.js';

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;

export const RTN = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
} as const;
export const RT_SCOPE = { global: 0, link: 253, host: 254, nowhere: 255 } as const;
export const RTNH_F_ONLINK = 4;
/** A route that the kernel derived from another, such as a path MTU exception. */
export const RTM_F_CLONED = 0x200;

const RTMSG = 12;
const RTNEXTHOP = 8;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTA_VIA = 18;
const RTAX_MTU = 2;

export interface NextHopMessage {
  /** Interface index. */
  readonly oif?: number;
  readonly gateway?: Uint8Array;
  /** RTNH_F_* */
  readonly flags: number;
  /** 1..256. */
  readonly weight: number;
}

export interface RouteMessage {
  readonly family: number;
  /** Bytes of the destination; none stands for all addresses. */
  readonly destination?: Uint8Array;
  readonly prefix: number;
  readonly table: number;
  readonly protocol: number;
  readonly scope: number;
  readonly type: number;
  /** RTM_F_* without the next hop's bits. */
  readonly flags: number;
  readonly nexthops: readonly NextHopMessage[];
  readonly source?: Uint8Array;
  readonly priority?: number;
  readonly mtu?: number;
}

export function writeRoute(w: Writer, route: RouteMessage): void {
  const { family, prefix, table, protocol, scope, type, nexthops } = route;
  const single = nexthops.length === 1 ? nexthops[0]! : undefined;
  w.u8(family).u8(prefix).u8(0).u8(0);
  // Tables above 255 fit into RTA_TABLE alone; 252 is RT_TABLE_COMPAT.
  w.u8(table < 256 ? table : 252)
    .u8(protocol)
    .u8(scope)
    .u8(type)
    .u32(route.flags | (single?.flags ?? 0));
  if (route.destination) w.bytesAttr(RTA_DST, route.destination);
  w.u32Attr(RTA_TABLE, table);
  if (route.source) w.bytesAttr(RTA_PREFSRC, route.source);
  if (route.priority !== undefined) w.u32Attr(RTA_PRIORITY, route.priority);
  const { mtu } = route;
  if (mtu !== undefined) w.nested(RTA_METRICS, metrics => metrics.u32Attr(RTAX_MTU, mtu));
  if (single) {
    if (single.oif !== undefined) w.u32Attr(RTA_OIF, single.oif);
    writeGateway(w, family, single.gateway);
  } else if (nexthops.length)
    w.nested(RTA_MULTIPATH, list => {
      for (const hop of nexthops) writeNextHop(list, family, hop);
    });
}

/** struct rtnexthop, its length first, then attributes of its own. */
function writeNextHop(w: Writer, family: number, { oif, gateway, flags, weight }: NextHopMessage): void {
  const gatewayLength = gateway ? 4 + gateway.length + (mixed(family, gateway) ? 2 : 0) : 0;
  w.u16(RTNEXTHOP + ((gatewayLength + 3) & ~3))
    .u8(flags)
    .u8(weight - 1)
    .u32(oif ?? 0);
  writeGateway(w, family, gateway);
}

function writeGateway(w: Writer, family: number, gateway: Uint8Array | undefined): void {
  if (!gateway) return;
  if (!mixed(family, gateway)) w.bytesAttr(RTA_GATEWAY, gateway);
  // struct rtvia: an IPv4 route by an IPv6 neighbour.
  else
    w.bytesAttr(
      RTA_VIA,
      Uint8Array.of(...new Uint8Array(Uint16Array.of(gateway.length === 4 ? 2 : 10).buffer), ...gateway),
    );
}

function mixed(family: number, gateway: Uint8Array): boolean {
  return (family === 2) !== (gateway.length === 4);
}

export function decodeRoute({ payload }: NetlinkMessage): RouteMessage | undefined {
  if (payload.length < RTMSG) return undefined;
  const flags = new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(8, LITTLE_ENDIAN);
  const attributes = new Attributes(payload.subarray(RTMSG));
  const oif = attributes.u32(RTA_OIF);
  const multipath = attributes.get(RTA_MULTIPATH);
  const gateway = readGateway(attributes);
  const single = oif !== undefined || gateway !== undefined;
  return defined({
    family: payload[0]!,
    destination: attributes.get(RTA_DST),
    prefix: payload[1]!,
    table: attributes.u32(RTA_TABLE) ?? payload[4]!,
    protocol: payload[5]!,
    scope: payload[6]!,
    type: payload[7]!,
    flags: flags & ~0xff,
    nexthops: multipath
      ? readNextHops(multipath)
      : single
        ? [defined<NextHopMessage>({ oif, gateway, flags: flags & 0xff, weight: 1 })]
        : [],
    source: attributes.get(RTA_PREFSRC),
    priority: attributes.u32(RTA_PRIORITY),
    mtu: attributes.nested(RTA_METRICS)?.u32(RTAX_MTU),
  });
}

function readNextHops(bytes: Uint8Array): NextHopMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const hops: NextHopMessage[] = [];
  for (let at = 0; at + RTNEXTHOP <= bytes.length; ) {
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < RTNEXTHOP || at + length > bytes.length) break;
    const gateway = readGateway(new Attributes(bytes.subarray(at + RTNEXTHOP, at + length)));
    hops.push(
      defined<NextHopMessage>({
        oif: view.getUint32(at + 4, LITTLE_ENDIAN),
        gateway,
        flags: bytes[at + 2]!,
        weight: bytes[at + 3]! + 1,
      }),
    );
    at += (length + 3) & ~3;
  }
  return hops;
}

function readGateway(attributes: Attributes): Uint8Array | undefined {
  return attributes.get(RTA_GATEWAY) ?? attributes.get(RTA_VIA)?.subarray(2);
}

/** `family 2 0a000000/8 table 254 protocol 98 type 1, 2 next hops` */
export function formatRoute({ family, destination, prefix, table, protocol, type, nexthops }: RouteMessage): string {
  const bytes = Array.from(destination ?? [], byte => byte.toString(16).padStart(2, '0')).join('') || '0';
  return `family ${family} ${bytes}/${prefix} table ${table} protocol ${protocol} type ${type}, ${nexthops.length} next hops`;
}
