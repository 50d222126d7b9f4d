/** The rtnetlink half of a namespace's kernel state: links, addresses, routes, rules, neighbours, forwarding entries, sysctls. */

import type { Cidr } from '../net/cidr.js';
import type { Family, Ip } from '../net/ip.js';
import type { Mac } from '../net/mac.js';
import type { Cause } from './kind.js';

interface LinkBase {
  readonly kind: 'link';
  /** 1 to 15 bytes (IFNAMSIZ - 1). */
  readonly name: string;
  readonly up: boolean;
  /** Bytes, without the Ethernet header. Left out: the kernel's choice. */
  readonly mtu?: number;
  readonly mac?: Mac;
  /** The bridge that this link is a port of. */
  readonly master?: string;
  /** Per-port: hairpin mode of a bridge port (IFLA_BRPORT_MODE). */
  readonly hairpin?: boolean;
  /** IFLA_GROUP; links of one group can be deleted in one request. */
  readonly group?: number;
  /** IFLA_IFALIAS, 255 bytes at most: where the cause is kept, readable with `ip link`. */
  readonly alias?: string;
}

export interface Veth extends LinkBase {
  readonly type: 'veth';
  /** Only at creation: the other end, made in the namespace at that path (or in this one), with its own name, MAC and MTU. */
  readonly peer?: { readonly name: string; readonly netns?: string; readonly mac?: Mac; readonly mtu?: number };
}

export interface Bridge extends LinkBase {
  readonly type: 'bridge';
}

export interface Vxlan extends LinkBase {
  readonly type: 'vxlan';
  /** VNI, 0..2^24-1 (RFC 7348). */
  readonly vni: number;
  /** UDP destination port, host byte order; 4789 by RFC 7348. */
  readonly port: number;
  /** Source address of the outer packets. */
  readonly local?: Ip;
  /** False: forwarding entries come from us alone, none is learnt from traffic. */
  readonly learning: boolean;
}

/** A link that podwire only looks at: loopback, a physical or foreign one. `type` is the kernel's word, '' when it has none. */
export interface OtherLink extends LinkBase {
  readonly type: 'other';
  readonly driver: string;
}

export type Link = Veth | Bridge | Vxlan | OtherLink;

export interface Address {
  readonly kind: 'address';
  readonly link: string;
  readonly ip: Ip;
  /** Prefix length, 0..32 or 0..128. */
  readonly prefix: number;
  /** IFA_F_NODAD: usable at once, without duplicate address detection (IPv6). */
  readonly nodad?: boolean;
  readonly cause?: Cause;
}

export interface NextHop {
  readonly via?: Ip;
  readonly link?: string;
  /** RTNH_F_ONLINK: the gateway is on the link although no route says so. */
  readonly onlink?: boolean;
  /** 1..256 among several. */
  readonly weight?: number;
}

export interface Route {
  readonly kind: 'route';
  /** `0.0.0.0/0` and `::/0` are the default routes. */
  readonly destination: Cidr;
  /** FIB table, 254 is main. */
  readonly table: number;
  readonly type: 'unicast' | 'local' | 'blackhole' | 'unreachable' | 'prohibit' | 'broadcast' | 'other';
  /** One for an ordinary route, several for ECMP, none for a blackhole. */
  readonly nexthops: readonly NextHop[];
  /** Preferred source address. */
  readonly source?: Ip;
  /** RTA_PRIORITY; left out: 0 for IPv4, 1024 for IPv6. */
  readonly metric?: number;
  /** RTAX_MTU in bytes. */
  readonly mtu?: number;
  readonly scope?: 'global' | 'link' | 'host';
  /** rtm_protocol; PROTOCOL for ours. */
  readonly protocol: number;
  readonly cause?: Cause;
}

export interface PolicyRule {
  readonly kind: 'rule';
  readonly family: Family;
  /** Lower goes first. */
  readonly priority: number;
  readonly from?: Cidr;
  readonly to?: Cidr;
  readonly mark?: { readonly value: number; readonly mask: number };
  readonly iif?: string;
  readonly table: number;
  readonly protocol: number;
  readonly cause?: Cause;
}

export interface Neighbour {
  readonly kind: 'neighbour';
  readonly link: string;
  readonly ip: Ip;
  readonly mac: Mac;
  /** NUD_PERMANENT for ours; the kernel's own entries are read back as dynamic. */
  readonly permanent: boolean;
  readonly cause?: Cause;
}

/** A forwarding entry of a bridge or VXLAN device (`bridge fdb`). */
export interface Fdb {
  readonly kind: 'fdb';
  readonly link: string;
  readonly mac: Mac;
  /** VXLAN: the outer destination address. */
  readonly destination?: Ip;
  readonly permanent: boolean;
  readonly cause?: Cause;
}

/** A file under /proc/sys/net; `name` with slashes, as `net/ipv4/ip_forward`. Never removed, only set. */
export interface Sysctl {
  readonly kind: 'sysctl';
  readonly name: string;
  readonly value: string;
}

export type NetObject = Link | Address | Route | PolicyRule | Neighbour | Fdb | Sysctl;
