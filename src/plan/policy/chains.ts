/**
 * What decides of one Pod's connections in one direction, as chains: tier by tier, rule by rule, and last what a NetworkPolicy's
 * isolation leaves. Pods for whom the same is decided share them.
 */

import { hash } from 'node:crypto';
import type { NftChain, NftRule, Statement, Verdict } from '../../kernel/nft-objects.js';
import { formatRule } from '../../kernel/nft-text.js';
import type { PolicyEntry, PolicyRule } from '../../model/policy.js';
import type { Family } from '../../net/ip.js';
import { chain, inSet, rule } from '../nft.js';
import { type Direction, END, NO_CONNECTION } from './direction.js';
import { alternatives } from './match.js';
import type { NamedPort } from './ports.js';

export interface Judgement {
  readonly chains: readonly NftChain[];
  /** `accept`: nothing stands in the way, in this direction. */
  readonly verdict: Verdict;
}

/** Of connections of one family. `policies` are those that concern the Pod, `own` its ports. */
export function judgement(
  policies: readonly PolicyEntry[],
  direction: Direction,
  family: Family,
  own: readonly NamedPort[],
): Judgement {
  const speaking = policies.filter(policy => policy[direction] !== undefined);
  const ofTier = (tier: PolicyEntry['tier']) => speaking.filter(policy => policy.tier === tier).sort(inOrder);
  const rules = (policies: readonly PolicyEntry[], next: Verdict) =>
    policies.flatMap(policy => rulesOf(policy, direction, family, own, next));
  const isolating = ofTier('NetworkPolicy');
  const [admin, baseline] = [ofTier('Admin'), ofTier('Baseline')];
  // Most packets are allowed by a rule: only then is asked what else may save one.
  const last = isolating.length
    ? [...rules(isolating, ACCEPT), itself(family), isolation(isolating, direction)]
    : denying(rules(baseline, ACCEPT), family);
  const rest = before(NOBODY_ASKED, direction, last);
  const first = denying(rules(admin, rest.verdict), family, rest.chains.length > 0);
  return before(rest, direction, first);
}

const ACCEPT: Verdict = { verdict: 'accept' };
const DROP: Verdict = { verdict: 'drop' };

/** Of a tier that denies: what it must not, before, and what no rule of it can have known, after. */
function denying(rules: readonly NftRule[], family: Family, isFollowed = false): NftRule[] {
  if (rules.length === 0) return [];
  return [itself(family), ...rules, ...(isFollowed ? [] : [STRAY])];
}

const STRAY = rule('no connection', NO_CONNECTION, { counter: true }, DROP);

const NOBODY_ASKED: Judgement = { chains: [], verdict: ACCEPT };

/** By priority; of equal ones, whose order the API leaves open, by name. */
function inOrder(a: PolicyEntry, b: PolicyEntry): number {
  return a.priority - b.priority || (a.key < b.key ? -1 : 1);
}

/** Those rules, then what there is already. */
function before({ chains, verdict }: Judgement, direction: Direction, rules: readonly NftRule[]): Judgement {
  if (rules.length === 0) return { chains, verdict };
  const all = chains.length ? [...rules, rule('next tier', verdict)] : rules;
  const name = `policy-${direction}-${hash('sha256', all.map(formatRule).join('\n')).slice(0, 20)}`;
  return { chains: [chain(name, all), ...chains], verdict: { verdict: 'goto', chain: name } };
}

/** A Pod that reaches itself, by its Service. */
function itself(family: Family): NftRule {
  return rule('the Pod itself', inSet(`hairpin${family}`, END.egress[family], END.ingress[family]), ACCEPT);
}

function rulesOf(
  policy: PolicyEntry,
  direction: Direction,
  family: Family,
  own: readonly NamedPort[],
  next: Verdict,
): NftRule[] {
  return policy[direction]!.flatMap((one, i) =>
    alternatives(one, direction, family, own).map(match =>
      rule(cause(`${policy.key} ${direction} ${i + 1}`), ...match, ...ending(one.action, next)),
    ),
  );
}

function ending(action: PolicyRule['action'], next: Verdict): readonly Statement[] {
  if (action === 'Deny') return [{ counter: true }, DROP];
  return [action === 'Pass' ? next : ACCEPT];
}

function isolation(policies: readonly PolicyEntry[], direction: Direction): NftRule {
  return rule(
    cause(`isolated for ${direction} by ${policies.map(({ key }) => key).join(', ')}`),
    { counter: true },
    DROP,
  );
}

/** As much as the kernel keeps of a comment, in bytes. */
function cause(text: string): string {
  return text.slice(0, 127);
}
