/** What each field of nft's language holds for a packet at a hook. Knows headers and lookups, not what rules do with them. */

import type { Field, Hook, TableFamily } from '../kernel/nft-objects.js';
import { PROTOCOL_NUMBERS } from '../net/flow.js';
import type { Ip } from '../net/ip.js';
import type { Connection, Tracking } from './conntrack.js';
import { isKnownMac, type Place } from './machine.js';
import { hasPorts, type InFlight } from './packet.js';
import { type Known, Unknowable } from './values.js';

/** A packet passing a hook. */
export interface Passage {
  readonly place: Place;
  readonly hook: Hook['hook'];
  readonly packet: InFlight;
  /** '' where there is none. */
  readonly iif: string;
  readonly oif: string;
  /** The next hop, where the packet is routed by a gateway. */
  readonly via?: Ip;
}

/** Undefined: the packet has no such field, and the rule does not apply (NFT_BREAK). */
export function fieldOf(field: Field, passage: Passage, family: TableFamily): Known | Unknowable | undefined {
  return FIELDS[field](passage, family);
}

type Read = (passage: Passage, family: TableFamily) => Known | Unknowable | undefined;

const { TCP, UDP, ICMP, ICMPv6 } = PROTOCOL_NUMBERS;
/** linux/if_ether.h; linux/netfilter.h. */
const ETHERTYPE = { 4: 0x0800, 6: 0x86dd } as const;
const NFPROTO = { 4: 2, 6: 10 } as const;
const NFPROTO_BRIDGE = 7;
/** NF_CT_STATE_* bits of linux/netfilter/nf_conntrack_common.h, IPS_* of the same. */
const STATE = { invalid: 1, established: 2, new: 8, untracked: 64 } as const;
const STATUS = { seenReply: 2, confirmed: 8, snat: 16, dnat: 32 } as const;
const TCP_FLAGS = { syn: 2, ack: 16 } as const;
/** RTN_* of linux/rtnetlink.h. */
const ADDRESS_TYPE = { unicast: 1, local: 2, multicast: 5, unreachable: 7 } as const;

