/** The nftables objects of a namespace, read from the kernel in one consistent view. Knows messages, changes nothing. */

import { hasSlots } from '../../kernel/nft-kinds.js';
import type {
  Hook,
  NftChain,
  NftObject,
  NftRule,
  NftSet,
  NftSlots,
  TableFamily,
  Value,
} from '../../kernel/nft-objects.js';
import type { NetlinkMessage } from '../../wire/netlink.js';
import { NFPROTO, writeNfgenmsg } from '../../wire/nfnetlink.js';
import {
  type ChainMessage,
  decodeChain,
  decodeGeneration,
  decodeRule,
  decodeTable,
  NFT_MSG,
  nftType,
  type RuleMessage,
  writeRule,
  writeTable,
} from '../../wire/nftables.js';
import * as wire from '../../wire/nftables-set.js';
import { decodeRuleUserdata } from '../../wire/nftables-userdata.js';
import type { NetlinkSocket } from '../netlink-socket.js';
import { delinearize, type KnownSet } from './delinearize.js';
import { decodeElements, decodeSet, type ElementContent, familyName, type SetShape } from './sets.js';

const ATTEMPTS = 10;

export interface NftDump {
  readonly objects: readonly NftObject[];
  /** By `family table name`. */
  readonly shapes: ReadonlyMap<string, SetShape>;
  /** A hash table that just grew was still moving its elements: some slot was there twice, and as many not at all. */
  readonly torn: boolean;
}

/** Everything in the tables of that name, of any family. */
export function dumpNft(socket: NetlinkSocket, name: string): NftDump {
  for (let attempt = 1; ; attempt++) {
    const before = generation(socket);
    const families = tables(socket)
      .filter(table => table.name === name)
      .flatMap(table => familyName(table.family) ?? []);
    const dumps = families.map(family => dumpTable(socket, family, name));
    if (before === generation(socket) || attempt === ATTEMPTS)
      return {
        objects: dumps.flatMap(dump => dump.objects),
        shapes: new Map(dumps.flatMap(dump => [...dump.shapes])),
        torn: dumps.some(dump => dump.torn),
      };
  }
}

/** The shape of one set, undefined when there is none of that name or it is foreign. */
export function readShape(
  socket: NetlinkSocket,
  family: TableFamily,
  table: string,
  name: string,
): SetShape | undefined {
  const messages = socket.request('get set', nftType(NFT_MSG.GETSET), 0, w => {
    writeNfgenmsg(w, NFPROTO[family]);
    wire.writeSetName(w, table, name);
  });
  const set = messages[0] && wire.decodeSet(messages[0]);
  return set && decodeSet(set);
}

/** What is in that set now, also in one that rules fill. */
export function readElements(
  socket: NetlinkSocket,
  family: TableFamily,
  table: string,
  name: string,
  shape: SetShape,
): ElementContent[] {
  const messages = socket.dump('dump elements', nftType(NFT_MSG.GETSETELEM), w => {
    writeNfgenmsg(w, NFPROTO[family]);
    wire.writeSetName(w, table, name);
  });
  return decodeElements(shape, elements(messages));
}

/** The ruleset's generation: every transaction that changes something adds one. */
export function generation(socket: NetlinkSocket): number | undefined {
  const [message] = socket.request('get generation', nftType(NFT_MSG.GETGEN), 0, w => writeNfgenmsg(w, 0));
  return message && decodeGeneration(message);
}

function tables(socket: NetlinkSocket) {
  return socket
    .dump('get tables', nftType(NFT_MSG.GETTABLE), w => writeNfgenmsg(w, 0))
    .flatMap(message => decodeTable(message) ?? []);
}

