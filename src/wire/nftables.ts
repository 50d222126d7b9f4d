/** Messages about nftables' tables, chains and rules (linux/netfilter/nf_tables.h). Knows attributes, no meaning of rules. */

import { encodeMessage, type NetlinkMessage } from './netlink.js';
import { Attributes, type Writer } from './netlink-attributes.js';
import { NFGENMSG, NFNL_SUBSYS_NFTABLES, nfgenFamily, writeNfgenmsg } from './nfnetlink.js';
import { type NftExpression, readExpressions, writeExpressions } from './nftables-expression.js';

export const NFT_MSG = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  GETSET: 10,
  DELSET: 11,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
  GETGEN: 16,
} as const;

const NFTA_TABLE_NAME = 1;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_CHAIN_TYPE = 7;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_HOOK_PRIORITY = 2;
const NFTA_HOOK_DEV = 3;
const NFTA_HOOK_DEVS = 4;
const NFTA_DEVICE_NAME = 1;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_HANDLE = 3;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_RULE_USERDATA = 7;
const NFTA_GEN_ID = 1;

export interface TableMessage {
  readonly family: number;
  readonly name: string;
}

export interface ChainMessage {
  readonly family: number;
  readonly table: string;
  readonly name: string;
  /** What makes it a base chain. */
  readonly hook?: { readonly number: number; readonly priority: number; readonly device?: string };
  /** 'filter', 'nat' or 'route'. */
  readonly type?: string;
  /** NF_ACCEPT 1 or NF_DROP 0. */
  readonly policy?: number;
}

export interface RuleMessage {
  readonly family: number;
  readonly table: string;
  readonly chain: string;
  readonly handle?: number;
  readonly expressions: readonly NftExpression[];
  readonly userdata?: Uint8Array;
}

/** The netlink type of an nftables message. */
export function nftType(message: number): number {
  return (NFNL_SUBSYS_NFTABLES << 8) | message;
}

/** Appends a whole message: netlink header, nfgenmsg, then what `content` writes. */
export function encodeNft(
  w: Writer,
  type: number,
  flags: number,
  seq: number,
  family: number,
  content: (w: Writer) => void,
): void {
  encodeMessage(w, nftType(type), flags, seq, inner => {
    writeNfgenmsg(inner, family);
    content(inner);
  });
}

/** The attributes of an nftables message; undefined when it is too short. */
export function nftAttributes(message: NetlinkMessage): { family: number; attributes: Attributes } | undefined {
  const family = nfgenFamily(message);
  return family === undefined ? undefined : { family, attributes: new Attributes(message.payload.subarray(NFGENMSG)) };
}

export function writeTable(w: Writer, { name }: TableMessage): void {
  w.textAttr(NFTA_TABLE_NAME, name);
}

export function decodeTable(message: NetlinkMessage): TableMessage | undefined {
  const read = nftAttributes(message);
  const name = read?.attributes.text(NFTA_TABLE_NAME);
  return name === undefined ? undefined : { family: read!.family, name };
}

export function writeChain(w: Writer, chain: ChainMessage): void {
  w.textAttr(NFTA_CHAIN_TABLE, chain.table).textAttr(NFTA_CHAIN_NAME, chain.name);
  const { hook, type, policy } = chain;
  if (hook)
    w.nested(NFTA_CHAIN_HOOK, inner => {
      inner.be32Attr(NFTA_HOOK_HOOKNUM, hook.number).be32Attr(NFTA_HOOK_PRIORITY, hook.priority);
      if (hook.device !== undefined) inner.textAttr(NFTA_HOOK_DEV, hook.device);
    });
  if (policy !== undefined) w.be32Attr(NFTA_CHAIN_POLICY, policy);
  if (type !== undefined) w.textAttr(NFTA_CHAIN_TYPE, type);
}

export function decodeChain(message: NetlinkMessage): ChainMessage | undefined {
  const read = nftAttributes(message);
  const table = read?.attributes.text(NFTA_CHAIN_TABLE);
  const name = read?.attributes.text(NFTA_CHAIN_NAME);
  if (table === undefined || name === undefined) return undefined;
  const { family, attributes } = read!;
  const hook = attributes.nested(NFTA_CHAIN_HOOK);
  const number = hook?.be32(NFTA_HOOK_HOOKNUM);
  const priority = hook?.be32(NFTA_HOOK_PRIORITY);
  const device = hook?.text(NFTA_HOOK_DEV) ?? hook?.nested(NFTA_HOOK_DEVS)?.text(NFTA_DEVICE_NAME);
  const type = attributes.text(NFTA_CHAIN_TYPE);
  const policy = attributes.be32(NFTA_CHAIN_POLICY);
  return {
    family,
    table,
    name,
    ...(number !== undefined &&
      priority !== undefined && {
        hook: { number, priority: priority | 0, ...(device !== undefined && { device }) },
      }),
    ...(type !== undefined && { type }),
    ...(policy !== undefined && { policy }),
  };
}

/** Without a handle: a new rule, or in a DELRULE all rules of the chain. A query may leave out the chain, too. */
export function writeRule(w: Writer, rule: Partial<RuleMessage> & Pick<RuleMessage, 'table'>): void {
  w.textAttr(NFTA_RULE_TABLE, rule.table);
  if (rule.chain !== undefined) w.textAttr(NFTA_RULE_CHAIN, rule.chain);
  if (rule.handle !== undefined) w.be64Attr(NFTA_RULE_HANDLE, rule.handle);
  if (rule.expressions) writeExpressions(w, NFTA_RULE_EXPRESSIONS, rule.expressions);
  if (rule.userdata) w.bytesAttr(NFTA_RULE_USERDATA, rule.userdata);
}

export function decodeRule(message: NetlinkMessage): RuleMessage | undefined {
  const read = nftAttributes(message);
  const table = read?.attributes.text(NFTA_RULE_TABLE);
  const chain = read?.attributes.text(NFTA_RULE_CHAIN);
  if (table === undefined || chain === undefined) return undefined;
  const { family, attributes } = read!;
  const handle = attributes.be64(NFTA_RULE_HANDLE);
  const userdata = attributes.get(NFTA_RULE_USERDATA);
  return {
    family,
    table,
    chain,
    ...(handle !== undefined && { handle }),
    expressions: readExpressions(attributes.get(NFTA_RULE_EXPRESSIONS) ?? new Uint8Array()),
    ...(userdata && { userdata }),
  };
}

/** The ruleset's generation, which grows with every transaction. */
export function decodeGeneration(message: NetlinkMessage): number | undefined {
  return nftAttributes(message)?.attributes.be32(NFTA_GEN_ID);
}

/** `chain inet podwire services hook 0 priority -100 type nat policy 1` */
export function formatChain({ family, table, name, hook, type, policy }: ChainMessage): string {
  const base = hook ? ` hook ${hook.number} priority ${hook.priority} type ${type} policy ${policy}` : '';
  return `chain ${family} ${table} ${name}${base}${hook?.device ? ` device ${hook.device}` : ''}`;
}
