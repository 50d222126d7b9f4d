/** Values in packets and what rules compare them with: addresses, numbers, names. Knows types, not where a value comes from. */

import type { Comparison, Value } from '../kernel/nft-objects.js';
import { numberOf, type ValueType } from '../kernel/nft-values.js';
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';

/** What a field of a packet holds. */
export type Known = Ip | number | string;

/** What a field holds that depends on more than the trace knows, in words. */
export class Unknowable {
  constructor(readonly what: string) {}
}

/** Values of this type are bits: a comparison with some of them asks whether one is set. */
const BITS: ReadonlySet<ValueType> = new Set(['ct_state', 'ct_status', 'tcp_flag']);

/** Whether `value op to`, as nft means it; `masked`: bits are compared as a number. */
export function compare(value: Known, op: Comparison, to: Value, type: ValueType, masked = false): boolean {
  if (op === '==' && BITS.has(type) && !masked) {
    const bits = numberOf(to as number | string, type) ?? 0;
    return bits === 0 ? value === 0 : ((value as number) & bits) !== 0;
  }
  if (op === '==') return isIn(value, to, type);
  if (op === '!=') return !isIn(value, to, type);
  const order = orderOf(value, to as Known, type);
  return op === '<' ? order < 0 : op === '<=' ? order <= 0 : op === '>' ? order > 0 : order >= 0;
}

/** Whether it is that value, or in that prefix or range. */
export function isIn(value: Known, wanted: Value, type: ValueType): boolean {
  if (wanted === '*') return true;
  if (wanted instanceof Cidr) return value instanceof Ip && wanted.contains(value);
  if (wanted instanceof Ip) return value instanceof Ip && wanted.equals(value);
  if (typeof wanted === 'object') return orderOf(value, wanted.from, type) >= 0 && orderOf(value, wanted.to, type) <= 0;
  if (type === 'ifname') return isNamed(String(value), String(wanted));
  return canonical(value, type) === canonical(wanted, type);
}

/** The same text for all spellings of a value. */
export function canonical(value: Known, type: ValueType): string {
  if (value instanceof Ip) return value.toString();
  if (type === 'ifname') return String(value);
  if (type === 'ether_addr') return String(value).toLowerCase();
  return String(numberOf(value, type) ?? value);
}

/** nft's wildcard: names that begin so. */
function isNamed(name: string, wanted: string): boolean {
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}

function orderOf(a: Known, b: Known, type: ValueType): number {
  if (a instanceof Ip && b instanceof Ip) return a.compare(b);
  return Number(numberOf(a as number | string, type)) - Number(numberOf(b as number | string, type));
}
