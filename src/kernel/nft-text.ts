/** The text of nftables rules, as `nft -s list ruleset` of Debian's nft 1.0.6 prints it. Knows the grammar, not what rules are for. */

import { socketAddress } from '../net/socket-address.js';
import type { DataType, Expression, NftRule, SetRef, Statement, Value, Verdict } from './nft-objects.js';
import { FIELD_TYPES, formatValue, sortKey, type ValueType } from './nft-values.js';

/** One line; the cause is the comment, as the kernel keeps it. */
export function formatRule(rule: NftRule): string {
  const text = rule.statements.map(formatStatement).join(' ');
  return rule.cause === undefined ? text : `${text} comment "${rule.cause}"`;
}

export function formatVerdict(verdict: Verdict): string {
  return 'chain' in verdict ? `${verdict.verdict} ${verdict.chain}` : verdict.verdict;
}

/** Every name of a chain or a set of the same table that the rule refers to. */
export function references(rule: NftRule): { readonly chains: readonly string[]; readonly sets: readonly string[] } {
  const chains: string[] = [];
  const sets: string[] = [];
  for (const statement of rule.statements) {
    if ('verdict' in statement) {
      if ('chain' in statement) chains.push(statement.chain);
    } else if ('match' in statement) {
      if (isSetRef(statement.to)) sets.push(statement.to.set);
    } else if ('vmap' in statement) sets.push(statement.map.set);
    else if ('nat' in statement) {
      if ('map' in statement.to) sets.push(statement.to.map.set);
    } else if ('update' in statement) sets.push(statement.update.set);
  }
  return { chains, sets };
}

function formatStatement(statement: Statement): string {
  if ('match' in statement) return formatMatch(statement.match, statement.op, statement.to);
  if ('vmap' in statement) return `${concatenation(statement.vmap)} vmap @${statement.map.set}`;
  if ('verdict' in statement) return formatVerdict(statement);
  if ('nat' in statement) return `${statement.nat} ${statement.family} to ${formatNatTarget(statement.to)}`;
  if ('masquerade' in statement) return statement.fullyRandom ? 'masquerade fully-random' : 'masquerade';
  if ('reject' in statement) return REJECT[statement.reject];
  if ('counter' in statement) return 'counter';
  if ('notrack' in statement) return 'notrack';
  if ('log' in statement) return formatLog(statement.log, statement.group);
  if ('limit' in statement) return formatLimit(statement.limit);
  if ('setMark' in statement) return `${statement.setMark} mark set ${formatMark(statement)}`;
  if ('update' in statement) return formatUpdate(statement);
  return `unknown(${statement.unknown})`;
}

/** ICMP or ICMPv6 by the packet's family (`icmpx`); port-unreachable is nft's default and not printed. */
const REJECT = {
  'port-unreachable': 'reject',
  'admin-prohibited': 'reject with icmpx admin-prohibited',
  'tcp-reset': 'reject with tcp reset',
} as const;

function formatMatch(left: readonly Expression[], op: string, to: Value | readonly Value[] | SetRef): string {
  const types = left.map(typeOf);
  const first = left[0];
  if (first && 'field' in first && first.mask !== undefined && left.length === 1) {
    return formatMasked(first.field, first.mask, op, to as Value);
  }
  const sign = op === '==' ? '' : `${op} `;
  return `${concatenation(left)} ${sign}${formatRight(to, types)}`;
}

function formatMasked(field: keyof typeof FIELD_TYPES, mask: number, op: string, to: Value): string {
  const type = FIELD_TYPES[field];
  const value = formatValue(to, type);
  if (type === 'tcp_flag') return `tcp flags ${op === '==' ? '' : `${op} `}${value} / ${formatValue(mask, type)}`;
  const bits = type === 'ct_state' || type === 'ct_status';
  // nft's short forms of "one of these bits" and "none of them".
  if (bits && value === '0x0') return `${field}${op === '==' ? ' !' : ''} ${formatValue(mask, type)}`;
  return `${fieldName(field)} & ${formatValue(mask, type)} ${op} ${value}`;
}

function formatRight(to: Value | readonly Value[] | SetRef, types: readonly ValueType[]): string {
  if (isSetRef(to)) return `@${to.set}`;
  if (!Array.isArray(to)) return formatValue(to as Value, types[0]);
  const values = to as readonly Value[];
  // A concatenation is compared with a set of one tuple, a single field with a set of values.
  if (types.length > 1) return `{ ${values.map((value, i) => formatValue(value, types[i])).join(' . ')} }`;
  const sorted = values.map(value => [sortKey([value], [types[0] as DataType]), value] as const);
  sorted.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  return `{ ${sorted.map(([, value]) => formatValue(value, types[0])).join(', ')} }`;
}

function isSetRef(to: unknown): to is SetRef {
  return typeof to === 'object' && to !== null && 'set' in to;
}

function typeOf(expression: Expression): ValueType {
  if ('field' in expression) return FIELD_TYPES[expression.field];
  return 'numgen' in expression ? 'integer' : expression.type;
}

function concatenation(expressions: readonly Expression[]): string {
  return expressions.map(formatExpression).join(' . ');
}

function formatExpression(expression: Expression): string {
  if ('numgen' in expression) {
    const offset = expression.offset ? ` offset ${expression.offset}` : '';
    return `numgen ${expression.numgen} mod ${expression.mod}${offset}`;
  }
  if ('value' in expression) return formatValue(expression.value, expression.type);
  const name = fieldName(expression.field);
  if (expression.mask === undefined) return name;
  return `${name} & ${formatValue(expression.mask, FIELD_TYPES[expression.field])}`;
}

/** nft leaves out words that it does not need. */
function fieldName(field: string): string {
  if (field === 'meta iifname' || field === 'meta oifname') return field.slice('meta '.length);
  return field === 'ct original protocol' ? 'ct protocol' : field;
}

type NatTarget = Extract<Statement, { readonly nat: string }>['to'];

function formatNatTarget(to: NatTarget): string {
  if ('map' in to) return `${concatenation(to.key)} map @${to.map.set}`;
  if (to.port === undefined) return to.ip.toString();
  return socketAddress(to.ip, to.port);
}

function formatLog(prefix: string, group: number | undefined): string {
  return `log${prefix ? ` prefix "${prefix}"` : ''}${group === undefined ? '' : ` group ${group}`}`;
}

function formatLimit(limit: { readonly rate: number; readonly per: string; readonly burst: number }): string {
  // 5 packets are nft's default burst, and not printed.
  return `limit rate ${limit.rate}/${limit.per}${limit.burst === 5 ? '' : ` burst ${limit.burst} packets`}`;
}

/** The kernel computes `mark & and ^ xor`; nft prints it with `|`, and leaves out an `&` that keeps every bit. */
function formatMark(statement: { readonly setMark: string; readonly value: number; readonly mask?: number }): string {
  const mark = (value: number) => formatValue(value >>> 0, 'mark');
  const mask = statement.mask ?? 0xffffffff;
  if (mask >>> 0 === 0xffffffff) return mark(statement.value);
  const or = statement.value & mask;
  const and = ~mask | or;
  const masked = and >>> 0 === 0xffffffff ? '' : ` & ${mark(and)}`;
  return `${statement.setMark} mark${masked}${or ? ` | ${mark(or)}` : ''}`;
}

function formatUpdate(statement: Extract<Statement, { readonly update: SetRef }>): string {
  const data = statement.data ? ` : ${concatenation(statement.data)}` : '';
  return `update @${statement.update.set} { ${concatenation(statement.key)}${data} }`;
}
