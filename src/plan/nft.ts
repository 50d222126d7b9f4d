/** Short words for podwire's nftables objects: everything that features plan lives in the one table and comes in two families. */

import { type Cause, TABLE } from '../kernel/kind.js';
import type {
  DataType,
  Expression,
  Field,
  NftChain,
  NftElement,
  NftRule,
  NftSet,
  NftSlots,
  Statement,
  TableFamily,
  Value,
  Verdict,
} from '../kernel/nft-objects.js';
import type { Family, Ip } from '../net/ip.js';
import { HOOKS } from './hooks.js';

export const FAMILIES: readonly Family[] = [4, 6];

/** nft's words that differ between the families. */
export const WORDS = {
  4: {
    address: 'ipv4_addr',
    source: 'ip saddr',
    destination: 'ip daddr',
    original: 'ct original ip daddr',
    nat: 'ip',
  },
  6: {
    address: 'ipv6_addr',
    source: 'ip6 saddr',
    destination: 'ip6 daddr',
    original: 'ct original ip6 daddr',
    nat: 'ip6',
  },
} as const;

/** A base chain from the table of hooks. */
export function baseChain(name: keyof typeof HOOKS, rules: readonly NftRule[], family: TableFamily = 'inet'): NftChain {
  return { kind: 'chain', family, table: TABLE, name, base: HOOKS[name], rules };
}

export function chain(name: string, rules: readonly NftRule[], family: TableFamily = 'inet'): NftChain {
  return { kind: 'chain', family, table: TABLE, name, rules };
}

export function rule(cause: Cause, ...statements: readonly Statement[]): NftRule {
  return { statements, cause };
}

interface SetOptions<T = DataType> {
  readonly data?: readonly T[] | 'verdict';
  readonly interval?: boolean;
  readonly dynamic?: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly family?: TableFamily;
}

export function set(name: string, key: readonly DataType[], options: SetOptions = {}): NftSet {
  const { family = 'inet', ...rest } = options;
  return { kind: 'set', family, table: TABLE, name, key, ...rest };
}

/** A set per IP family: `pods` becomes `pods4` and `pods6`, and the type `ip` the family's address type. */
export function setPair(
  name: string,
  key: readonly (DataType | 'ip')[],
  options: SetOptions<DataType | 'ip'> = {},
): NftSet[] {
  return FAMILIES.map(family => {
    const type = (word: DataType | 'ip') => (word === 'ip' ? WORDS[family].address : word);
    const { data, ...rest } = options;
    const types = data && (data === 'verdict' ? data : data.map(type));
    return set(`${name}${family}`, key.map(type), types ? { ...rest, data: types } : rest);
  });
}

export function element(
  set: string,
  key: readonly Value[],
  cause: Cause,
  data?: readonly Value[] | Verdict,
  family: TableFamily = 'inet',
): NftElement {
  return { kind: 'element', family, table: TABLE, set, key, data, cause };
}

/** `data[i]` under `key . i`. */
export function slots(set: string, key: readonly Value[], cause: Cause, data: readonly (readonly Value[])[]): NftSlots {
  return { kind: 'slots', family: 'inet', table: TABLE, set, key, data, cause };
}

export function field(name: Field): Expression {
  return { field: name };
}

/** `fields @set`: the concatenation of the fields is in the set. */
export function inSet(set: string, ...fields: readonly Field[]): Statement {
  return { match: fields.map(field), op: '==', to: { set } };
}

export function notInSet(set: string, ...fields: readonly Field[]): Statement {
  return { match: fields.map(field), op: '!=', to: { set } };
}

export function is(name: Field, to: Value | readonly Value[]): Statement {
  return { match: [field(name)], op: '==', to };
}

export function isNot(name: Field, to: Value): Statement {
  return { match: [field(name)], op: '!=', to };
}

/** SNAT to that address, ports as the kernel needs them. */
export function snat(ip: Ip): Statement {
  return { nat: 'snat', family: WORDS[ip.family].nat, to: { ip } };
}
