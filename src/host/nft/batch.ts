/** Operations on nftables objects as one batch of messages, in the given order. Knows encodings; refuses to know what is there. */

import type { NftChain, NftElement, NftObject, NftSet, NftSlots, NftTable } from '../../kernel/nft-objects.js';
import { references } from '../../kernel/nft-text.js';
import type { Operation } from '../../kernel/port.js';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL } from '../../wire/netlink.js';
import { Writer } from '../../wire/netlink-attributes.js';
import { beginBatch, endBatch, NFPROTO } from '../../wire/nfnetlink.js';
import { encodeNft, NFT_MSG, writeChain, writeRule, writeTable } from '../../wire/nftables.js';
import { beginElements, writeSet, writeSetName } from '../../wire/nftables-set.js';
import { encodeRuleUserdata } from '../../wire/nftables-userdata.js';
import { type ElementOperation, writeElements } from './element-messages.js';
import { type AnonymousSet, linearize } from './linearize.js';
import { ElementEncoder, encodeAnonymous, encodeSet, type SetShape, shapeOf } from './sets.js';

export interface NftOperation extends Operation {
  readonly object: NftObject;
}

/** Finds the shape of a set that is in the kernel. */
export type Shapes = (of: NftElement | NftSlots) => SetShape | undefined;

/** linux/netfilter.h, netfilter_arp.h: hooks by number; family netdev and ARP count their own. */
const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
const NETDEV_HOOKS = { ingress: 0, egress: 1 } as const;
const INET_INGRESS = 5;

export class NftBatch {
  readonly #w = new Writer();
  /** What the messages from `first` on are for; of a run of elements also where each begins in its message. */
  readonly #causes: {
    readonly first: number;
    readonly operations: readonly NftOperation[];
    readonly starts?: readonly number[];
  }[] = [];
  readonly #created = new Set<string>();
  readonly #awaited = new Map<string, NftChain>();
  readonly #shapes = new Map<string, SetShape>();
  #count = 1;
  #anonymous = 0;

  /** Throws BadOperation. */
  constructor(
    operations: readonly NftOperation[],
    readonly shapes: Shapes,
  ) {
    for (const { verb, object } of operations)
      if (object.kind === 'chain' && verb !== 'delete') this.#awaited.set(chainId(object, object.name), object);
    beginBatch(this.#w, 0);
    for (const run of runs(operations)) {
      this.#causes.push({ first: this.#count, operations: run });
      try {
        if (isElements(run)) this.#elements(run);
        else this.#one(run[0]!);
      } catch (error) {
        throw new BadOperation(run[0]!, error as Error);
      }
    }
    endBatch(this.#w, this.#count);
  }

  get datagram(): Uint8Array {
    return this.#w.bytes;
  }

  /** The operation behind the message with that sequence number, and of many the one at that offset in it. */
  culprit(seq: number, offset = 0): NftOperation | undefined {
    const cause = this.#causes.findLast(({ first }) => first <= seq);
    const at = cause?.starts?.findLastIndex(start => start <= offset) ?? 0;
    return cause?.operations[Math.max(at, 0)];
  }

  #one({ verb, object }: NftOperation): void {
    if (object.kind === 'table') this.#table(verb, object);
    else if (object.kind === 'set') this.#set(verb, object);
    else if (object.kind === 'chain') this.#chain(verb, object);
  }

  #table(verb: Operation['verb'], table: NftTable): void {
    const type = verb === 'delete' ? NFT_MSG.DELTABLE : NFT_MSG.NEWTABLE;
    this.#message(type, verb === 'delete' ? 0 : NLM_F_CREATE, table, w => writeTable(w, { ...table, family: 0 }));
  }

  #set(verb: Operation['verb'], set: NftSet): void {
    if (verb === 'delete') return this.#message(NFT_MSG.DELSET, 0, set, w => writeSetName(w, set.table, set.name));
    this.#shapes.set(`${set.family} ${set.table} ${set.name}`, set);
    const message = { ...encodeSet(set), id: ++this.#anonymous };
    this.#message(NFT_MSG.NEWSET, NLM_F_CREATE | NLM_F_EXCL, set, w => writeSet(w, message));
  }

  #chain(verb: Operation['verb'], chain: NftChain): void {
    const { table, name } = chain;
    const empty = () => this.#message(NFT_MSG.DELRULE, 0, chain, w => writeRule(w, { table, chain: name }));
    if (verb === 'delete') {
      empty();
      return this.#message(NFT_MSG.DELCHAIN, 0, chain, w => writeChain(w, { family: 0, table, name }));
    }
    this.#create(chain, verb === 'add');
    if (verb === 'replace') empty();
    for (const rule of chain.rules) {
      for (const target of references(rule).chains) this.#hoist(chain, target);
      const { expressions, sets } = linearize(rule, chain.family, () => ++this.#anonymous);
      for (const set of sets) this.#anonymousSet(set, chain);
      const userdata = rule.cause === undefined ? undefined : encodeRuleUserdata(rule.cause);
      this.#message(NFT_MSG.NEWRULE, NLM_F_CREATE | NLM_F_APPEND, chain, w =>
        writeRule(w, { table, chain: name, expressions, ...(userdata && { userdata }) }),
      );
    }
  }

  /** A chain that a jump leads to must be there, if yet without its rules. */
  #hoist(from: { readonly family: string; readonly table: string }, target: string): void {
    const later = this.#awaited.get(chainId(from, target));
    if (later) this.#create(later, false);
  }

  #create(chain: NftChain, exclusive: boolean): void {
    const id = chainId(chain, chain.name);
    if (this.#created.has(id)) return;
    this.#created.add(id);
    const { table, name, base } = chain;
    this.#message(NFT_MSG.NEWCHAIN, NLM_F_CREATE | (exclusive ? NLM_F_EXCL : 0), chain, w =>
      writeChain(w, {
        family: 0,
        table,
        name,
        ...(base && {
          hook: { number: hookNumber(chain), priority: base.priority, ...(base.device && { device: base.device }) },
          type: base.type,
          policy: base.policy === 'drop' ? 0 : 1,
        }),
      }),
    );
  }

  #anonymousSet(set: AnonymousSet, { family, table }: NftChain): void {
    const message = encodeAnonymous(set, family, table);
    const at = { family };
    this.#message(NFT_MSG.NEWSET, NLM_F_CREATE, at, w => writeSet(w, message));
    this.#message(NFT_MSG.NEWSETELEM, NLM_F_CREATE, at, w => {
      const list = beginElements(w, table, message.name, set.id);
      const encoder = new ElementEncoder(shapeOf(set));
      for (const key of set.elements) encoder.write(w, key);
      w.end(list);
    });
  }

  /** Elements of one set and one verb. */
  #elements(run: readonly ElementOperation[]): void {
    const { verb, object: first } = run[0]!;
    const shape = this.#shapes.get(`${first.family} ${first.table} ${first.set}`) ?? this.shapes(first);
    if (!shape) throw Object.assign(new Error(`no set ${first.set}`), { code: 'ENOENT' });
    if (shape.data === 'verdict' && verb !== 'delete') for (const chain of targets(run)) this.#hoist(first, chain);
    this.#causes.push(...writeElements(this.#w, run, shape, () => this.#count++));
  }

  #message(
    type: number,
    flags: number,
    at: { readonly family: keyof typeof NFPROTO },
    content: (w: Writer) => void,
  ): void {
    encodeNft(this.#w, type, flags, this.#count++, NFPROTO[at.family], content);
  }
}

