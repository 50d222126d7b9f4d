/**
 * What packets left behind in a namespace's kernel: tracked connections, and elements that rules put into dynamic sets. Nobody wants
 * them, so they are no kernel state; but what leads packets to where nobody is any more must be forgotten.
 */

import type { Ip } from '../net/ip.js';
import { TABLE } from './kind.js';
import type { NftElement, Value } from './nft-objects.js';

/** One direction of a connection. */
export interface Tuple {
  readonly source: Ip;
  readonly destination: Ip;
  /** 0..65535; 0 where the protocol has no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Connection {
  /** IANA protocol number. */
  readonly protocol: number;
  /** As its first packet was, before any translation. */
  readonly original: Tuple;
  /** As an answer comes in: its source is where the first packet went. */
  readonly reply: Tuple;
  /** IPS_* bits of linux/netfilter/nf_conntrack_common.h. */
  readonly status: number;
  /** Conntrack zone, 0 where there are none. */
  readonly zone: number;
}

/** Which connections are asked for: all of a protocol, or those whose first packet went there. */
export interface ConnectionFilter {
  readonly protocol: number;
  readonly to?: { readonly ip: Ip; readonly port: number };
}

/** An element of a dynamic map of podwire's table of family inet. */
export interface Learnt {
  readonly set: string;
  readonly key: readonly Value[];
  readonly data: readonly Value[];
}

/** What a KernelPort is to delete. */
export function elementOf({ set, key }: Learnt): NftElement {
  return { kind: 'element', family: 'inet', table: TABLE, set, key };
}

/** A rule of podwire's table of family inet that counted packets, in the chain's lifetime. */
export interface Counted {
  readonly chain: string;
  readonly cause: string;
  readonly packets: number;
}

/** Synchronous, as a KernelPort is. Throws SystemError when the kernel cannot be asked. */
export interface FlowPort {
  /** The kernel walks its whole table, but tells of these alone. */
  connections(filter: ConnectionFilter): readonly Connection[];
  /** Empty when there is no such map. */
  learnt(set: string): readonly Learnt[];
  /** What is not there any more is forgotten already. Learnt elements are deleted as all elements are, by a KernelPort. */
  forget(connections: readonly Connection[]): void;
  /** Rules that count and met a packet. */
  counted(): readonly Counted[];
  close(): void;
}
