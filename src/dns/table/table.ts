/** Names and what is said of them, in memory that a second thread reads while this one changes it. Knows no Service. */

import { randomInt } from 'node:crypto';
import type { ResourceRecord } from '../../wire/dns.js';
import { type Name, writeName } from '../../wire/dns-name.js';
import { type RecordType, typeNumber } from '../../wire/dns-records.js';
import { decodeAnswer, type Encoded } from './encode.js';
import { ALIAS, ANSWER, ENTRY, find, findAnswer, GONE, hashOf, type TableMemory, wordAt, wordsOf } from './layout.js';
import { Arena, type Ref, UNITS_BITS, WORD } from './memory.js';

const FIRST_SLOTS = 1 << 10;

export class AnswerTable {
  readonly #seed = randomInt(0x7fff_ffff);
  /** A name in wire form, and the same in words; behind it zeros. */
  readonly #key = new Uint8Array(260);
  readonly #words = new Int32Array(this.#key.buffer);
  readonly #arena: Arena;
  #index = new Int32Array(new SharedArrayBuffer(FIRST_SLOTS * 8));
  #memory: TableMemory | undefined;
  /** Called each time when `memory` is another value. */
  onGrown: (() => void) | undefined;
  /** Slots in use and slots of entries that are no more. */
  #filled = 0;
  #size = 0;

  /** `control` is what the reader, if there is one, shares with this table. */
  constructor(private readonly control: Int32Array) {
    this.#arena = new Arena(control, () => this.#changed());
  }

  /** How many names exist, those without records included. */
  get size(): number {
    return this.#size;
  }

  /** What readers read. Another value after it grew, which WORD.wanted tells. */
  get memory(): TableMemory {
    return (this.#memory ??= { index: this.#index, chunks: [...this.#arena.chunks], seed: this.#seed });
  }

  /** Everything that is said of the name from now on, one element per type. A name with none only exists as long as there are names below it. */
  put(name: Name, answers: readonly Encoded[]): void {
    const length = this.#spell(name);
    if (length) this.#put(length, answers, false);
  }

  /** The name says what another one says: its answer is no reader's to give. */
  putAlias(name: Name, answer: Encoded): void {
    const length = this.#spell(name);
    if (length) this.#put(length, [answer], true);
  }

  has(name: Name): boolean {
    const length = this.#spell(name);
    return length > 0 && this.#find(length) >= 0;
  }

  /** Answer records first, then the additional ones; undefined when nothing is said of the name for that type. */
  read(name: Name, type: RecordType): readonly ResourceRecord[] | undefined {
    const length = this.#spell(name);
    const slot = length ? this.#find(length) : -1;
    if (slot < 0) return undefined;
    const [chunk, entry] = this.#at(this.#index[2 * slot + 1]!);
    const at = findAnswer(chunk, entry, typeNumber(type));
    return at ? decodeAnswer(name, length, type, encodedAt(chunk, at)) : undefined;
  }

  #put(length: number, answers: readonly Encoded[], alias: boolean): void {
    const slot = this.#find(length);
    if (slot < 0) {
      if (answers.length) this.#add(length, answers, alias);
      return;
    }
    const old = this.#index[2 * slot + 1]!;
    const [chunk, entry] = this.#at(old);
    const children = chunk[entry + ENTRY.children]!;
    if (!answers.length && !children) this.#remove(length, slot);
    else {
      Atomics.store(this.#index, 2 * slot + 1, this.#write(length, answers, alias, children));
      this.#free(old);
    }
  }

  /** The name exists from now on, and so do all above it, up to the root. */
  #add(length: number, answers: readonly Encoded[], alias: boolean): void {
    this.#insert(length, this.#write(length, answers, alias, 0));
    for (let rest = this.#toParent(length); rest; rest = this.#toParent(rest)) {
      const slot = this.#find(rest);
      if (slot >= 0) return this.#count(slot, 1);
      this.#insert(rest, this.#write(rest, [], false, 1));
    }
  }

