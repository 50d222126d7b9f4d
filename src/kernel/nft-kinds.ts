/** The nftables kinds: tables, sets and maps, their elements, chains. Knows their identity and text, not what they are for. */

import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import { type Kind, TABLE } from './kind.js';
import type { NftChain, NftElement, NftSet, NftSlots, NftTable, TableFamily, Value } from './nft-objects.js';
import { formatRule, formatVerdict, references } from './nft-text.js';
import { formatValue } from './nft-values.js';

interface InTable {
  readonly family: TableFamily;
  readonly table: string;
}

export const tableKey = (family: TableFamily, name: string) => `table ${family} ${name}`;
export const setKey = (at: InTable, name: string) => `set ${at.family} ${at.table} ${name}`;
export const chainKey = (at: InTable, name: string) => `chain ${at.family} ${at.table} ${name}`;

const inOurTable = (object: InTable) => object.table === TABLE;

export const tableKind: Kind<NftTable> = {
  kind: 'table',
  after: [],
  key: table => tableKey(table.family, table.name),
  needs: () => [],
  format: table => `table ${table.family} ${table.name}`,
  equal: () => true,
  ours: table => table.name === TABLE,
};

export const setKind: Kind<NftSet> = {
  kind: 'set',
  after: ['table'],
  key: set => setKey(set, set.name),
  needs: set => [tableKey(set.family, set.table)],
  format: set => block(`${set.data ? 'map' : 'set'} ${set.name}`, setLines(set)),
  // The comment is left out: the kernel cannot change it, and a set is not worth making anew for it.
  equal: (a, b) => setShape(a) === setShape(b),
  replaceable: () => false,
  ours: inOurTable,
};

export const chainKind: Kind<NftChain> = {
  kind: 'chain',
  after: ['table', 'set', 'chain'],
  key: chain => chainKey(chain, chain.name),
  needs: chainNeeds,
  format: chain => block(`chain ${chain.name}`, chainLines(chain)),
  // Two chains are the same when nft prints them alike: that takes any spelling of a value for what it means.
  equal: (a, b) => a === b || chainText(a) === chainText(b),
  // The kernel can change a base chain's policy, but not its place.
  replaceable: (a, b) => hookText(a, 'accept') === hookText(b, 'accept'),
  ours: inOurTable,
};

export const elementKind: Kind<NftElement> = {
  kind: 'element',
  after: ['set', 'chain'],
  key: elementKey,
  needs: element => {
    const set = setKey(element, element.set);
    return element.data && 'chain' in element.data ? [set, chainKey(element, element.data.chain)] : [set];
  },
  format: element => {
    const data = element.data === undefined ? '' : ` : ${dataKey(element.data)}`;
    return `element ${element.family} ${element.table} ${element.set} { ${valuesKey(element.key)}${data} }`;
  },
  removeFirst: true,
  equal: (a, b) => a.data === b.data || sameData(a.data, b.data),
  ours: inOurTable,
};

export const slotsKind: Kind<NftSlots> = {
  kind: 'slots',
  after: ['set'],
  key: slots => `slots ${elementKey(slots)}`,
  needs: slots => [setKey(slots, slots.set)],
  format: ({ family, table, set, key, data }) => {
    const slots = data.map(values => (values ? valuesKey(values) : 'nothing')).join(', ');
    return `slots ${family} ${table} ${set} { ${valuesKey(key)} : ${slots} }`;
  },
  removeFirst: true,
  equal: (a, b) =>
    a.data === b.data || (a.data.length === b.data.length && a.data.every((values, i) => sameData(values, b.data[i]))),
  ours: inOurTable,
};

/** The elements that slots are. */
export function elementsOf({ family, table, set, key, data, cause }: NftSlots): NftElement[] {
  return data.flatMap((values, slot) =>
    values ? { kind: 'element' as const, family, table, set, key: [...key, slot], data: values, cause } : [],
  );
}

interface Shape {
  readonly key: readonly string[];
  readonly data?: readonly string[] | 'verdict';
}

/** Whether a set's elements are slots. */
export function hasSlots({ key, data }: Shape): boolean {
  return data !== undefined && data !== 'verdict' && key.length > 1 && key.at(-1) === 'mark';
}

/** The lines of a set's declaration, without its elements. */
export function setLines(set: NftSet): string[] {
  const lines = [`type ${setType(set)}`];
  // The kernel's own limit for what rules fill (net/netfilter/nft_dynset.c).
  if (set.dynamic) lines.push('size 65535');
  const flags = setFlags(set);
  if (flags) lines.push(`flags ${flags}`);
  if (set.timeout !== undefined) lines.push(`timeout ${duration(set.timeout)}`);
  if (set.cause !== undefined) lines.push(`comment "${set.cause}"`);
  return lines;
}

function setType(set: NftSet): string {
  const key = set.key.join(' . ');
  if (!set.data) return key;
  return `${key} : ${set.data === 'verdict' ? 'verdict' : set.data.join(' . ')}`;
}

