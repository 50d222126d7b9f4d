/**
 * The kernel's instructions as a rule in nft's language: the way back from linearize.ts. Follows what registers hold;
 * what our vocabulary has no word for becomes `{ unknown }`, never a guess.
 */

import type {
  Comparison,
  Expression,
  Field,
  NftRule,
  Statement,
  TableFamily,
  Value,
} from '../../kernel/nft-objects.js';
import { FIELD_TYPES, type ValueType } from '../../kernel/nft-values.js';
import { Cidr } from '../../net/cidr.js';
import { Ip } from '../../net/ip.js';
import type { NftExpression } from '../../wire/nftables-expression.js';
import * as nft from '../../wire/nftables-expression.js';
import { type Dependency, dependencies, FIELDS, fieldsOf, type Load } from './fields.js';
import { typeOf } from './linearize.js';
import { decodePlain } from './plain.js';
import { decodeVerdict } from './sets.js';
import { BIT_TYPES, fromBounds, hostNumber, isHostOrder, paddedSize, readValue, sizeOf } from './types.js';

/** What a rule may refer to by name: of every set its shape, and of anonymous ones the values. */
export interface KnownSet {
  /** Bytes, parts of a concatenation padded. */
  readonly keyLength: number;
  /** Undefined where nft's types are foreign. */
  readonly key?: readonly ValueType[];
  readonly data?: readonly ValueType[] | 'verdict';
  /** Only of an anonymous set: reads its elements as those types. */
  readonly list?: (types: readonly ValueType[]) => readonly (readonly Value[])[];
}

export function delinearize(
  expressions: readonly NftExpression[],
  family: TableFamily,
  sets: (name: string) => KnownSet | undefined,
): NftRule['statements'] {
  const reader = new Delinearizer(family, sets);
  for (const expression of expressions) reader.read(expression);
  return reader.finish();
}

/** What a register holds from `slot` on. */
interface Held {
  readonly source:
    | { readonly load: Load }
    | { readonly numgen: Extract<NftExpression, { name: 'numgen' }> }
    | { readonly bytes: Uint8Array }
    | { readonly map: string; readonly key: readonly Expression[] };
  readonly mask?: Uint8Array;
  readonly xor?: Uint8Array;
  /** Turned into network byte order, to be compared by size. */
  readonly swapped?: boolean;
}

/** Thrown inside this file only: the expression has no word. */
class NoWord extends Error {}

const OPERATORS = new Map(Object.entries(nft.NFT_CMP).map(([name, number]) => [number as number, name as Comparison]));
/** A match that may turn out to be a field's dependency, which is not written. */
interface Pending {
  readonly meta: number;
  readonly data: string;
  readonly statement: Statement;
}

class Delinearizer {
  readonly #statements: Statement[] = [];
  readonly #registers = new Map<number, Held>();
  #pending: Pending[] = [];
  readonly #known = new Map<number, string>();

  constructor(
    readonly family: TableFamily,
    readonly sets: (name: string) => KnownSet | undefined,
  ) {}

  read(expression: NftExpression): void {
    try {
      this.#read(expression);
    } catch (error) {
      if (!(error instanceof NoWord)) throw error;
      this.#say({ unknown: expression.name === 'unknown' ? expression.kernelName : expression.name });
    }
  }

  finish(): readonly Statement[] {
    this.#flush();
    return this.#statements;
  }

