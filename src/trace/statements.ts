/** What one rule of nftables does with a packet. Knows statements; the way from rule to rule is chains.ts's. */

import type { Cause } from '../kernel/kind.js';
import type { Expression, NftChain, NftRule, SetRef, Statement, Value, Verdict } from '../kernel/nft-objects.js';
import { formatRule, formatVerdict } from '../kernel/nft-text.js';
import { FIELD_TYPES, formatValue, type ValueType } from '../kernel/nft-values.js';
import { Ip } from '../net/ip.js';
import { CannotTell } from './cannot-tell.js';
import { setNat } from './conntrack.js';
import type { Elements, Found } from './elements.js';
import { fieldOf, type Passage } from './fields.js';
import type { Journey } from './journey.js';
import { endText } from './packet.js';
import { linkAddress } from './source-address.js';
import { compare, type Known, Unknowable } from './values.js';

/** What a rule says of the packet's further way; undefined: the next rule. */
export interface Said {
  readonly verdict: 'accept' | 'drop' | 'reject' | 'return' | 'jump' | 'goto';
  /** Where `jump` and `goto` lead. */
  readonly chain?: string;
  /** What `reject` answers with. */
  readonly as?: string;
  /** Who wanted the element of a map that says so. */
  readonly cause?: Cause;
}

/** Evaluates the rule from left to right until a statement does not match or decides. */
export function evaluate(journey: Journey, passage: Passage, chain: NftChain, rule: NftRule): Said | undefined {
  const evaluation = new Evaluation(journey, passage, chain, rule);
  for (const statement of rule.statements) {
    const result = evaluation.run(statement);
    if (result === 'no match') return undefined;
    if (result !== undefined) return result;
  }
  return undefined;
}

type Result = Said | 'no match' | undefined;

class Evaluation {
  /** What chance chose, and what an element wanted: they belong to the step that follows. */
  #choice = '';
  #cause: Cause | undefined;

  constructor(
    readonly journey: Journey,
    readonly passage: Passage,
    readonly chain: NftChain,
    readonly rule: NftRule,
  ) {
    this.#cause = rule.cause;
  }

  run(statement: Statement): Result {
    if ('match' in statement) return this.#matches(statement) ? undefined : 'no match';
    if ('verdict' in statement) return this.#verdict(statement);
    if ('vmap' in statement) return this.#vmap(statement);
    if ('nat' in statement) return this.#nat(statement);
    if ('masquerade' in statement) return this.#masquerade(statement.fullyRandom === true);
    if ('reject' in statement) return this.#reject(statement.reject);
    if ('setMark' in statement) return this.#setMark(statement);
    if ('update' in statement) return this.#update(statement);
    if ('notrack' in statement) return this.#notrack();
    if ('unknown' in statement) throw new CannotTell(`the statement '${statement.unknown}' is not understood`);
    // counter, log, limit: one packet passes any limit, as it is the first.
    return undefined;
  }

