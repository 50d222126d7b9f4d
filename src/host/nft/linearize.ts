/** A rule in nft's language as the kernel's instructions over registers. Knows statements; refuses to know tables and batches. */

import type {
  Expression,
  Field,
  NftRule,
  SetRef,
  Statement,
  TableFamily,
  Value,
  Verdict,
} from '../../kernel/nft-objects.js';
import { FIELD_TYPES, type ValueType } from '../../kernel/nft-values.js';
import { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import { NFPROTO } from '../../wire/nfnetlink.js';
import type { NftExpression, VerdictData } from '../../wire/nftables-expression.js';
import * as nft from '../../wire/nftables-expression.js';
import { dependencies, FIELDS } from './fields.js';
import { encodePlain } from './plain.js';
import { BIT_TYPES, isHostOrder, paddedSize, sizeOf, ValueError, valueBytes } from './types.js';

/** A list of values in a rule: a set without a name, made in the same batch. */
export interface AnonymousSet {
  readonly id: number;
  readonly types: readonly ValueType[];
  /** Of each element one value per type. */
  readonly elements: readonly (readonly Value[])[];
}

export interface LinearRule {
  readonly expressions: readonly NftExpression[];
  readonly sets: readonly AnonymousSet[];
}

/** `nextId` gives a number for an anonymous set, unique in the batch. Throws ValueError for what cannot be said. */
export function linearize(rule: NftRule, family: TableFamily, nextId: () => number): LinearRule {
  const linear = new Linearizer(family, nextId);
  for (const statement of rule.statements) linear.statement(statement);
  return linear;
}

export const VERDICTS = { accept: 1, drop: 0, continue: -1, jump: -3, goto: -4, return: -5 } as const;

export function verdictData(verdict: Verdict): VerdictData {
  return { code: VERDICTS[verdict.verdict], ...('chain' in verdict && { chain: verdict.chain }) };
}

/** The register that begins `slot` times four bytes into the data registers, as the kernel names it in dumps. */
export function register(slot: number): number {
  return slot % 4 ? nft.NFT_REG32_00 + slot : nft.NFT_REG_1 + slot / 4;
}

type Nat = Extract<Statement, { nat: string }>;
type Match = Extract<Statement, { match: readonly Expression[] }>;

class Linearizer {
  readonly expressions: NftExpression[] = [];
  readonly sets: AnonymousSet[] = [];
  /** Dependencies that hold from here on, by what they look at. */
  readonly #known = new Map<number, string>();

  constructor(
    readonly family: TableFamily,
    readonly nextId: () => number,
  ) {}

  statement(statement: Statement): void {
    if ('match' in statement) this.#match(statement);
    else if ('vmap' in statement) {
      this.#load(statement.vmap);
      this.#out({ name: 'lookup', set: statement.map.set, sreg: register(0), dreg: nft.NFT_REG_VERDICT });
    } else if ('verdict' in statement)
      this.#out({ name: 'immediate', dreg: nft.NFT_REG_VERDICT, data: verdictData(statement) });
    else if ('nat' in statement) this.#nat(statement);
    else if ('setMark' in statement) this.#setMark(statement);
    else if ('update' in statement) this.#update(statement);
    else if ('unknown' in statement) throw new ValueError(`no encoding for unknown(${statement.unknown})`);
    else this.#out(encodePlain(statement));
  }

  #match({ match, op, to }: Match): void {
    this.#load(match);
    const set = setOf(to);
    if (set) return this.#lookup(set, op);
    const types = match.map(typeOf);
    if (Array.isArray(to)) {
      // A concatenation is compared with one tuple, a single field with a set of values.
      const elements = match.length > 1 ? [to as readonly Value[]] : (to as readonly Value[]).map(value => [value]);
      const id = this.nextId();
      this.sets.push({ id, types, elements });
      return this.#lookup({ set: ANONYMOUS }, op, id);
    }
    if (match.length > 1) throw new ValueError('a concatenation is compared with a set');
    const first = match[0]!;
    this.#compare(types[0]!, 'mask' in first && first.mask !== undefined, op, to as Value);
  }

  #lookup({ set }: SetRef, op: string, setId?: number): void {
    if (op !== '==' && op !== '!=') throw new ValueError(`a set is compared by == or !=, not ${op}`);
    const flags = op === '!=' ? nft.NFT_LOOKUP_F_INV : 0;
    const sreg = register(0);
    this.#out({ name: 'lookup', set, sreg, ...(setId !== undefined && { setId }), ...(flags && { flags }) });
  }

  #compare(type: ValueType, masked: boolean, op: Match['op'], to: Value): void {
    const sreg = register(0);
    const cmp = (data: Uint8Array, operator: Match['op'] = op) =>
      this.#out({ name: 'cmp', sreg, op: nft.NFT_CMP[operator], data });
    if (to instanceof Cidr && to.prefix < to.ip.bytes.length * 8) {
      this.#bitwise(0, prefixMask(to), new Uint8Array(to.ip.bytes.length));
      return cmp(to.ip.bytes);
    }
    if (typeof to === 'object' && 'from' in to) {
      if (op !== '==' && op !== '!=') throw new ValueError(`a range is compared by == or !=, not ${op}`);
      const [from, last] = [this.#ordered(type, to.from), this.#ordered(type, to.to)];
      if (isHostOrder(type)) this.#toNetworkOrder(type);
      const operator = op === '==' ? nft.NFT_RANGE_EQ : nft.NFT_RANGE_NEQ;
      return this.#out({ name: 'range', sreg, op: operator, from, to: last });
    }
    // nft's wildcard: names that begin so.
    if (type === 'ifname' && typeof to === 'string' && to.endsWith('*'))
      return cmp(new TextEncoder().encode(to.slice(0, -1)));
    const data = valueBytes(type, to instanceof Cidr ? to.ip : to);
    if (BIT_TYPES.has(type) && !masked && op === '==' && data.some(Boolean)) {
      this.#bitwise(0, data, new Uint8Array(data.length));
      return cmp(new Uint8Array(data.length), '!=');
    }
    if (op === '==' || op === '!=' || !isHostOrder(type)) return cmp(data);
    this.#toNetworkOrder(type);
    cmp(this.#ordered(type, to));
  }

  /** The kernel compares bytes: what is to be greater or smaller must begin with its greatest byte. */
  #toNetworkOrder(type: ValueType): void {
    const size = sizeOf(type);
    const sreg = register(0);
    this.#out({ name: 'byteorder', sreg, dreg: sreg, op: nft.NFT_BYTEORDER_HTON, len: size, size });
  }

  #ordered(type: ValueType, value: Value): Uint8Array {
    const bytes = valueBytes(type, value);
    return isHostOrder(type) ? bytes.slice().reverse() : bytes;
  }

  #nat(statement: Nat): void {
    const { nat, family, to } = statement;
    const type = nat === 'dnat' ? nft.NFT_NAT_DNAT : nft.NFT_NAT_SNAT;
    const base = { name: 'nat', type, family: NFPROTO[family], addrMin: register(0) } as const;
    const withPort = (slot: number) => ({ protoMin: register(slot), flags: nft.NF_NAT_RANGE_PROTO_SPECIFIED });
    if ('map' in to) {
      this.#load(to.key);
      this.#out({ name: 'lookup', set: to.map.set, sreg: register(0), dreg: register(0) });
      this.#out({ ...base, ...(to.port && withPort(family === 'ip' ? 1 : 4)) });
      return;
    }
    if (to.ip.family !== (family === 'ip' ? 4 : 6)) throw new ValueError(`${to.ip} is no address of family ${family}`);
    this.#out({ name: 'immediate', dreg: register(0), data: to.ip.bytes });
    if (to.port !== undefined)
      this.#out({ name: 'immediate', dreg: register(4), data: valueBytes('inet_service', to.port) });
    this.#out({ ...base, ...(to.port !== undefined && withPort(4)) });
  }

  #setMark({ setMark, value, mask }: Extract<Statement, { setMark: string }>): void {
    const key = setMark === 'meta' ? nft.NFT_META.mark : nft.NFT_CT.mark;
    const name = setMark;
    const bits = (mask ?? 0xffffffff) >>> 0;
    if (bits === 0xffffffff) this.#out({ name: 'immediate', dreg: register(0), data: valueBytes('mark', value >>> 0) });
    else {
      this.#out({ name, key, dreg: register(0) });
      this.#bitwise(0, valueBytes('mark', ~bits >>> 0), valueBytes('mark', (value & bits) >>> 0));
    }
    this.#out({ name, key, sreg: register(0) });
  }

  #update({ update, key, data }: Extract<Statement, { update: SetRef }>): void {
    this.#depend([...key, ...(data ?? [])]);
    // Without a gap: client, front and target of IPv6 are 15 of the 16 registers.
    const start = this.#load(key);
    if (data) this.#load(data, start);
    this.#out({
      name: 'dynset',
      set: update.set,
      op: nft.NFT_DYNSET_OP_UPDATE,
      sregKey: register(0),
      ...(data && { sregData: register(start) }),
    });
  }

  /** Puts a concatenation into consecutive registers; returns the slot behind it. */
  #load(expressions: readonly Expression[], start = 0): number {
    this.#depend(expressions);
    return expressions.reduce((slot, expression) => this.#loadOne(expression, slot), start);
  }

  #loadOne(expression: Expression, slot: number): number {
    const dreg = register(slot);
    const type = typeOf(expression);
    if ('field' in expression) {
      this.#out({ ...FIELDS[expression.field].load, dreg });
      const { mask } = expression;
      if (mask !== undefined) this.#bitwise(slot, valueBytes(type, mask), new Uint8Array(sizeOf(type)));
    } else if ('numgen' in expression) {
      const { numgen, mod: modulus, offset = 0 } = expression;
      const random = numgen === 'random' ? nft.NFT_NG_RANDOM : nft.NFT_NG_INCREMENTAL;
      this.#out({ name: 'numgen', dreg, modulus, type: random, offset });
    } else this.#out({ name: 'immediate', dreg, data: valueBytes(type, expression.value) });
    return slot + paddedSize(type) / 4;
  }

  /** Writes what the fields presuppose, once a rule. */
  #depend(expressions: readonly Expression[]): void {
    for (const expression of expressions) {
      if (!('field' in expression)) continue;
      for (const { meta, data } of dependencies(expression.field, this.family)) {
        if (this.#known.get(meta) === data.join()) continue;
        this.#known.set(meta, data.join());
        this.#out({ name: 'meta', key: meta, dreg: register(0) });
        this.#out({ name: 'cmp', sreg: register(0), op: nft.NFT_CMP['=='], data });
      }
    }
  }

  #bitwise(slot: number, mask: Uint8Array, xor: Uint8Array): void {
    const reg = register(slot);
    this.#out({ name: 'bitwise', sreg: reg, dreg: reg, len: mask.length, mask, xor });
  }

  #out(expression: NftExpression): void {
    this.expressions.push(expression);
  }
}

/** The kernel makes a name of it, with a number. */
export const ANONYMOUS = '__set%d';

export function typeOf(expression: Expression): ValueType {
  if ('field' in expression) return FIELD_TYPES[expression.field satisfies Field];
  return 'numgen' in expression ? 'integer' : expression.type;
}

function setOf(to: Match['to']): SetRef | undefined {
  return typeof to === 'object' && 'set' in to ? to : undefined;
}

function prefixMask({ ip, prefix }: Cidr): Uint8Array {
  const ones = new Ip(new Uint8Array(ip.bytes.length).fill(0xff));
  return Cidr.containing(ones, prefix).ip.bytes;
}
