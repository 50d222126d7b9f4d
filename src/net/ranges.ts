/** Sets of addresses as disjoint ranges: what prefixes have together, less what they leave out. Knows numbers, not who is there. */

import { Cidr } from './cidr.js';
import { type Family, Ip } from './ip.js';

/** Both ends included, of one family. */
export interface IpRange {
  readonly from: Ip;
  readonly to: Ip;
}

export interface Block {
  readonly cidr: Cidr;
  readonly except: readonly Cidr[];
}

/** The addresses of any of the blocks: ascending, neither overlapping nor touching; a prefix wherever a range is one. */
export function union(blocks: readonly Block[], family: Family): readonly (Cidr | IpRange)[] {
  const pieces = blocks.filter(({ cidr }) => cidr.family === family).flatMap(subtract);
  return joined(pieces).map(([from, to]) => named(from, to, family));
}

type Numbers = readonly [from: bigint, to: bigint];

function subtract({ cidr, except }: Block): Numbers[] {
  const holes = joined(except.filter(hole => hole.family === cidr.family).map(bounds));
  const pieces: Numbers[] = [];
  let [next, last] = bounds(cidr);
  for (const [from, to] of holes) {
    if (to < next || from > last) continue;
    if (from > next) pieces.push([next, from - 1n]);
    next = to + 1n;
  }
  if (next <= last) pieces.push([next, last]);
  return pieces;
}

function bounds(cidr: Cidr): Numbers {
  return [cidr.ip.toBigInt(), cidr.last.toBigInt()];
}

function joined(ranges: readonly Numbers[]): Numbers[] {
  const out: [bigint, bigint][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
    const previous = out.at(-1);
    if (previous && from <= previous[1] + 1n) previous[1] = to > previous[1] ? to : previous[1];
    else out.push([from, to]);
  }
  return out;
}

function named(from: bigint, to: bigint, family: Family): Cidr | IpRange {
  const first = Ip.fromBigInt(from, family);
  const width = (to - from + 1n).toString(2);
  const prefix = first.bytes.length * 8 - (width.length - 1);
  const cidr = Cidr.containing(first, prefix);
  const isPrefix = !width.slice(1).includes('1') && cidr.ip.equals(first);
  return isPrefix ? cidr : { from: first, to: Ip.fromBigInt(to, family) };
}
