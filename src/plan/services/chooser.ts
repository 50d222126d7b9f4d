/** The chain that chooses one of N endpoints: one chain per N and family, whatever the number of Services. */

import type { NftChain, Verdict } from '../../kernel/nft-objects.js';
import type { Family } from '../../net/ip.js';
import { chain, field, rule, WORDS } from '../nft.js';

export interface Chooser {
  /** Wanted by every Service that has a port with N endpoints. */
  readonly chain: NftChain;
  readonly verdict: Verdict;
}

/** Exactly uniform: a random slot of N equal ones, then the target in that slot. The same value for the same N. */
export function chooser(family: Family, n: number): Chooser {
  return (CHOOSERS[family][n] ??= make(family, n));
}

const CHOOSERS: Record<Family, Chooser[]> = { 4: [], 6: [] };

function make(family: Family, n: number): Chooser {
  const { destination, nat } = WORDS[family];
  const key = [field(destination), field('meta l4proto'), field('th dport'), { numgen: 'random', mod: n } as const];
  const dnat = { nat: 'dnat', family: nat, to: { key, map: { set: `endpoints${family}` }, port: true } } as const;
  const name = `choose${family}-${n}`;
  const cause = `one of ${n} endpoints`;
  return {
    chain: chain(name, [rule(cause, dnat)]),
    verdict: { verdict: 'goto', chain: name },
  };
}
