/** The whole state of a namespace as text that people read and tests compare: sorted, and nft's part as nft prints it. */

import { format, key, NFT_KINDS, RANK } from './kinds.js';
import { chainKind, elementsOf, setLines } from './nft-kinds.js';
import type { NftChain, NftElement, NftSet, NftTable, TableFamily } from './nft-objects.js';
import { formatVerdict } from './nft-text.js';
import { formatValue, perLine, sortKey } from './nft-values.js';
import type { KernelObject, KernelState } from './port.js';

/**
 * One object per line (or block), sorted by kind and name; ends with a newline unless the state is empty.
 * The nftables part is what `nft -s list ruleset` of nft 1.0.6 prints when sets and chains were made in the order of their names.
 */
export function dump(state: KernelState | Iterable<KernelObject>): string {
  const objects = [...(state instanceof Map ? state.values() : (state as Iterable<KernelObject>))];
  const net = objects.filter(object => !NFT_KINDS.has(object.kind)).sort(byRankAndKey);
  return [...net.map(object => `${format(object)}\n`), dumpNft(objects)].join('');
}

const natural = new Intl.Collator('en', { numeric: true });

function byRankAndKey(a: KernelObject, b: KernelObject): number {
  return RANK.get(a.kind)! - RANK.get(b.kind)! || natural.compare(key(a), key(b));
}

interface Contents {
  readonly sets: NftSet[];
  readonly chains: NftChain[];
  readonly elements: Map<string, NftElement[]>;
}

function dumpNft(objects: readonly KernelObject[]): string {
  const tables = new Map<string, Contents>();
  const at = (family: TableFamily, name: string) => {
    const id = `${family} ${name}`;
    let contents = tables.get(id);
    if (!contents) tables.set(id, (contents = { sets: [], chains: [], elements: new Map() }));
    return contents;
  };
  for (const object of objects) {
    if (object.kind === 'table') at(object.family, (object as NftTable).name);
    else if (object.kind === 'set') at(object.family, object.table).sets.push(object);
    else if (object.kind === 'chain') at(object.family, object.table).chains.push(object);
    else if (object.kind === 'element' || object.kind === 'slots') {
      const { elements } = at(object.family, object.table);
      const more = object.kind === 'slots' ? elementsOf(object) : [object];
      const known = elements.get(object.set);
      if (known) known.push(...more);
      else elements.set(object.set, more);
    }
  }
  return [...tables]
    .sort(([a], [b]) => familyRank(a) - familyRank(b) || natural.compare(a, b))
    .map(([id, contents]) => `table ${id} {\n${dumpTable(contents)}}\n`)
    .join('');
}

/** The order in which the kernel lists tables of several families: NFPROTO_* of linux/netfilter.h. */
function familyRank(id: string): number {
  return ['inet', 'ip', 'arp', 'netdev', 'bridge', 'ip6'].indexOf(id.split(' ')[0]!);
}

function dumpTable({ sets, chains, elements }: Contents): string {
  const byName = (a: { name: string }, b: { name: string }) => natural.compare(a.name, b.name);
  const blocks = [
    ...sets.sort(byName).map(set => dumpSet(set, elements.get(set.name) ?? [])),
    ...chains.sort(byName).map(chain => indent(chainKind.format(chain))),
  ];
  return blocks.join('\n');
}

function dumpSet(set: NftSet, elements: readonly NftElement[]): string {
  const sorted = elements.map(element => ({ element, order: sortKey(element.key, set.key) }));
  sorted.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
  const lines = setLines(set);
  if (sorted.length)
    lines.push(
      `elements = { ${elementLines(
        set,
        sorted.map(({ element }) => element),
      )} }`,
    );
  return indent([`${set.data ? 'map' : 'set'} ${set.name} {`, ...lines.map(line => `\t${line}`), '}'].join('\n'));
}

function elementLines(set: NftSet, elements: readonly NftElement[]): string {
  const line = perLine(set.key);
  return elements
    .map((element, i) => {
      const separator = i === 0 ? '' : i % line ? ', ' : ',\n\t\t     ';
      return `${separator}${formatElement(set, element)}`;
    })
    .join('');
}

function formatElement(set: NftSet, element: NftElement): string {
  const key = element.key.map((value, i) => formatValue(value, set.key[i])).join(' . ');
  if (element.data === undefined) return key;
  if ('verdict' in element.data) return `${key} : ${formatVerdict(element.data)}`;
  const types = Array.isArray(set.data) ? set.data : [];
  return `${key} : ${element.data.map((value, i) => formatValue(value, types[i])).join(' . ')}`;
}

function indent(block: string): string {
  return `${block.replace(/^(?=.)/gm, '\t')}\n`;
}