/** An operation that has no encoding; of a run of elements the first stands for all. */
export class BadOperation extends Error {
  readonly code: string;

  constructor(
    readonly operation: NftOperation,
    override readonly cause: Error & { readonly code?: string },
  ) {
    super(cause.message);
    this.code = cause.code ?? 'EINVAL';
  }
}

/** The operations in groups of one message or a few: adjacent ones on elements with one verb by their sets, others alone. */
function* runs(operations: readonly NftOperation[]): Generator<readonly NftOperation[]> {
  for (let i = 0; i < operations.length; ) {
    const { verb, object } = operations[i]!;
    if (object.kind !== 'element' && object.kind !== 'slots') {
      yield [operations[i++]!];
      continue;
    }
    // Elements do not need each other, so their order is free; of one set and one verb they keep theirs.
    const bySet: ElementOperation[][] = [];
    let run: ElementOperation[] | undefined;
    for (let next = operations[i]; next?.verb === verb && isElement(next); next = operations[++i]) {
      const { object: element } = next;
      // Mostly the set of the one before: of 60,000 elements few are looked for.
      if (!run || !sameSet(run[0]!.object, element)) run = bySet.find(others => sameSet(others[0]!.object, element));
      if (run) run.push(next);
      else bySet.push((run = [next]));
    }
    yield* bySet;
  }
}

function isElement(operation: NftOperation): operation is ElementOperation {
  return operation.object.kind === 'element' || operation.object.kind === 'slots';
}

function isElements(run: readonly NftOperation[]): run is readonly ElementOperation[] {
  return isElement(run[0]!);
}

function sameSet(a: NftElement | NftSlots, b: NftElement | NftSlots): boolean {
  return a.set === b.set && a.family === b.family && a.table === b.table;
}

/** The chains that verdicts of the elements lead to: a few, whatever the number of elements. */
function targets(run: readonly ElementOperation[]): ReadonlySet<string> {
  const chains = new Set<string>();
  for (const { object } of run)
    if (object.kind === 'element' && object.data && 'chain' in object.data) chains.add(object.data.chain);
  return chains;
}

function chainId(at: { readonly family: string; readonly table: string }, name: string): string {
  return `${at.family} ${at.table} ${name}`;
}

function hookNumber({ family, base }: NftChain): number {
  const { hook } = base!;
  if (family === 'netdev') return NETDEV_HOOKS[hook as keyof typeof NETDEV_HOOKS];
  if (family === 'arp') return hook === 'output' ? 1 : 0;
  return hook === 'ingress' ? INET_INGRESS : HOOKS[hook as keyof typeof HOOKS];
}