  #read(expression: NftExpression): void {
    switch (expression.name) {
      case 'payload':
      case 'fib':
        return this.#hold(expression.dreg, { source: { load: expression } });
      case 'meta':
      case 'ct':
        if (expression.sreg !== undefined) return this.#setMark(expression);
        return this.#hold(expression.dreg, { source: { load: expression } });
      case 'numgen':
        return this.#hold(expression.dreg, { source: { numgen: expression } });
      case 'immediate':
        return this.#immediate(expression);
      case 'bitwise':
        return this.#bitwise(expression);
      case 'byteorder':
        return this.#hold(expression.dreg, { ...this.#held(expression.sreg), swapped: true });
      case 'cmp':
        return this.#compare(expression);
      case 'range':
        return this.#range(expression);
      case 'lookup':
        return this.#lookup(expression);
      case 'dynset':
        return this.#update(expression);
      case 'nat':
        return this.#nat(expression);
      default: {
        const statement = decodePlain(expression);
        if (!statement) throw new NoWord();
        this.#say(statement);
      }
    }
  }

  #immediate({ dreg, data }: Extract<NftExpression, { name: 'immediate' }>): void {
    if (data instanceof Uint8Array) return this.#hold(dreg, { source: { bytes: data } });
    const verdict = data && decodeVerdict(data);
    if (!verdict) throw new NoWord();
    this.#say(verdict);
  }

  #bitwise({ sreg, dreg, mask, xor }: Extract<NftExpression, { name: 'bitwise' }>): void {
    const held = this.#held(sreg);
    if (!(mask instanceof Uint8Array) || !(xor instanceof Uint8Array) || held.mask) throw new NoWord();
    this.#hold(dreg, { ...held, mask, xor });
  }

  #compare({ sreg, op, data }: Extract<NftExpression, { name: 'cmp' }>): void {
    const operator = OPERATORS.get(op ?? 0);
    const held = this.#held(sreg);
    if (!(data instanceof Uint8Array) || !operator) throw new NoWord();
    if (this.#suspend(held, operator, data)) return;
    const left = this.#expression(held);
    const type = typeOf(left);
    this.#say(matchOf(left, type, held, operator, data));
  }

  #range({ sreg, op, from, to }: Extract<NftExpression, { name: 'range' }>): void {
    const held = this.#held(sreg);
    if (!(from instanceof Uint8Array) || !(to instanceof Uint8Array) || held.mask) throw new NoWord();
    const left = this.#expression(held);
    const type = typeOf(left);
    const range = fromBounds(ordered(type, held, from), ordered(type, held, to));
    this.#say({ match: [left], op: op === nft.NFT_RANGE_NEQ ? '!=' : '==', to: range });
  }

  #lookup({ set = '', sreg, dreg, flags = 0 }: Extract<NftExpression, { name: 'lookup' }>): void {
    const known = this.sets(set);
    if (!known) throw new NoWord();
    const left = this.#concatenation(sreg, known.keyLength, known.key);
    if (dreg === nft.NFT_REG_VERDICT) return this.#say({ vmap: left, map: { set } });
    if (dreg !== undefined) return this.#hold(dreg, { source: { map: set, key: left } });
    const op = flags & nft.NFT_LOOKUP_F_INV ? '!=' : '==';
    if (!known.list) return this.#say({ match: left, op, to: { set } });
    const elements = known.list(left.map(typeOf));
    this.#say({ match: left, op, to: left.length > 1 ? (elements[0] ?? []) : elements.map(([value]) => value!) });
  }

  #update({ set = '', op, sregKey, sregData }: Extract<NftExpression, { name: 'dynset' }>): void {
    const known = this.sets(set);
    if (!known || op !== nft.NFT_DYNSET_OP_UPDATE) throw new NoWord();
    const { data: types } = known;
    const key = this.#heldFrom(sregKey, known.keyLength, known.key);
    if (sregData === undefined) return this.#say({ update: { set }, key: this.#expressions(key, known.key) });
    if (!types || types === 'verdict') throw new NoWord();
    const data = this.#heldFrom(sregData, lengthOf(types), types);
    // Named together, since dependencies of both stand before both.
    const all = this.#expressions([...key, ...data], known.key && [...known.key, ...types]);
    this.#say({ update: { set }, key: all.slice(0, key.length), data: all.slice(key.length) });
  }

  #nat({ type, family, addrMin, protoMin }: Extract<NftExpression, { name: 'nat' }>): void {
    const { source } = this.#held(addrMin);
    const base = { nat: type === nft.NFT_NAT_DNAT ? 'dnat' : 'snat', family: family === 2 ? 'ip' : 'ip6' } as const;
    if ('map' in source) {
      const { map, key } = source;
      return this.#say({ ...base, to: { key, map: { set: map }, port: protoMin !== undefined } });
    }
    const ip = 'bytes' in source ? readValue(family === 2 ? 'ipv4_addr' : 'ipv6_addr', source.bytes) : undefined;
    if (!(ip instanceof Ip)) throw new NoWord();
    if (protoMin === undefined) return this.#say({ ...base, to: { ip } });
    const port = this.#held(protoMin).source;
    if (!('bytes' in port)) throw new NoWord();
    this.#say({ ...base, to: { ip, port: readValue('inet_service', port.bytes) as number } });
  }

  #setMark({ name, key, sreg }: Extract<NftExpression, { name: 'meta' | 'ct' }>): void {
    const held = this.#held(sreg);
    const { source, mask, xor } = held;
    if (key !== (name === 'meta' ? nft.NFT_META.mark : nft.NFT_CT.mark)) throw new NoWord();
    if ('bytes' in source) return this.#say({ setMark: name, value: hostNumber(source.bytes) });
    if (!('load' in source) || source.load.name !== name || source.load.key !== key || !mask || !xor)
      throw new NoWord();
    this.#say({ setMark: name, value: hostNumber(xor), mask: ~hostNumber(mask) >>> 0 });
  }

  /** Whether the comparison waits to be taken for some field's dependency. */
  #suspend({ source, mask }: Held, op: Comparison, data: Uint8Array): boolean {
    if (op !== '==' || mask || !('load' in source) || source.load.name !== 'meta') return false;
    const { key } = source.load;
    const { nfproto, l4proto, protocol, iiftype } = nft.NFT_META;
    if (key !== nfproto && key !== l4proto && key !== protocol && key !== iiftype) return false;
    const field = (['meta nfproto', 'meta l4proto', 'meta protocol'] as const).find(
      name => (FIELDS[name].load as { key?: number }).key === key,
    );
    const statement: Statement = field
      ? { match: [{ field }], op, to: readValue(FIELD_TYPES[field], data) }
      : { unknown: 'meta' };
    this.#pending.push({ meta: key, data: data.join(), statement });
    return true;
  }

  #concatenation(register: number | undefined, length: number, types: readonly ValueType[] | undefined): Expression[] {
    return this.#expressions(this.#heldFrom(register, length, types), types);
  }

  /** What consecutive registers hold, `length` bytes in all. */
  #heldFrom(register: number | undefined, length: number, types: readonly ValueType[] | undefined): Held[] {
    const held: Held[] = [];
    let slot = slotOf(register);
    for (const end = slot + Math.ceil(length / 4); slot < end; ) {
      const one = this.#registers.get(slot);
      const size = one && heldSize(one, types?.[held.length]);
      if (!size) throw new NoWord();
      held.push(one);
      slot += Math.ceil(size / 4);
    }
    return held;
  }

  #expression(held: Held): Expression {
    return this.#expressions([held], undefined)[0]!;
  }

  /** Gives names to what registers hold, and takes the dependencies of these names from what is pending. */
  #expressions(held: readonly Held[], types: readonly ValueType[] | undefined): Expression[] {
    const named = held.map((one, i) => this.#name(one, types?.[i]));
    for (const expression of named) {
      if (!('field' in expression)) continue;
      for (const dependency of dependencies(expression.field, this.family)) this.#imply(dependency);
    }
    return named;
  }

  #name(held: Held, type: ValueType | undefined): Expression {
    const { source, mask, xor } = held;
    if ('map' in source || xor?.some(Boolean)) throw new NoWord();
    if ('numgen' in source) {
      const { type: kind, modulus = 0, offset } = source.numgen;
      const numgen = kind === nft.NFT_NG_RANDOM ? 'random' : 'inc';
      return { numgen, mod: modulus, ...(offset && { offset }) };
    }
    if ('bytes' in source) {
      if (!type) throw new NoWord();
      return { value: readValue(type, source.bytes), type } as Expression;
    }
    const field = this.#field(source.load);
    if (!mask || FIELD_TYPES[field].endsWith('_addr')) return { field };
    return { field, mask: numberIn(FIELD_TYPES[field], mask) };
  }

  /** The most telling name whose dependencies hold: `tcp dport` before `th dport`. */
  #field(load: Load): Field {
    let best: Field | undefined;
    for (const name of fieldsOf(load)) {
      if (!dependencies(name, this.family).every(dependency => this.#holds(dependency))) continue;
      if (!best || FIELDS[name].needs.length > FIELDS[best].needs.length) best = name;
    }
    if (!best) throw new NoWord();
    return best;
  }

  #holds({ meta, data }: Dependency): boolean {
    return (
      this.#known.get(meta) === data.join() || this.#pending.some(one => one.meta === meta && one.data === data.join())
    );
  }

  #imply({ meta, data }: Dependency): void {
    if (this.#known.get(meta) === data.join()) return;
    const at = this.#pending.findLastIndex(one => one.meta === meta && one.data === data.join());
    this.#pending.splice(at, 1);
    this.#known.set(meta, data.join());
  }

  #hold(register: number | undefined, held: Held): void {
    this.#registers.set(slotOf(register), held);
  }

  #held(register: number | undefined): Held {
    const held = this.#registers.get(slotOf(register));
    if (!held) throw new NoWord();
    return held;
  }

  #say(statement: Statement): void {
    this.#flush();
    this.#statements.push(statement);
  }

  /** Matches that were nobody's dependency were meant. */
  #flush(): void {
    this.#statements.push(...this.#pending.map(({ statement }) => statement));
    this.#pending = [];
  }
}

