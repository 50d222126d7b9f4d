/** The way of a packet through one base chain and those it leads to. Knows verdicts, not what makes a rule match. */

import type { NftChain } from '../kernel/nft-objects.js';
import { CannotTell } from './cannot-tell.js';
import type { Passage } from './fields.js';
import { type Journey, type Over, over } from './journey.js';
import { evaluate, type Said } from './statements.js';

/** NFT_JUMP_STACK_SIZE of net/netfilter/nf_tables.h. */
const DEEPEST = 16;

/** Undefined: the packet goes on to what else is at the hook. */
export function runBaseChain(journey: Journey, passage: Passage, chain: NftChain): Over | undefined {
  const { policy = 'accept' } = chain.base!;
  const result = run(journey, passage, chain, 0);
  const where = `chain ${chain.name} of ${chain.family} ${chain.table}`;
  if (result.verdict === 'accept') return undefined;
  if (result.verdict === 'reject') return over('refused', `${result.as} by ${result.by}`, result.cause);
  if (result.verdict === 'drop') return over('dropped', `by ${result.by}`, result.cause);
  if (policy === 'accept') return undefined;
  journey.say(passage.place, 'rule', `${where}: no rule decides`, 'drop');
  return over('dropped', `by the policy of ${where}`);
}

type Result = (
  | Exclude<Said, { readonly verdict: 'jump' | 'goto' | 'return' }>
  | { readonly verdict: 'accept' | 'drop' | 'none' }
) & { readonly by: string; readonly cause?: string };

/** 'none': its end was reached, and who jumped here goes on; who was left by `goto` does not. */
function run(journey: Journey, passage: Passage, chain: NftChain, depth: number): Result {
  for (const [i, rule] of chain.rules.entries()) {
    const by = `chain ${chain.name} rule ${i + 1}`;
    let said: Said | undefined;
    try {
      said = evaluate(journey, passage, chain, rule);
    } catch (error) {
      throw error instanceof CannotTell ? error.at(by) : error;
    }
    if (!said) continue;
    if (said.verdict === 'return') break;
    if (said.verdict !== 'jump' && said.verdict !== 'goto')
      return { ...said, by, ...(rule.cause !== undefined && { cause: rule.cause }) } as Result;
    const next = passage.place.kernel.chain(chain, said.chain);
    if (!next || depth === DEEPEST) throw new CannotTell(`${by}: no way to chain ${said.chain}`);
    const result = run(journey, passage, next, depth + 1);
    if (result.verdict !== 'none' || said.verdict === 'goto') return result;
  }
  return { verdict: 'none', by: '' };
}
