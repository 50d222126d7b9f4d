/** Elements of one set in as few messages as they fit in, and which operation each byte of them is for. */

import { hasSlots, sameData } from '../../kernel/nft-kinds.js';
import type { NftElement, NftSlots, Value } from '../../kernel/nft-objects.js';
import { beginMessage, endMessage, NLM_F_CREATE } from '../../wire/netlink.js';
import type { Writer } from '../../wire/netlink-attributes.js';
import { NFPROTO, writeNfgenmsg } from '../../wire/nfnetlink.js';
import { NFT_MSG, nftType } from '../../wire/nftables.js';
import { beginElements } from '../../wire/nftables-set.js';
import type { NftOperation } from './batch.js';
import { ElementEncoder, type SetShape } from './sets.js';
import { ValueError } from './types.js';

export interface ElementOperation extends NftOperation {
  readonly object: NftElement | NftSlots;
}

/** What a message is for: its operations, and where in it each one's first element begins. */
export interface ElementsCause {
  readonly first: number;
  readonly operations: readonly ElementOperation[];
  readonly starts: readonly number[];
}

/** A list attribute holds at most 65,535 bytes; an element takes far less than what is left. */
const LIST_LIMIT = 60_000;

/**
 * Appends the messages of `run`, operations of one verb on one set of that shape: first what goes, then what comes.
 * `sequence` gives the next message's number. Throws ValueError; ENOENT when slots are replaced
 * or deleted and it is not known what is there.
 */
export function writeElements(
  w: Writer,
  run: readonly ElementOperation[],
  shape: SetShape,
  sequence: () => number,
): ElementsCause[] {
  const encoder = new ElementEncoder(shape);
  const { verb } = run[0]!;
  const causes: ElementsCause[] = [];
  if (verb !== 'add') causes.push(...new Messages(w, run, NFT_MSG.DELSETELEM, 0, encoder, sequence).causes);
  if (verb !== 'delete')
    causes.push(...new Messages(w, run, NFT_MSG.NEWSETELEM, NLM_F_CREATE, encoder, sequence).causes);
  return causes;
}

const NOTHING: NftSlots['data'] = [];

class Messages {
  readonly causes: ElementsCause[] = [];
  readonly #deletes: boolean;
  #message = 0;
  #list = 0;
  #operations: ElementOperation[] = [];
  #starts: number[] = [];
  #open = false;

  constructor(
    readonly w: Writer,
    run: readonly ElementOperation[],
    readonly type: number,
    readonly flags: number,
    readonly encoder: ElementEncoder,
    readonly sequence: () => number,
  ) {
    this.#deletes = type === NFT_MSG.DELSETELEM;
    for (const operation of run) {
      const { object } = operation;
      if (object.kind === 'slots') this.#slots(operation, object);
      else if (hasSlots(encoder.shape)) throw new ValueError(`elements of ${object.set} are slots`);
      else this.#element(operation, object.key, object.data);
    }
    this.#end();
  }

  /** Only the slots that differ. */
  #slots(operation: ElementOperation, { key, data }: NftSlots): void {
    const { verb, present } = operation;
    const there = verb === 'add' ? NOTHING : present?.kind === 'slots' ? present.data : undefined;
    if (!there) throw Object.assign(new Error('slots that are not known'), { code: 'ENOENT' });
    const wanted = verb === 'delete' ? NOTHING : data;
    const [some, others] = this.#deletes ? [there, wanted] : [wanted, there];
    for (let slot = 0; slot < some.length; slot++)
      if (some[slot] && !sameData(some[slot], others[slot])) this.#element(operation, key, some[slot], slot);
  }

  /** `slot` is the last part of the key where that is a slot. A deletion names the key alone. */
  #element(operation: ElementOperation, key: readonly Value[], data: NftElement['data'], slot?: number): void {
    const first = this.#room(operation);
    const put = this.#deletes ? undefined : data;
    if (first || slot === undefined) this.encoder.write(this.w, key, put, slot);
    else this.encoder.writeNext(this.w, put as readonly Value[] | undefined, slot);
  }

  /** Opens a message where need be; whether the operation's next element is its first in it. */
  #room(operation: ElementOperation): boolean {
    const { w } = this;
    if (this.#open && w.length - this.#list >= LIST_LIMIT) this.#end();
    if (!this.#open) this.#begin(operation.object);
    if (this.#operations.at(-1) === operation) return false;
    this.#operations.push(operation);
    this.#starts.push(w.length - this.#message);
    return true;
  }

  #begin({ family, table, set }: NftElement | NftSlots): void {
    this.#open = true;
    this.#operations = [];
    this.#starts = [];
    const seq = this.sequence();
    this.#message = beginMessage(this.w, nftType(this.type), this.flags, seq);
    writeNfgenmsg(this.w, NFPROTO[family]);
    this.#list = beginElements(this.w, table, set);
    this.causes.push({ first: seq, operations: this.#operations, starts: this.#starts });
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.w.end(this.#list);
    endMessage(this.w, this.#message);
  }
}
