/** The instructions that nftables rules are made of (linux/netfilter/nf_tables.h), one layout table for both directions. */

import { Attributes, type Writer } from './netlink-attributes.js';

/** Registers: 0 is the verdict; 1-4 are 16 bytes each, 8-23 are the same 64 bytes by fours. */
export const NFT_REG_VERDICT = 0;
export const NFT_REG_1 = 1;
export const NFT_REG32_00 = 8;

export const NFT_PAYLOAD_LL_HEADER = 0;
export const NFT_PAYLOAD_NETWORK_HEADER = 1;
export const NFT_PAYLOAD_TRANSPORT_HEADER = 2;

export const NFT_CMP = { '==': 0, '!=': 1, '<': 2, '<=': 3, '>': 4, '>=': 5 } as const;
export const NFT_RANGE_EQ = 0;
export const NFT_RANGE_NEQ = 1;
export const NFT_LOOKUP_F_INV = 1;
export const NFT_BYTEORDER_HTON = 1;
export const NFT_DYNSET_OP_UPDATE = 1;
export const NFT_NG_INCREMENTAL = 0;
export const NFT_NG_RANDOM = 1;
export const NFT_NAT_SNAT = 0;
export const NFT_NAT_DNAT = 1;
/** linux/netfilter/nf_nat.h */
export const NF_NAT_RANGE_PROTO_SPECIFIED = 2;
export const NF_NAT_RANGE_PROTO_RANDOM_FULLY = 16;

export const NFT_REJECT_TCP_RST = 1;
export const NFT_REJECT_ICMPX_UNREACH = 2;
export const NFT_REJECT_ICMPX_PORT_UNREACH = 1;
export const NFT_REJECT_ICMPX_ADMIN_PROHIBITED = 3;

export const NFT_META = {
  protocol: 1,
  mark: 3,
  iifname: 6,
  oifname: 7,
  iiftype: 8,
  nfproto: 15,
  l4proto: 16,
  pkttype: 19,
} as const;

export const NFT_CT = {
  state: 0,
  direction: 1,
  status: 2,
  mark: 3,
  protocol: 10,
  proto_src: 11,
  proto_dst: 12,
  src_ip: 19,
  dst_ip: 20,
  src_ip6: 21,
  dst_ip6: 22,
} as const;

export const NFT_FIB_RESULT_OIF = 1;
export const NFT_FIB_RESULT_ADDRTYPE = 3;
export const NFTA_FIB_F_SADDR = 1;
export const NFTA_FIB_F_DADDR = 2;
export const NFTA_FIB_F_IIF = 8;
export const NFTA_FIB_F_PRESENT = 32;

/** `code`: 0 drop, 1 accept, -1 continue, -3 jump, -4 goto, -5 return (linux/netfilter.h, nf_tables.h). */
export interface VerdictData {
  readonly code: number;
  readonly chain?: string;
}

/** How one attribute of an expression is written; numbers are in network byte order. */
type Kind = 'u8' | 'be16' | 'be32' | 'be64' | 'text' | 'data';

/** Per expression: its fields, with the kernel's attribute numbers. Written and read in this order. */
const LAYOUT = {
  bitwise: { sreg: [1, 'be32'], dreg: [2, 'be32'], len: [3, 'be32'], mask: [4, 'data'], xor: [5, 'data'] },
  byteorder: { sreg: [1, 'be32'], dreg: [2, 'be32'], op: [3, 'be32'], len: [4, 'be32'], size: [5, 'be32'] },
  cmp: { sreg: [1, 'be32'], op: [2, 'be32'], data: [3, 'data'] },
  counter: { bytes: [1, 'be64'], packets: [2, 'be64'] },
  ct: { dreg: [1, 'be32'], key: [2, 'be32'], direction: [3, 'u8'], sreg: [4, 'be32'] },
  dynset: {
    set: [1, 'text'],
    op: [3, 'be32'],
    sregKey: [4, 'be32'],
    sregData: [5, 'be32'],
    timeout: [6, 'be64'],
  },
  fib: { dreg: [1, 'be32'], result: [2, 'be32'], flags: [3, 'be32'] },
  immediate: { dreg: [1, 'be32'], data: [2, 'data'] },
  limit: { rate: [1, 'be64'], unit: [2, 'be64'], burst: [3, 'be32'], type: [4, 'be32'], flags: [5, 'be32'] },
  log: { group: [1, 'be16'], prefix: [2, 'text'], level: [5, 'be32'], flags: [6, 'be32'] },
  lookup: { set: [1, 'text'], sreg: [2, 'be32'], dreg: [3, 'be32'], setId: [4, 'be32'], flags: [5, 'be32'] },
  masq: { flags: [1, 'be32'] },
  meta: { dreg: [1, 'be32'], key: [2, 'be32'], sreg: [3, 'be32'] },
  nat: {
    type: [1, 'be32'],
    family: [2, 'be32'],
    addrMin: [3, 'be32'],
    protoMin: [5, 'be32'],
    flags: [7, 'be32'],
  },
  notrack: {},
  numgen: { dreg: [1, 'be32'], modulus: [2, 'be32'], type: [3, 'be32'], offset: [4, 'be32'] },
  payload: { dreg: [1, 'be32'], base: [2, 'be32'], offset: [3, 'be32'], len: [4, 'be32'], sreg: [5, 'be32'] },
  range: { sreg: [1, 'be32'], op: [2, 'be32'], from: [3, 'data'], to: [4, 'data'] },
  reject: { type: [1, 'be32'], code: [2, 'u8'] },
} as const satisfies Record<string, Record<string, readonly [number, Kind]>>;