function dumpTable(socket: NetlinkSocket, family: TableFamily, table: string): NftDump {
  const list = (type: number, content?: Parameters<NetlinkSocket['dump']>[2]) =>
    socket.dump(`dump ${type}`, nftType(type), w => {
      writeNfgenmsg(w, NFPROTO[family]);
      // Attribute 1 is the table's name in every message.
      if (content) content(w);
      else writeTable(w, { family: 0, name: table });
    });
  const sets = list(NFT_MSG.GETSET)
    .flatMap(message => wire.decodeSet(message) ?? [])
    .filter(set => set.table === table);
  const elementsOf = (name: string): readonly wire.ElementMessage[] =>
    elements(list(NFT_MSG.GETSETELEM, w => wire.writeSetName(w, table, name)));
  const objects: NftObject[] = [{ kind: 'table', family, name: table }];
  const shapes = new Map<string, SetShape>();
  const known = new Map<string, KnownSet>();
  let torn = false;
  for (const message of sets) {
    const { name, keyLength } = message;
    const set = decodeSet(message);
    known.set(name, set ? { keyLength, ...pick(set) } : anonymous(message, elementsOf));
    if (!set) continue;
    shapes.set(`${family} ${table} ${name}`, set);
    objects.push(set);
    // What rules put into a set is no state that anybody wants: it comes and goes with packets.
    if (set.dynamic) continue;
    const contents = decodeElements(set, elementsOf(name));
    if (hasSlots(set)) {
      const arrays = slotsOf(set, contents);
      objects.push(...arrays.slots);
      torn ||= arrays.torn;
    } else for (const content of contents) objects.push({ kind: 'element', family, table, set: name, ...content });
  }
  const rules = new Map<string, RuleMessage[]>();
  for (const message of list(NFT_MSG.GETRULE, w => writeRule(w, { table }))) {
    const rule = decodeRule(message);
    if (rule?.table !== table) continue;
    const ofChain = rules.get(rule.chain);
    if (ofChain) ofChain.push(rule);
    else rules.set(rule.chain, [rule]);
  }
  for (const message of list(NFT_MSG.GETCHAIN)) {
    const chain = decodeChain(message);
    if (chain?.table !== table) continue;
    const ofChain = (rules.get(chain.name) ?? []).map(rule => ruleOf(rule, family, name => known.get(name)));
    objects.push(chainOf(chain, family, ofChain));
  }
  return { objects, shapes, torn };
}

/** Elements put together to the arrays that they are. */
function slotsOf(set: NftSet, contents: readonly ElementContent[]) {
  const { family, table, name } = set;
  const found = new Map<string, NftSlots & { readonly data: (readonly Value[] | undefined)[] }>();
  let torn = false;
  for (const content of contents) {
    const values = content.data as readonly Value[];
    const key = content.key.slice(0, -1);
    const slot = content.key.at(-1) as number;
    const text = key.join();
    let slots = found.get(text);
    if (!slots) found.set(text, (slots = { kind: 'slots', family, table, set: name, key, data: [] }));
    torn ||= slots.data[slot] !== undefined;
    while (slots.data.length < slot) slots.data.push(undefined);
    slots.data[slot] = values;
  }
  return { slots: found.values(), torn };
}

function pick({ key, data }: SetShape): Pick<KnownSet, 'key' | 'data'> {
  return { key, ...(data && { data }) };
}

function anonymous(message: wire.SetMessage, elementsOf: (name: string) => readonly wire.ElementMessage[]): KnownSet {
  const { name, keyLength, flags } = message;
  if (!(flags & wire.NFT_SET_ANONYMOUS)) return { keyLength };
  const interval = (flags & wire.NFT_SET_INTERVAL) !== 0;
  return {
    keyLength,
    list: key => decodeElements({ key, interval }, elementsOf(name)).map(({ key: values }) => values),
  };
}

function elements(messages: readonly NetlinkMessage[]): readonly wire.ElementMessage[] {
  return messages.flatMap(message => wire.decodeElements(message));
}

function ruleOf(rule: RuleMessage, family: TableFamily, sets: (name: string) => KnownSet | undefined): NftRule {
  const cause = rule.userdata && decodeRuleUserdata(rule.userdata);
  return { statements: delinearize(rule.expressions, family, sets), ...(cause !== undefined && { cause }) };
}

const HOOKS = ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress'] as const;
const NETDEV_HOOKS = ['ingress', 'egress'] as const;
const ARP_HOOKS = ['input', 'output', 'forward'] as const;

function chainOf(chain: ChainMessage, family: TableFamily, rules: readonly NftRule[]): NftChain {
  const { table, name, hook, type, policy } = chain;
  const names = family === 'netdev' ? NETDEV_HOOKS : family === 'arp' ? ARP_HOOKS : HOOKS;
  const hookName = hook && names[hook.number];
  const base: Hook | undefined = hookName && {
    type: type as Hook['type'],
    hook: hookName,
    priority: hook.priority,
    policy: policy === 0 ? 'drop' : 'accept',
    ...(hook.device !== undefined && { device: hook.device }),
  };
  return { kind: 'chain', family, table, name, ...(base && { base }), rules };
}
