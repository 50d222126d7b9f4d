/** The packet that is followed: as it is asked for, and as it is on its way. Knows headers, not what becomes of them. */

import { PROTOCOL_NUMBERS } from '../net/flow.js';
import type { Family, Ip } from '../net/ip.js';
import type { Mac } from '../net/mac.js';
import { socketAddress } from '../net/socket-address.js';
import type { Tracking } from './conntrack.js';

/** The first packet of a connection: a TCP SYN, a UDP datagram, an ICMP echo request. */
export interface Packet {
  /** Where it begins: path of a network namespace. */
  readonly netns: string;
  /** The link of that namespace by which it comes from somebody unknown; left out: a process of the namespace sends it. */
  readonly arrivesOn?: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** Left out: chosen as the kernel chooses for a socket that is not bound. */
  readonly source?: Ip;
  readonly destination: Ip;
  /** 1..65535; left out: one that sockets are given (`EPHEMERAL`). None for ICMP. */
  readonly sourcePort?: number;
  readonly destinationPort?: number;
}

/** Stands for every port of the ephemeral range (net/ipv4/ip_local_port_range: 32768 to 60999). */
export const EPHEMERAL = 40000;
/** IPDEFTTL of linux/ip.h. */
const TTL = 64;

/** A packet on its way; its header changes as it goes. */
export interface InFlight {
  readonly family: Family;
  /** IANA protocol number. */
  readonly protocol: number;
  source: Ip;
  destination: Ip;
  /** 0 where the protocol has no ports. */
  sourcePort: number;
  destinationPort: number;
  /** Whether it answers one: SYN+ACK, echo reply. */
  readonly answer: boolean;
  ttl: number;
  /** `meta mark`: known inside one namespace only. */
  mark: number;
  /** The Ethernet header, while there is one. */
  ether?: { readonly source: Mac; readonly destination: Mac };
  /** What conntrack of the current namespace knows of it; undefined before, and when it is invalid. */
  tracking?: Tracking | 'untracked';
  /** The packet that this one carries through a tunnel. */
  readonly inner?: { readonly packet: InFlight; readonly vni: number };
}

/** Headers alone; everything else is as a packet has it that was just made. */
export type Header = Pick<
  InFlight,
  'protocol' | 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'answer'
>;

/** A packet of the family of its destination. */
export function made(header: Header, inner?: InFlight['inner']): InFlight {
  return { ...header, family: header.destination.family, ttl: TTL, mark: 0, ...(inner && { inner }) };
}

export function protocolNumber(protocol: Packet['protocol'], family: Family): number {
  if (protocol === 'icmp') return family === 4 ? PROTOCOL_NUMBERS.ICMP : PROTOCOL_NUMBERS.ICMPv6;
  return protocol === 'tcp' ? PROTOCOL_NUMBERS.TCP : PROTOCOL_NUMBERS.UDP;
}

export function hasPorts(protocol: number): boolean {
  return protocol === PROTOCOL_NUMBERS.TCP || protocol === PROTOCOL_NUMBERS.UDP || protocol === PROTOCOL_NUMBERS.SCTP;
}

/** A new link, or another namespace: what only the last one knew is gone. */
export function forget(packet: InFlight): void {
  packet.mark = 0;
  packet.tracking = undefined;
}

/** `10.244.1.5:40000 → 10.96.1.1:80`. */
export function addressText(header: Header): string {
  const ports = hasPorts(header.protocol);
  return `${endText(header.source, ports && header.sourcePort)} → ${endText(header.destination, ports && header.destinationPort)}`;
}

/** `10.96.1.1:80`, `[fd00::1]:80`, or the address alone. */
export function endText(ip: Ip, port: number | false | undefined): string {
  if (port === false || port === undefined) return `${ip}`;
  return socketAddress(ip, port);
}