type Layout = typeof LAYOUT;
type Content<K extends Kind> = K extends 'text' ? string : K extends 'data' ? Uint8Array | VerdictData : number;

/** One instruction, told apart by `name`. What the kernel fills in itself, or leaves out when zero, may be missing. */
export type NftExpression =
  | {
      [N in keyof Layout]: { readonly name: N } & {
        readonly [F in keyof Layout[N]]?: Layout[N][F] extends readonly [number, infer K extends Kind]
          ? Content<K>
          : never;
      };
    }[keyof Layout]
  /** One that this table does not have. */
  | { readonly name: 'unknown'; readonly kernelName: string };

const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_VERDICT_CHAIN = 2;

/** Appends a list of expressions as the attribute `type`. An unknown expression has no encoding: throws a TypeError. */
export function writeExpressions(w: Writer, type: number, expressions: readonly NftExpression[]): void {
  const list = w.beginNested(type);
  for (const expression of expressions) {
    if (expression.name === 'unknown') throw new TypeError(`no encoding for expression ${expression.kernelName}`);
    const element = w.beginNested(NFTA_LIST_ELEM);
    w.textAttr(NFTA_EXPR_NAME, expression.name);
    const data = w.beginNested(NFTA_EXPR_DATA);
    const values = expression as unknown as Record<string, number | string | Uint8Array | VerdictData | undefined>;
    for (const [field, [attribute, kind]] of Object.entries<readonly [number, Kind]>(LAYOUT[expression.name])) {
      const value = values[field];
      if (value === undefined) continue;
      if (kind === 'data') writeData(w, attribute, value as Uint8Array | VerdictData);
      else if (kind === 'text') w.textAttr(attribute, value as string);
      else w[`${kind}Attr`](attribute, value as number);
    }
    w.end(data).end(element);
  }
  w.end(list);
}

/** Reads the content of a list of expressions; what is cut off or unnamed is left out. */
export function readExpressions(list: Uint8Array): NftExpression[] {
  const expressions: NftExpression[] = [];
  for (const element of new Attributes(list).children()) {
    const name = element.text(NFTA_EXPR_NAME);
    if (name === undefined) continue;
    const layout: Record<string, readonly [number, Kind]> | undefined = Object.hasOwn(LAYOUT, name)
      ? LAYOUT[name as keyof Layout]
      : undefined;
    if (!layout) {
      expressions.push({ name: 'unknown', kernelName: name });
      continue;
    }
    const data = element.nested(NFTA_EXPR_DATA);
    const fields: Record<string, unknown> = { name };
    for (const [field, [attribute, kind]] of Object.entries(layout)) {
      const value = kind === 'data' ? readData(data?.nested(attribute)) : data?.[kind](attribute);
      if (value !== undefined) fields[field] = value;
    }
    expressions.push(fields as unknown as NftExpression);
  }
  return expressions;
}

/** Appends struct nft_data: bytes, or a verdict. */
export function writeData(w: Writer, type: number, data: Uint8Array | VerdictData): void {
  const at = w.beginNested(type);
  if (data instanceof Uint8Array) w.bytesAttr(NFTA_DATA_VALUE, data);
  else writeVerdict(w, data);
  w.end(at);
}

export function writeVerdict(w: Writer, { code, chain }: VerdictData): void {
  const at = w.beginNested(NFTA_DATA_VERDICT);
  w.be32Attr(NFTA_VERDICT_CODE, code);
  if (chain !== undefined) w.textAttr(NFTA_VERDICT_CHAIN, chain);
  w.end(at);
}

/** Undefined where there is no data, or what is neither. */
export function readData(data: Attributes | undefined): Uint8Array | VerdictData | undefined {
  const value = data?.get(NFTA_DATA_VALUE);
  if (value) return value;
  const verdict = data?.nested(NFTA_DATA_VERDICT);
  const code = verdict?.be32(NFTA_VERDICT_CODE);
  const chain = verdict?.text(NFTA_VERDICT_CHAIN);
  return code === undefined ? undefined : { code: code | 0, ...(chain !== undefined && { chain }) };
}

/** `payload base 1 offset 16 len 4 dreg 1`: the name, then the fields as they are. */
export function formatExpression(expression: NftExpression): string {
  const { name, ...fields } = expression;
  return [name, ...Object.entries(fields).map(([field, value]) => `${field} ${formatField(value)}`)].join(' ');
}

function formatField(value: unknown): string {
  if (value instanceof Uint8Array) return `0x${Array.from(value, byte => byte.toString(16).padStart(2, '0')).join('')}`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