  #verdict(verdict: Verdict): Said | undefined {
    if (verdict.verdict === 'continue') return undefined;
    this.#say('rule', formatVerdict(verdict));
    const { verdict: word, ...where } = verdict;
    return { verdict: word, ...where };
  }

  #matches({ match, op, to }: Extract<Statement, { match: readonly Expression[] }>): boolean {
    const values = this.#values(match);
    if (!values) return false;
    if (isSetRef(to)) return (this.#lookUp(to, values) !== undefined) === (op === '==');
    const known = values.map(value => {
      if (value instanceof Unknowable) throw new CannotTell(`it depends on ${value.what}`);
      return value;
    });
    const types = match.map(typeOf);
    if (Array.isArray(to)) {
      // A concatenation is compared with one tuple, a single field with a list of values.
      const list = to as readonly Value[];
      const found =
        known.length > 1
          ? known.every((value, i) => compare(value, '==', list[i]!, types[i]!, true))
          : list.some(value => compare(known[0]!, '==', value, types[0]!, true));
      return found === (op === '==');
    }
    const first = match[0]!;
    return compare(known[0]!, op, to as Value, types[0]!, 'mask' in first && first.mask !== undefined);
  }

  #vmap({ vmap, map }: Extract<Statement, { vmap: readonly Expression[] }>): Result {
    const values = this.#values(vmap);
    const found = values && this.#lookUp(map, values);
    if (!found) return 'no match';
    if (!found.data || !('verdict' in found.data)) throw new CannotTell(`map ${map.set} has no verdict for this key`);
    this.#cause = found.cause ?? this.#cause;
    const said = this.#verdict(found.data);
    return said && found.cause !== undefined ? { ...said, cause: found.cause } : said;
  }

  #nat({ nat, family, to }: Extract<Statement, { nat: string }>): Result {
    const { packet } = this.passage;
    // In a table of both families the statement passes over packets of the other one (nft_nat_inet_eval).
    if (packet.family !== (family === 'ip' ? 4 : 6)) return undefined;
    if (!('map' in to)) return this.#translate(nat, to);
    const values = this.#values(to.key);
    const found = values && this.#lookUp(to.map, values);
    if (!found) return 'no match';
    const [ip, port] = found.data && !('verdict' in found.data) ? found.data : [];
    if (!(ip instanceof Ip) || (to.port && typeof port !== 'number'))
      throw new CannotTell(`map ${to.map.set} has no address${to.port ? ' and port' : ''} for this key`);
    this.#cause = found.cause ?? this.#cause;
    return this.#translate(nat, { ip, ...(to.port && { port: port as number }) });
  }

  #masquerade(random: boolean): Result {
    const { packet, place, oif, via } = this.passage;
    const ip = linkAddress(place.kernel, oif, packet.destination, via);
    if (!ip) {
      this.#say('rule', `masquerade: ${oif} has no address, drop`);
      return { verdict: 'drop' };
    }
    return this.#translate('snat', { ip }, random ? ', any port' : '');
  }

  #translate(kind: 'dnat' | 'snat', to: { readonly ip: Ip; readonly port?: number }, more = ''): Result {
    const { tracking } = this.passage.packet;
    if (!tracking || tracking === 'untracked' || this.chain.base?.type === 'filter')
      throw new CannotTell('NAT of a packet that has no connection');
    setNat(tracking.connection, kind, to);
    this.#say('nat', `${kind.toUpperCase()} to ${endText(to.ip, to.port)}${more}`);
    return { verdict: 'accept' };
  }

  #reject(as: string): Result {
    this.#say('rule', `reject with ${as}`);
    return { verdict: 'reject', as };
  }

  #setMark({ setMark, value, mask = 0xffffffff }: Extract<Statement, { setMark: string }>): undefined {
    const { packet } = this.passage;
    const { tracking } = packet;
    const mark = (old: number) => ((old & ~mask) | (value & mask)) >>> 0;
    if (setMark === 'meta') packet.mark = mark(packet.mark);
    else if (tracking && tracking !== 'untracked') tracking.connection.mark = mark(tracking.connection.mark);
    this.#say('rule', `${setMark} mark set 0x${mark(0).toString(16)}`);
  }

  /** The effect is told, and not seen by this trace's own packets: they are of one connection. */
  #update({ update, key, data = [] }: Extract<Statement, { update: SetRef }>): Result {
    const all = [...key, ...data];
    const values = this.#values(all);
    if (!values) return 'no match';
    const text = values.map((value, i) => (value instanceof Unknowable ? '?' : formatValue(value, typeOf(all[i]!))));
    const parts = [text.slice(0, key.length), text.slice(key.length)].filter(part => part.length > 0);
    this.#say('rule', `update @${update.set} { ${parts.map(part => part.join(' . ')).join(' : ')} }`);
    return undefined;
  }

  #notrack(): undefined {
    const { packet } = this.passage;
    if (packet.tracking) return;
    packet.tracking = 'untracked';
    this.#say('rule', 'notrack');
  }

  /** Undefined when the packet lacks one of the fields: then the rule does not apply. */
  #values(expressions: readonly Expression[]): (Known | Unknowable)[] | undefined {
    const values: (Known | Unknowable)[] = [];
    for (const expression of expressions) {
      const value = this.#value(expression);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }

  #value(expression: Expression): Known | Unknowable | undefined {
    if ('numgen' in expression) {
      const { mod, offset = 0 } = expression;
      const chosen = this.journey.chance.choose(new Array<number>(mod).fill(1));
      if (mod > 1) this.#choice = `, ${chosen + 1} of ${mod}`;
      return chosen + offset;
    }
    if ('value' in expression) return expression.value as Known;
    const value = fieldOf(expression.field, this.passage, this.chain.family);
    if (expression.mask === undefined || value === undefined || value instanceof Unknowable) return value;
    return ((value as number) & expression.mask) >>> 0;
  }

  #lookUp({ set }: SetRef, values: readonly (Known | Unknowable)[]): Found | undefined {
    const found = this.#set(set).find(values);
    if (found !== 'cannot tell') return found;
    const unknown = values.find(value => value instanceof Unknowable);
    throw new CannotTell(`whether @${set} has it depends on ${unknown?.what}`);
  }

  #set(name: string): Elements {
    const set = this.passage.place.kernel.set(this.chain, name);
    if (!set) throw new CannotTell(`there is no set ${name}`);
    return set;
  }

  #say(stage: 'rule' | 'nat', outcome: string): void {
    const { statements } = this.rule;
    const fact = `chain ${this.chain.name}`;
    this.journey.say(this.passage.place, stage, fact, outcome + this.#choice, this.#cause, formatRule({ statements }));
    this.#choice = '';
  }
}

function typeOf(expression: Expression): ValueType {
  if ('field' in expression) return FIELD_TYPES[expression.field];
  return 'numgen' in expression ? 'integer' : expression.type;
}

function isSetRef(to: unknown): to is SetRef {
  return typeof to === 'object' && to !== null && 'set' in to;
}
