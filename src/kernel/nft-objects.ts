/** The nftables half of a namespace's kernel state, at the level of the `nft` language: what a person would write and read. */

import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import type { Cause } from './kind.js';

export type TableFamily = 'inet' | 'ip' | 'ip6' | 'netdev' | 'bridge' | 'arp';

export interface NftTable {
  readonly kind: 'table';
  readonly family: TableFamily;
  readonly name: string;
}

/** What makes a chain a base chain. */
export interface Hook {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'ingress' | 'egress';
  /** Signed; see NF_IP_PRI_* in linux/netfilter_ipv4.h. */
  readonly priority: number;
  readonly policy?: 'accept' | 'drop';
  /** Only family netdev. */
  readonly device?: string;
}

/** A chain is one object with its rules in order: it changes as a whole, in one transaction. */
export interface NftChain {
  readonly kind: 'chain';
  readonly family: TableFamily;
  readonly table: string;
  readonly name: string;
  readonly base?: Hook;
  readonly rules: readonly NftRule[];
}

export interface NftRule {
  readonly statements: readonly Statement[];
  /** Kept in the kernel as the rule's comment (NFTNL_UDATA_RULE_COMMENT, 127 bytes at most). */
  readonly cause?: Cause;
}

/** nft's names of the data types that keys and values of sets have. `mark` is a 32-bit number in host byte order. */
export type DataType =
  | 'ipv4_addr'
  | 'ipv6_addr'
  | 'ether_addr'
  | 'inet_proto'
  | 'inet_service'
  | 'mark'
  | 'ifname'
  | 'nf_proto'
  | 'ct_state';

/**
 * A set, or with `data` a map, or with `data: 'verdict'` a verdict map.
 * Several types make a concatenation. Elements are objects of their own, so that one endpoint's change is one element.
 */
export interface NftSet {
  readonly kind: 'set';
  readonly family: TableFamily;
  readonly table: string;
  readonly name: string;
  readonly key: readonly DataType[];
  readonly data?: readonly DataType[] | 'verdict';
  /** Elements are prefixes or ranges (NFT_SET_INTERVAL). */
  readonly interval?: boolean;
  /**
   * Rules add elements at run time (NFT_SET_EVAL, `flags dynamic`), which then expire after `timeout` seconds. They are no
   * objects: nobody wants them, and a state that is read does not have them.
   */
  readonly dynamic?: boolean;
  readonly timeout?: number;
  readonly cause?: Cause;
}

/** A number for inet_proto, inet_service and mark; a Cidr or a range only where the set has intervals. */
export type Value = Ip | Cidr | number | string | { readonly from: Ip | number; readonly to: Ip | number };

export type Verdict =
  | { readonly verdict: 'accept' | 'drop' | 'return' | 'continue' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string };

export interface NftElement {
  readonly kind: 'element';
  readonly family: TableFamily;
  readonly table: string;
  readonly set: string;
  /** One value per type of the set's key. */
  readonly key: readonly Value[];
  readonly data?: readonly Value[] | Verdict;
  /** Kept in memory only: a comment per element would double what 50,000 endpoints cost. */
  readonly cause?: Cause;
}

/**
 * An array inside a map: its elements `key . 0`, `key . 1`, …, where the map's last key part is a number (`mark`). One object,
 * because its owner wants it whole, and because 10,000 Services have 50,000 endpoints. In such a map nothing else is.
 */
export interface NftSlots {
  readonly kind: 'slots';
  readonly family: TableFamily;
  readonly table: string;
  readonly set: string;
  /** One value per type of the map's key but the last. */
  readonly key: readonly Value[];
  /** By slot. A hole is never wanted: it is where somebody else took an element. */
  readonly data: readonly (readonly Value[] | undefined)[];
  readonly cause?: Cause;
}

/** What a match can look at; each is written as `nft` writes it. */
export type Field =
  | 'ip saddr'
  | 'ip daddr'
  | 'ip protocol'
  | 'ip6 saddr'
  | 'ip6 daddr'
  | 'ip6 nexthdr'
  | 'ether saddr'
  | 'ether daddr'
  | 'ether type'
  | 'arp saddr ip'
  | 'arp saddr ether'
  | 'arp daddr ip'
  | 'arp operation'
  | 'th sport'
  | 'th dport'
  | 'tcp dport'
  | 'tcp sport'
  | 'tcp flags'
  | 'udp dport'
  | 'udp sport'
  | 'icmp type'
  | 'icmpv6 type'
  | 'meta iifname'
  | 'meta oifname'
  | 'meta l4proto'
  | 'meta nfproto'
  | 'meta mark'
  | 'meta protocol'
  | 'meta pkttype'
  | 'ct state'
  | 'ct status'
  | 'ct mark'
  | 'ct direction'
  | 'ct original ip saddr'
  | 'ct original ip daddr'
  | 'ct original ip6 saddr'
  | 'ct original ip6 daddr'
  | 'ct original proto-dst'
  | 'ct original protocol'
  | 'ct reply ip saddr'
  | 'ct reply ip6 saddr'
  | 'ct reply proto-src'
  | 'fib daddr type'
  | 'fib saddr . iif oif';

/** A value that a rule computes: a field, a field under a mask, or a choice among `mod` by chance or in turn (result 0..mod-1). */
export type Expression =
  | { readonly field: Field; readonly mask?: number }
  | { readonly numgen: 'random' | 'inc'; readonly mod: number; readonly offset?: number }
  | { readonly value: Value; readonly type: DataType };

/** Reference to a named set or map of the same table. */
export interface SetRef {
  readonly set: string;
}

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Statement =
  /** `left op right`; several in `left` make a concatenation, looked up in a set. An anonymous set is a list of values. */
  | { readonly match: readonly Expression[]; readonly op: Comparison; readonly to: Value | readonly Value[] | SetRef }
  /** Only new connections go by `numgen` and NAT, established ones by conntrack. */
  | { readonly vmap: readonly Expression[]; readonly map: SetRef }
  | Verdict
  /** NAT to a constant, or to what a map gives for a key: `dnat ip to ip daddr . th dport map @m` (address . port when `port`). */
  | {
      readonly nat: 'dnat' | 'snat';
      readonly family: 'ip' | 'ip6';
      readonly to:
        | { readonly ip: Ip; readonly port?: number }
        | { readonly key: readonly Expression[]; readonly map: SetRef; readonly port: boolean };
    }
  | { readonly masquerade: true; readonly fullyRandom?: boolean }
  | { readonly reject: 'port-unreachable' | 'admin-prohibited' | 'tcp-reset' }
  | { readonly counter: true }
  | { readonly notrack: true }
  | { readonly log: string; readonly group?: number }
  | { readonly limit: { readonly rate: number; readonly per: 'second' | 'minute'; readonly burst: number } }
  /** `meta mark set …`, `ct mark set …`: bits outside `mask` stay. */
  | { readonly setMark: 'meta' | 'ct'; readonly value: number; readonly mask?: number }
  /** `update @set { key : data }` from the packet path (NFT_DYNSET_OP_UPDATE). */
  | { readonly update: SetRef; readonly key: readonly Expression[]; readonly data?: readonly Expression[] }
  /** Read back from a foreign rule that this vocabulary has no word for: the expression's name. Never planned. */
  | { readonly unknown: string };

export type NftObject = NftTable | NftChain | NftSet | NftElement | NftSlots;
