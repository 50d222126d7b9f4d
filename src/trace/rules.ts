/** One base chain and one packet: which rules match, what they do, and how it ends. Knows nft's language, not the hooks. */

import type { NftChain, NftRule, Statement, Value, Verdict } from '../kernel/nft-objects.js';
import { formatRule } from '../kernel/nft-text.js';
import { FIELD_TYPES, numberOf } from '../kernel/nft-values.js';
import type { Ip } from '../net/ip.js';
import { CannotTell } from './cannot-tell.js';
import { setNat } from './conntrack.js';
import { evaluate, type View } from './fields.js';
import { type Found, includes, type Seen } from './sets.js';

export type Outcome = 'accept' | 'drop' | 'reject';

/** Something that a rule did, in words, and who wanted the rule or the element that decided. */
export interface Deed {
  readonly text: string;
  readonly cause?: string;
}

/** What a rule decided: go on with the next, leave this chain, or be done. */
type Said = 'next' | 'break' | 'return' | Outcome;

/** Runs the chain to its policy; `deeds` takes what happened. Throws CannotTell for what it does not understand. */
export function runChain(chain: NftChain, view: View, deeds: Deed[]): Outcome {
  const said = follow(chain, view, deeds, 0);
  if (said !== 'next' && said !== 'return' && said !== 'break') return said;
  const dropped = chain.base?.policy === 'drop';
  if (dropped) deeds.push({ text: `policy of chain ${chain.name}: drop` });
  return dropped ? 'drop' : 'accept';
}

/** NFT_JUMP_STACK_SIZE of net/netfilter/nf_tables.h. */
const DEPTH = 16;

function follow(chain: NftChain, view: View, deeds: Deed[], depth: number): Said {
  if (depth > DEPTH) throw new CannotTell(`chain ${chain.name} is deeper than the kernel's stack`);
  for (const rule of chain.rules) {
    const said = obey(rule, chain, view, deeds, depth);
    if (said !== 'next' && said !== 'break') return said;
  }
  return 'next';
}

function obey(rule: NftRule, chain: NftChain, view: View, deeds: Deed[], depth: number): Said {
  try {
    for (const statement of rule.statements) {
      const said = one(statement, rule, chain, view, deeds, depth);
      if (said !== 'next') return said;
    }
    return 'next';
  } catch (error) {
    throw error instanceof CannotTell ? error.at(`rule "${formatRule(rule)}" of chain ${chain.name}`) : error;
  }
}

function one(statement: Statement, rule: NftRule, chain: NftChain, view: View, deeds: Deed[], depth: number): Said {
  if ('match' in statement) return matches(statement, chain, view) ? 'next' : 'break';
  if ('vmap' in statement) {
    const found = lookUp(chain, statement.map.set, statement.vmap, view);
    if (!found?.data || !('verdict' in found.data)) return 'break';
    return decide(found.data, found.cause ?? rule.cause, chain, view, deeds, depth);
  }
  if ('verdict' in statement) return decide(statement, rule.cause, chain, view, deeds, depth);
  if ('nat' in statement) return translate(statement, rule, chain, view, deeds);
  if ('masquerade' in statement) return masquerade(rule, view, deeds);
  if ('reject' in statement) {
    deeds.push({ text: `refused with ${statement.reject}`, cause: rule.cause });
    return 'reject';
  }
  if ('notrack' in statement) {
    view.packet.tracking = 'untracked';
    return 'next';
  }
  if ('setMark' in statement) {
    const { setMark, value, mask = 0xffffffff } = statement;
    const { packet } = view;
    if (setMark === 'meta') packet.mark = ((packet.mark & ~mask) | (value & mask)) >>> 0;
    else if (typeof packet.tracking === 'object')
      packet.tracking.connection.mark = ((packet.tracking.connection.mark & ~mask) | (value & mask)) >>> 0;
    return 'next';
  }
  if ('update' in statement) {
    if (statement.key.some(expression => evaluate(expression, view) === undefined)) return 'break';
    deeds.push({ text: `learnt in ${statement.update.set}`, cause: rule.cause });
    return 'next';
  }
  if ('unknown' in statement) throw new CannotTell(`${statement.unknown} has no word here`);
  // A counter, a log and a limit that is not reached let everything pass.
  return 'next';
}

type Match = Extract<Statement, { readonly match: unknown }>;