/** As nft prints them: a timeout is only worth a flag beside another. */
function setFlags(set: NftSet): string {
  const flags = [...(set.interval ? ['interval'] : []), ...(set.dynamic ? ['dynamic'] : [])];
  if (flags.length && set.timeout !== undefined) flags.push('timeout');
  return flags.join(',');
}

function setShape(set: NftSet): string {
  return `${setType(set)} ${setFlags(set)} ${set.timeout ?? 0}`;
}

function duration(seconds: number): string {
  const parts = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  let rest = seconds;
  let text = '';
  for (const [unit, name] of parts) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count) text += `${count}${name}`;
  }
  return text || '0s';
}

function chainLines(chain: NftChain): string[] {
  const base = chain.base ? [hookText(chain)] : [];
  return [...base, ...chain.rules.map(formatRule)];
}

const texts = new WeakMap<NftChain, string>();

function chainText(chain: NftChain): string {
  let text = texts.get(chain);
  if (text === undefined) texts.set(chain, (text = chainLines(chain).join('\n')));
  return text;
}

function chainNeeds(chain: NftChain): string[] {
  const needs = new Set([tableKey(chain.family, chain.table)]);
  for (const rule of chain.rules) {
    const { chains, sets } = references(rule);
    for (const name of sets) needs.add(setKey(chain, name));
    for (const name of chains) needs.add(chainKey(chain, name));
  }
  return [...needs];
}

function hookText({ family, base: hook }: NftChain, policy = hook?.policy ?? 'accept'): string {
  if (!hook) return '';
  const device = hook.device ? ` device "${hook.device}"` : '';
  const priority = priorityText(family, hook.priority, hook.hook);
  return `type ${hook.type} hook ${hook.hook}${device} priority ${priority}; policy ${policy};`;
}

type PriorityName = readonly [name: string, value: number, onlyHook?: string];

/** nft's names of priorities: NF_IP_PRI_* and NF_BR_PRI_* of linux/netfilter_ipv4.h and netfilter_bridge.h. */
const PRIORITIES: readonly PriorityName[] = [
  ['raw', -300],
  ['mangle', -150],
  ['dstnat', -100, 'prerouting'],
  ['filter', 0],
  ['security', 50],
  ['srcnat', 100, 'postrouting'],
];
const BRIDGE_PRIORITIES: readonly PriorityName[] = [
  ['dstnat', -300, 'prerouting'],
  ['filter', -200],
  ['out', 100, 'output'],
  ['srcnat', 300, 'postrouting'],
];

/** The name when it is at most 10 away, with the distance. */
function priorityText(family: TableFamily, priority: number, hook: string): string {
  for (const [name, value, only] of family === 'bridge' ? BRIDGE_PRIORITIES : PRIORITIES) {
    const offset = priority - value;
    if (Math.abs(offset) > 10 || (only && only !== hook)) continue;
    return offset === 0 ? name : `${name} ${offset > 0 ? '+' : '-'} ${Math.abs(offset)}`;
  }
  return String(priority);
}

function block(head: string, lines: readonly string[]): string {
  return [`${head} {`, ...lines.map(line => `\t${line}`), '}'].join('\n');
}

// Keys of elements: 50,000 of them are made when an agent starts, so this is plain concatenation without types.

function elementKey({ family, table, set, key }: Pick<NftElement, 'family' | 'table' | 'set' | 'key'>): string {
  // From the end, as V8 copies short texts at once and only links longer ones.
  let rest = '';
  for (let i = key.length - 1; i > 0; i--) rest = ` . ${valueKey(key[i]!)}${rest}`;
  return setPrefix(family, table, set) + valueKey(key[0]!) + rest;
}

const prefixes = new Map<string, { readonly family: TableFamily; readonly table: string; readonly text: string }>();

/** All elements of a set share this text. */
function setPrefix(family: TableFamily, table: string, set: string): string {
  const known = prefixes.get(set);
  if (known?.family === family && known.table === table) return known.text;
  const text = `element ${family} ${table} ${set} `;
  prefixes.set(set, { family, table, text });
  return text;
}

function valuesKey(values: readonly Value[]): string {
  let text = valueKey(values[0]!);
  for (let i = 1; i < values.length; i++) text += ` . ${valueKey(values[i]!)}`;
  return text;
}

function valueKey(value: Value): string {
  if (value instanceof Ip) return value.toString();
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return value;
  return value instanceof Cidr ? formatValue(value, undefined) : `${value.from}-${value.to}`;
}

/** Without making text: it is asked for every element when an agent restarts. */
export function sameData(a: NftElement['data'], b: NftElement['data']): boolean {
  if (!a || !b) return a === b;
  if ('verdict' in a || 'verdict' in b) return dataKey(a) === dataKey(b);
  return a.length === b.length && a.every((value, i) => sameValue(value, b[i]!));
}

function sameValue(a: Value, b: Value): boolean {
  if (a instanceof Ip) return b instanceof Ip && a.equals(b);
  return a === b || valueKey(a) === valueKey(b);
}

function dataKey(data: NftElement['data']): string {
  if (data === undefined) return '';
  return 'verdict' in data ? formatVerdict(data) : valuesKey(data);
}
