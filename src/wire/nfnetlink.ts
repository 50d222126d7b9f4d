/** The header below every netfilter message, and batches (linux/netfilter/nfnetlink.h). Knows no subsystem's messages. */

import { beginMessage, endMessage, type NetlinkMessage } from './netlink.js';
import type { Writer } from './netlink-attributes.js';

export const NFNL_SUBSYS_CTNETLINK = 1;
export const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;

/** struct nfgenmsg: family, version, resource id in network byte order. */
export const NFGENMSG = 4;

/** linux/netfilter.h and linux/socket.h: what a table or an address belongs to. */
export const NFPROTO = { inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as const;

export function writeNfgenmsg(w: Writer, family: number, resource = 0): void {
  w.u8(family).u8(0).be16(resource);
}

/** The family in a message's nfgenmsg, undefined for a message too short to have one. */
export function nfgenFamily(message: NetlinkMessage): number | undefined {
  return message.payload.length < NFGENMSG ? undefined : message.payload[0];
}

/** All messages between begin and end happen, or none does. */
export function beginBatch(w: Writer, seq: number): void {
  edge(w, NFNL_MSG_BATCH_BEGIN, seq);
}

export function endBatch(w: Writer, seq: number): void {
  edge(w, NFNL_MSG_BATCH_END, seq);
}

function edge(w: Writer, type: number, seq: number): void {
  const at = beginMessage(w, type, 0, seq);
  writeNfgenmsg(w, 0, NFNL_SUBSYS_NFTABLES);
  endMessage(w, at);
}