  /** The name exists no more, and of those above it none that only existed for its sake. */
  #remove(length: number, slot: number): void {
    this.#take(slot);
    for (let rest = this.#toParent(length); rest; rest = this.#toParent(rest)) {
      const above = this.#find(rest);
      this.#count(above, -1);
      const [chunk, entry] = this.#at(this.#index[2 * above + 1]!);
      if (chunk[entry]! >> 8 || chunk[entry + ENTRY.children]) return;
      this.#take(above);
    }
  }

  #count(slot: number, by: 1 | -1): void {
    const [chunk, entry] = this.#at(this.#index[2 * slot + 1]!);
    chunk[entry + ENTRY.children]! += by;
  }

  /** Makes the key that of its parent; the new length, 0 when the parent is the root. */
  #toParent(length: number): number {
    const first = this.#key[0]! + 1;
    this.#key.copyWithin(0, first, length);
    this.#key.fill(0, length - first, length);
    return length - first > 1 ? length - first : 0;
  }

  #find(length: number): number {
    return find(this.memory, this.#words, length, hashOf(this.#words, length, this.#seed));
  }

  #insert(length: number, ref: Ref): void {
    if (2 * (this.#filled + 1) > this.#index.length >> 1) this.#rehash();
    place(this.#index, hashOf(this.#words, length, this.#seed), ref);
    this.#filled++;
    this.#size++;
  }

  #take(slot: number): void {
    const ref = this.#index[2 * slot + 1]!;
    Atomics.store(this.#index, 2 * slot + 1, GONE);
    this.#free(ref);
    this.#size--;
  }

  /** A new index, a quarter full. Readers go on with the old one until they hear of it. */
  #rehash(): void {
    let slots = FIRST_SLOTS;
    while (slots < 4 * this.#size) slots *= 2;
    const index = new Int32Array(new SharedArrayBuffer(slots * 8));
    for (let i = 0; i < this.#index.length; i += 2)
      if (this.#index[i + 1]! > 0) place(index, this.#index[i]!, this.#index[i + 1]!);
    this.#index = index;
    this.#filled = this.#size;
    this.#changed();
  }

  #changed(): void {
    this.#memory = undefined;
    Atomics.add(this.control, WORD.wanted, 1);
    this.onGrown?.();
  }

  #write(length: number, answers: readonly Encoded[], alias: boolean, children: number): Ref {
    const name = wordsOf(length);
    const words = answers.reduce((sum, { bytes }) => sum + ANSWER.bytes + wordsOf(bytes.length), ENTRY.name + name);
    const ref = this.#arena.allocate(4 * words);
    const [chunk, entry] = this.#at(ref);
    chunk[entry] = length | (answers.length << 8) | (alias ? ALIAS : 0);
    chunk[entry + ENTRY.children] = children;
    chunk[entry + ENTRY.size] = 4 * words;
    let at = entry + ENTRY.name;
    for (let i = 0; i < name; i++) chunk[at++] = this.#words[i]!;
    for (const { type, answers: own, additionals, turn, bytes } of answers) {
      chunk[at] = type | (own << 16);
      chunk[at + ANSWER.extra] = additionals | (turn << 16);
      chunk[at + ANSWER.length] = bytes.length;
      at += ANSWER.bytes;
      bytesIn(chunk, at, bytes.length).set(bytes);
      at += wordsOf(bytes.length);
    }
    return ref;
  }

  #free(ref: Ref): void {
    const [chunk, entry] = this.#at(ref);
    this.#arena.free(ref, chunk[entry + ENTRY.size]!);
  }

  #at(ref: Ref): readonly [chunk: Int32Array, at: number] {
    return [this.#arena.chunks[ref >>> UNITS_BITS]!, wordAt(ref)];
  }

  /** Writes the name's wire form into the key; its length, 0 for text that is no name and for the root. */
  #spell(name: Name): number {
    this.#key.fill(0);
    const length = writeName(name, this.#key);
    return length > 1 ? length : 0;
  }
}

/** Into the first free slot: hash before reference, since readers look at the reference first. */
function place(index: Int32Array, hash: number, ref: Ref): void {
  const mask = (index.length >> 1) - 1;
  let slot = hash & mask;
  while (index[2 * slot + 1]! > 0) slot = (slot + 1) & mask;
  index[2 * slot] = hash;
  Atomics.store(index, 2 * slot + 1, ref);
}

function bytesIn(chunk: Int32Array, word: number, length: number): Uint8Array {
  return new Uint8Array(chunk.buffer, 4 * word, length);
}

function encodedAt(chunk: Int32Array, at: number): Encoded {
  const [type, extra] = [chunk[at]!, chunk[at + ANSWER.extra]!];
  return {
    type: type & 0xffff,
    answers: type >>> 16,
    additionals: extra & 0xffff,
    turn: extra >>> 16,
    bytes: bytesIn(chunk, at + ANSWER.bytes, chunk[at + ANSWER.length]!),
  };
}