function matches({ match, op, to }: Match, chain: NftChain, view: View): boolean {
  const seen = match.map(expression => evaluate(expression, view));
  // A field that the packet does not have: the rule is for others, whatever the comparison.
  if (seen.some(value => value === undefined)) return false;
  const values = seen as Seen[];
  const first = match[0]!;
  const type = 'field' in first ? FIELD_TYPES[first.field] : undefined;
  if (typeof to === 'object' && 'set' in to) {
    const set = view.namespace.set(chain, to.set);
    if (!set) throw new CannotTell(`there is no set ${to.set}`);
    return (set.find(values) !== undefined) === (op === '==');
  }
  if (Array.isArray(to)) {
    const list = to as readonly Value[];
    const isIn =
      match.length > 1
        ? list.every((value, i) => includes(value, values[i]!, undefined))
        : list.some(value => includes(value, values[0]!, type));
    return isIn === (op === '==');
  }
  const value = to as Value;
  const masked = 'mask' in first && first.mask !== undefined;
  // Of bits, `==` asks whether any of them is there.
  if (!masked && (type === 'ct_state' || type === 'ct_status' || type === 'tcp_flag') && op === '==')
    return ((values[0] as number) & (numberOf(value as string, type) ?? 0)) !== 0;
  if (op === '==' || op === '!=') return includes(value, values[0]!, type) === (op === '==');
  const [left, right] = [values[0] as number, numberOf(value as number, type)!];
  return op === '<' ? left < right : op === '<=' ? left <= right : op === '>' ? left > right : left >= right;
}

function decide(
  verdict: Verdict,
  cause: string | undefined,
  chain: NftChain,
  view: View,
  deeds: Deed[],
  depth: number,
): Said {
  if (verdict.verdict === 'accept') return 'accept';
  if (verdict.verdict === 'continue') return 'next';
  if (verdict.verdict === 'return') return 'return';
  if (verdict.verdict === 'drop') {
    deeds.push({ text: 'dropped', cause });
    return 'drop';
  }
  if (!('chain' in verdict)) return 'next';
  const target = view.namespace.chain(chain, verdict.chain);
  if (!target) throw new CannotTell(`there is no chain ${verdict.chain}`);
  if (cause !== undefined) deeds.push({ text: `by ${verdict.chain}`, cause });
  const said = follow(target, view, deeds, depth + 1);
  if (said === 'accept' || said === 'drop' || said === 'reject') return said;
  // Behind a goto the chain it came from is not gone on with.
  return verdict.verdict === 'goto' ? 'return' : 'next';
}

type Nat = Extract<Statement, { readonly nat: unknown }>;

function translate({ nat, family, to }: Nat, rule: NftRule, chain: NftChain, view: View, deeds: Deed[]): Said {
  const { tracking, family: own } = view.packet;
  if (own !== (family === 'ip' ? 4 : 6) || typeof tracking !== 'object') return 'break';
  const found: Found | undefined = 'map' in to ? lookUp(chain, to.map.set, to.key, view) : { data: [to.ip] };
  // A key that the map does not have leaves the rule.
  if (!found?.data || 'verdict' in found.data) return 'break';
  const ip = found.data[0] as Ip;
  const port = 'map' in to ? (to.port ? (found.data[1] as number) : undefined) : to.port;
  setNat(tracking.connection, nat, { ip, ...(port !== undefined && { port }) });
  const text = `${nat.toUpperCase()} to ${ip}${port === undefined ? '' : ` port ${port}`}`;
  deeds.push({ text, cause: found.cause ?? rule.cause });
  return 'accept';
}

function masquerade(rule: NftRule, view: View, deeds: Deed[]): Said {
  const { packet, namespace, oif } = view;
  const own = namespace.addresses.find(
    ({ link, ip }) => link === oif && ip.family === packet.family && !isLinkLocal(ip),
  );
  if (!own || typeof packet.tracking !== 'object') throw new CannotTell(`${oif} has no address to masquerade as`);
  setNat(packet.tracking.connection, 'snat', { ip: own.ip });
  deeds.push({ text: `masquerade as ${own.ip}`, cause: rule.cause });
  return 'accept';
}

function isLinkLocal(ip: Ip): boolean {
  return ip.family === 6 && ip.bytes[0] === 0xfe && (ip.bytes[1]! & 0xc0) === 0x80;
}

function lookUp(chain: NftChain, name: string, key: Match['match'], view: View): Found | undefined {
  const set = view.namespace.set(chain, name);
  if (!set) throw new CannotTell(`there is no map ${name}`);
  const seen = key.map(expression => evaluate(expression, view));
  return seen.some(value => value === undefined) ? undefined : set.find(seen as Seen[]);
}