const FIELDS: Readonly<Record<Field, Read>> = {
  'ip saddr': of(4, packet => packet.source),
  'ip daddr': of(4, packet => packet.destination),
  'ip protocol': of(4, packet => packet.protocol),
  'ip6 saddr': of(6, packet => packet.source),
  'ip6 daddr': of(6, packet => packet.destination),
  'ip6 nexthdr': of(6, packet => packet.protocol),
  'ether saddr': ({ packet }) => macField(packet.ether?.source),
  'ether daddr': ({ packet }) => macField(packet.ether?.destination),
  'ether type': ({ packet }) => packet.ether && ETHERTYPE[packet.family],
  // No ARP packet is traced: who answers one is found by looking who has the address.
  'arp saddr ip': () => undefined,
  'arp saddr ether': () => undefined,
  'arp daddr ip': () => undefined,
  'arp operation': () => undefined,
  'th sport': ({ packet }) => port(packet, packet.sourcePort),
  'th dport': ({ packet }) => port(packet, packet.destinationPort),
  'tcp sport': ({ packet }) => (packet.protocol === TCP ? packet.sourcePort : undefined),
  'tcp dport': ({ packet }) => (packet.protocol === TCP ? packet.destinationPort : undefined),
  'tcp flags': ({ packet }) =>
    packet.protocol === TCP ? TCP_FLAGS.syn | (packet.answer ? TCP_FLAGS.ack : 0) : undefined,
  'udp sport': ({ packet }) => (packet.protocol === UDP ? packet.sourcePort : undefined),
  'udp dport': ({ packet }) => (packet.protocol === UDP ? packet.destinationPort : undefined),
  // RFC 792 and RFC 4443: echo request and its reply.
  'icmp type': ({ packet }) => (packet.protocol === ICMP ? (packet.answer ? 0 : 8) : undefined),
  'icmpv6 type': ({ packet }) => (packet.protocol === ICMPv6 ? (packet.answer ? 129 : 128) : undefined),
  'meta iifname': ({ iif }) => iif,
  'meta oifname': ({ oif }) => oif,
  'meta l4proto': ({ packet }) => packet.protocol,
  'meta nfproto': ({ packet }, family) => (family === 'bridge' ? NFPROTO_BRIDGE : NFPROTO[packet.family]),
  'meta mark': ({ packet }) => packet.mark,
  'meta protocol': ({ packet }) => ETHERTYPE[packet.family],
  // PACKET_HOST: what is for others ends before any hook of IP, and a frame for a bridge's port has no answer here.
  'meta pkttype': (_, family) => (family === 'bridge' ? new Unknowable('meta pkttype of a bridged frame') : 0),
  'ct state': ({ packet }, family) => {
    if (family === 'bridge') return new Unknowable('connection tracking on a bridge');
    if (packet.tracking === 'untracked') return STATE.untracked;
    return packet.tracking ? STATE[packet.tracking.state] : STATE.invalid;
  },
  'ct status': ct(connection => {
    const { seenReply, confirmed, snat, dnat } = connection;
    return Object.entries({ seenReply, confirmed, snat, dnat }).reduce(
      (bits, [name, set]) => (set ? bits | STATUS[name as keyof typeof STATUS] : bits),
      0,
    );
  }),
  'ct mark': ct(connection => connection.mark),
  'ct direction': ct((_, { direction }) => (direction === 'original' ? 0 : 1)),
  'ct original ip saddr': ct(({ original }) => ofFamily(4, original.source)),
  'ct original ip daddr': ct(({ original }) => ofFamily(4, original.destination)),
  'ct original ip6 saddr': ct(({ original }) => ofFamily(6, original.source)),
  'ct original ip6 daddr': ct(({ original }) => ofFamily(6, original.destination)),
  'ct original proto-dst': ct(({ original, protocol }) =>
    hasPorts(protocol) ? original.destinationPort : new Unknowable('the port of a protocol that has none'),
  ),
  'ct original protocol': ct(({ protocol }) => protocol),
  'ct reply ip saddr': ct(({ reply }) => ofFamily(4, reply.source)),
  'ct reply ip6 saddr': ct(({ reply }) => ofFamily(6, reply.source)),
  'ct reply proto-src': ct(({ reply, protocol }) =>
    hasPorts(protocol) ? reply.sourcePort : new Unknowable('the port of a protocol that has none'),
  ),
  'fib daddr type': ({ place, packet }) => addressType(place, packet.destination),
  'fib saddr . iif oif': ({ place, packet, iif }) => {
    const back = place.kernel.fib.find({ destination: packet.source, mark: 0, iif: 'lo' });
    return Number(back?.type === 'unicast' && back.nexthops.some(({ link }) => link === iif));
  },
};

function of(family: 4 | 6, read: (packet: InFlight) => Known): Read {
  return ({ packet }) => (packet.family === family ? read(packet) : undefined);
}

function ct(read: (connection: Connection, tracking: Tracking) => Known | Unknowable | undefined): Read {
  return ({ packet: { tracking } }, family) => {
    if (family === 'bridge') return new Unknowable('connection tracking on a bridge');
    return tracking && tracking !== 'untracked' ? read(tracking.connection, tracking) : undefined;
  };
}

/** `th` looks at bytes whatever they are: of ICMP at its checksum or identifier. */
function port(packet: InFlight, value: number): Known | Unknowable {
  return hasPorts(packet.protocol) ? value : new Unknowable('the port of a protocol that has none');
}

function macField(mac: string | undefined): Known | Unknowable | undefined {
  if (mac === undefined || isKnownMac(mac)) return mac;
  return new Unknowable('an Ethernet address that the state does not say');
}

function ofFamily(family: 4 | 6, ip: Ip): Ip | undefined {
  return ip.family === family ? ip : undefined;
}

/** IPv4 asks the table `local` alone (inet_dev_addr_type), IPv6 for a route. */
function addressType({ kernel }: Place, ip: Ip): number {
  if (kernel.fib.isLocal(ip)) return ADDRESS_TYPE.local;
  if (isMulticast(ip)) return ADDRESS_TYPE.multicast;
  if (ip.family === 4) return ADDRESS_TYPE.unicast;
  return kernel.fib.find({ destination: ip, mark: 0, iif: 'lo' })?.type === 'unicast'
    ? ADDRESS_TYPE.unicast
    : ADDRESS_TYPE.unreachable;
}

export function isMulticast({ family, bytes }: Ip): boolean {
  return family === 4 ? bytes[0]! >= 224 : bytes[0] === 0xff;
}