function matchOf(left: Expression, type: ValueType, held: Held, op: Comparison, data: Uint8Array): Statement {
  const { mask } = held;
  if (mask && type.endsWith('_addr')) return { match: [left], op, to: prefixOf(data, mask) };
  if (mask && BIT_TYPES.has(type) && op === '!=' && !data.some(Boolean) && 'field' in left)
    return { match: [{ field: left.field }], op: '==', to: readValue(type, mask) };
  if (type === 'ifname' && data.length < sizeOf(type))
    return { match: [left], op, to: `${new TextDecoder().decode(data)}*` };
  return { match: [left], op, to: ordered(type, held, data) as Value };
}

function ordered(type: ValueType, { swapped }: Held, data: Uint8Array): Value {
  return readValue(type, swapped && isHostOrder(type) ? data.slice().reverse() : data);
}

/** An address under a mask that is a prefix. */
function prefixOf(data: Uint8Array, mask: Uint8Array): Cidr {
  if (data.length !== mask.length || (data.length !== 4 && data.length !== 16)) throw new NoWord();
  const bits = Array.from(mask, byte => byte.toString(2).padStart(8, '0')).join('');
  const prefix = bits.lastIndexOf('1') + 1;
  if (bits.indexOf('0') < prefix && bits.includes('0')) throw new NoWord();
  return Cidr.containing(new Ip(data.slice()), prefix);
}

function numberIn(type: ValueType, bytes: Uint8Array): number {
  return isHostOrder(type) ? hostNumber(bytes) : bytes.reduce((sum, byte) => 256 * sum + byte, 0);
}

function lengthOf(types: readonly ValueType[]): number {
  return types.reduce((sum, type) => sum + paddedSize(type), 0);
}

function heldSize({ source }: Held, type: ValueType | undefined): number | undefined {
  if ('numgen' in source) return 4;
  if ('bytes' in source) return source.bytes.length;
  if ('map' in source) return undefined;
  if (source.load.name === 'payload') return source.load.len;
  const field = fieldsOf(source.load)[0];
  return field ? sizeOf(FIELD_TYPES[field]) : type && sizeOf(type);
}

/** Four-byte steps from the first data register; the kernel has two names for some. */
function slotOf(register: number | undefined): number {
  if (register === undefined) throw new NoWord();
  return register >= nft.NFT_REG32_00 ? register - nft.NFT_REG32_00 : 4 * (register - nft.NFT_REG_1);
}
