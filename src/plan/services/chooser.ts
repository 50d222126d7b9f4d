/** The chains that choose an endpoint: one for each number of endpoints and each way of choosing, whatever the number of Services. */

import type { NftChain, NftRule, Verdict } from '../../kernel/nft-objects.js';
import type { Family } from '../../net/ip.js';
import { chain, field, notInSet, rule, WORDS } from '../nft.js';
import { affinityMap } from './affinity.js';
import type { Front } from './fronts.js';

export interface Chooser {
  readonly name: string;
  /** What it is made of, to be wanted by every Service that uses it. */
  readonly chains: readonly NftChain[];
  readonly verdict: Verdict;
}

/** How a front chooses. The same value gives the same chooser. */
export interface Choice {
  readonly family: Family;
  readonly from: Front['from'];
  /** How many targets there are, at least 1. */
  readonly targets: number;
  /** Session affinity, in seconds. */
  readonly affinity?: number;
  /** Whether clients outside of the front's source ranges are dropped. */
  readonly guarded: boolean;
}

export function chooser({ family, from, targets, affinity, guarded }: Choice): Chooser {
  const uniform = (CHOOSERS[from][family][targets] ??= choose(family, from, targets));
  if (affinity === undefined && !guarded) return uniform;
  const chosen = affinity === undefined ? uniform : sticky(uniform, family, affinity);
  return guarded ? guard(chosen, family) : chosen;
}

const CHOOSERS: Record<Front['from'], Record<Family, Chooser[]>> = { any: { 4: [], 6: [] }, outside: { 4: [], 6: [] } };

/** Which chooser a front goes to, and what stands in its slots. */
export const MAPS = {
  any: {
    4: { fronts: 'services4', endpoints: 'endpoints4' },
    6: { fronts: 'services6', endpoints: 'endpoints6' },
  },
  outside: {
    4: { fronts: 'outside-services4', endpoints: 'outside-endpoints4' },
    6: { fronts: 'outside-services6', endpoints: 'outside-endpoints6' },
  },
} as const;

/** What a packet says of its front: the key of every map of Services. */
export const frontKey = (family: Family) =>
  [field(WORDS[family].destination), field('meta l4proto'), field('th dport')] as const;

/** Exactly uniform: a random slot of N equal ones, then the target in that slot. */
function choose(family: Family, from: Front['from'], n: number): Chooser {
  const key = [...frontKey(family), { numgen: 'random', mod: n } as const];
  const map = { set: MAPS[from][family].endpoints };
  const dnat = { nat: 'dnat', family: WORDS[family].nat, to: { key, map, port: true } } as const;
  return made(`${from === 'any' ? 'choose' : 'choose-local'}${family}-${n}`, [], [rule(`one of ${n} endpoints`, dnat)]);
}

/** Where the client was before, as long as that is remembered; a key that is not in the map leaves the rule to the next one. */
function sticky(next: Chooser, family: Family, seconds: number): Chooser {
  const key = [field(WORDS[family].source), ...frontKey(family)];
  const map = { set: affinityMap(family, seconds) };
  const again = { nat: 'dnat', family: WORDS[family].nat, to: { key, map, port: true } } as const;
  const rules = [rule(`same client, same endpoint for ${seconds} s`, again), rule('a new client', next.verdict)];
  return made(`sticky-${seconds}-${next.name}`, next.chains, rules);
}

/** Only new connections come here: one that was let in stays when the ranges change. */
function guard(next: Chooser, family: Family): Chooser {
  const { destination, source } = WORDS[family];
  const stranger = notInSet(`source-ranges${family}`, destination, 'meta l4proto', 'th dport', source);
  const rules = [rule('not of the source ranges', stranger, { verdict: 'drop' }), rule('allowed', next.verdict)];
  return made(`guard-${next.name}`, next.chains, rules);
}

function made(name: string, others: readonly NftChain[], rules: readonly NftRule[]): Chooser {
  return { name, chains: [chain(name, rules), ...others], verdict: { verdict: 'goto', chain: name } };
}
