/** Messages about tracked connections (linux/netfilter/nfnetlink_conntrack.h). Knows attributes, not why a connection is there. */

import { type Family, Ip } from '../net/ip.js';
import type { NetlinkMessage } from './netlink.js';
import { Attributes, type Writer } from './netlink-attributes.js';
import { NFGENMSG, NFNL_SUBSYS_CTNETLINK, NFPROTO, nfgenFamily, writeNfgenmsg } from './nfnetlink.js';

export const CT_MSG = { NEW: 0, GET: 1, DELETE: 2 } as const;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_ZONE = 18;
const CTA_FILTER = 25;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
/** Source and destination, by family. */
const CTA_IP = { 4: [1, 2], 6: [3, 4] } as const;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const CTA_FILTER_ORIG_FLAGS = 1;
/** Which parts of the given tuple a dump is filtered by (net/netfilter/nf_internals.h, Linux 5.8). */
const CTA_FILTER_F = { ipDestination: 1 << 1, protocol: 1 << 3, destinationPort: 1 << 5 } as const;

/** One direction of a connection. */
export interface TupleMessage {
  readonly source: Ip;
  readonly destination: Ip;
  /** 0..65535; 0 where the protocol has no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface ConnectionMessage {
  /** IANA protocol number. */
  readonly protocol: number;
  /** As the first packet was, before any translation. */
  readonly original: TupleMessage;
  /** As an answer to it comes in: its source is where the first packet went. */
  readonly reply: TupleMessage;
  /** IPS_* bits of linux/netfilter/nf_conntrack_common.h. */
  readonly status: number;
  readonly zone: number;
}

/** What a dump is to give: connections of that protocol, and if said those whose first packet went there. */
export interface DumpFilter {
  readonly protocol: number;
  readonly to?: { readonly ip: Ip; readonly port: number };
}

export function ctType(message: number): number {
  return (NFNL_SUBSYS_CTNETLINK << 8) | message;
}

/**
 * A dump of that family; `to` is of the same. Of IPv6 the answer must still be looked through for the address: Linux compares
 * it the wrong way round (ctnetlink_filter_match_tuple takes ipv6_addr_cmp's 0 for a difference), so it is not asked to.
 */
export function writeDumpRequest(w: Writer, family: Family, { protocol, to }: DumpFilter): void {
  const byAddress = to?.ip.family === 4;
  writeNfgenmsg(w, familyNumber(family));
  w.nested(CTA_TUPLE_ORIG, tuple => {
    if (byAddress) tuple.nested(CTA_TUPLE_IP, ip => ip.bytesAttr(CTA_IP[4][1], to.ip.bytes));
    tuple.nested(CTA_TUPLE_PROTO, proto => {
      proto.u8Attr(CTA_PROTO_NUM, protocol);
      if (to) proto.be16Attr(CTA_PROTO_DST_PORT, to.port);
    });
  });
  const flags =
    CTA_FILTER_F.protocol | (to ? CTA_FILTER_F.destinationPort : 0) | (byAddress ? CTA_FILTER_F.ipDestination : 0);
  w.nested(CTA_FILTER, filter => filter.u32Attr(CTA_FILTER_ORIG_FLAGS, flags));
}

/** Names the one connection to be deleted. */
export function writeConnection(w: Writer, { protocol, original, zone }: ConnectionMessage): void {
  const { family } = original.source;
  const [source, destination] = CTA_IP[family];
  writeNfgenmsg(w, familyNumber(family));
  w.nested(CTA_TUPLE_ORIG, tuple => {
    tuple.nested(CTA_TUPLE_IP, ip =>
      ip.bytesAttr(source, original.source.bytes).bytesAttr(destination, original.destination.bytes),
    );
    tuple.nested(CTA_TUPLE_PROTO, proto =>
      proto
        .u8Attr(CTA_PROTO_NUM, protocol)
        .be16Attr(CTA_PROTO_SRC_PORT, original.sourcePort)
        .be16Attr(CTA_PROTO_DST_PORT, original.destinationPort),
    );
  });
  if (zone) w.be16Attr(CTA_ZONE, zone);
}

/** Undefined for a message without two whole tuples. */
export function decodeConnection(message: NetlinkMessage): ConnectionMessage | undefined {
  const family = nfgenFamily(message);
  if (family !== NFPROTO.ip && family !== NFPROTO.ip6) return undefined;
  const attributes = new Attributes(message.payload, NFGENMSG);
  const original = readTuple(attributes.nested(CTA_TUPLE_ORIG), family === NFPROTO.ip ? 4 : 6);
  const reply = readTuple(attributes.nested(CTA_TUPLE_REPLY), family === NFPROTO.ip ? 4 : 6);
  if (!original || !reply) return undefined;
  return {
    protocol: original.protocol,
    original: original.tuple,
    reply: reply.tuple,
    status: attributes.be32(CTA_STATUS) ?? 0,
    zone: attributes.be16(CTA_ZONE) ?? 0,
  };
}

function familyNumber(family: Family): number {
  return family === 4 ? NFPROTO.ip : NFPROTO.ip6;
}

function readTuple(attributes: Attributes | undefined, family: Family) {
  const ip = attributes?.nested(CTA_TUPLE_IP);
  const proto = attributes?.nested(CTA_TUPLE_PROTO);
  const source = ip?.get(CTA_IP[family][0]);
  const destination = ip?.get(CTA_IP[family][1]);
  const protocol = proto?.u8(CTA_PROTO_NUM);
  const length = family === 4 ? 4 : 16;
  if (protocol === undefined || source?.length !== length || destination?.length !== length) return undefined;
  const tuple = {
    // Copies: the datagram's memory is used again.
    source: new Ip(source.slice()),
    destination: new Ip(destination.slice()),
    sourcePort: proto!.be16(CTA_PROTO_SRC_PORT) ?? 0,
    destinationPort: proto!.be16(CTA_PROTO_DST_PORT) ?? 0,
  };
  return { protocol, tuple };
}
