/**
 * How a name with its answers is written in memory, and how it is found. Shared by the thread that writes and the one that
 * answers; knows words, not records. A word is 32 bits, little-endian, as the machines are that podwire runs on.
 *
 *     entry   word 0  length of the name in bytes | number of answers << 8 | 1 << 16 for an alias
 *             word 1  existing names one label below (the writer's)
 *             word 2  size of the block in bytes (the writer's)
 *             word 3  the name in wire form and lower case, zeros up to the next word; then the answers
 *     answer  word 0  type | records of the answer section << 16
 *             word 1  records of the additional section | turn << 16
 *             word 2  how many bytes follow
 *             word 3  the records as they stand in a message behind a question for the name, then anything up to the next word
 *
 * A name without answers exists, and has nothing to say. An alias's answer depends on other names. `turn` is the size in
 * bytes of each answer record, if they are of equal size and their order tells nothing; else 0.
 */

import { type Ref, UNITS_BITS, UNITS_MASK } from './memory.js';

export const ENTRY = { head: 0, children: 1, size: 2, name: 3 } as const;
export const ANSWER = { type: 0, extra: 1, length: 2, bytes: 3 } as const;
export const ALIAS = 1 << 16;

/** What a reader needs: an open-addressed index of pairs (hash, reference), and the chunks that references lead into. */
export interface TableMemory {
  readonly index: Int32Array;
  readonly chunks: readonly Int32Array[];
  /** Hashes differ from process to process, so that nobody can choose names that collide. */
  readonly seed: number;
}

/** A slot whose entry is no more; the search goes on behind it. */
export const GONE = -1;

/** How many words so many bytes fill. */
export function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2;
}

/** Where the block begins in its chunk, in words. */
export function wordAt(ref: Ref): number {
  return (ref & UNITS_MASK) << 1;
}

/** One step of the hash of a name, word by word. */
export function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

/** `key` holds the name as an entry does, `size` is its length in bytes. */
export function hashOf(key: Int32Array, size: number, seed: number): number {
  const words = wordsOf(size);
  let hash = seed;
  for (let i = 0; i < words; i++) hash = mix(hash, key[i]!);
  return hash;
}

/** The slot of the name in `key`, or -1. */
export function find(memory: TableMemory, key: Int32Array, size: number, hash: number): number {
  const { index, chunks } = memory;
  const mask = (index.length >> 1) - 1;
  const words = wordsOf(size);
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const ref: Ref = Atomics.load(index, 2 * slot + 1);
    if (ref === 0) return -1;
    if (ref === GONE || index[2 * slot] !== hash) continue;
    const chunk = chunks[ref >>> UNITS_BITS];
    if (chunk === undefined) continue;
    const at = wordAt(ref);
    if ((chunk[at]! & 0xff) !== size) continue;
    let i = 0;
    while (i < words && chunk[at + ENTRY.name + i] === key[i]) i++;
    if (i === words) return slot;
  }
}

/** Where the answer of that type begins in the chunk, or 0. */
export function findAnswer(chunk: Int32Array, entry: number, type: number): number {
  const head = chunk[entry]!;
  let at = entry + ENTRY.name + wordsOf(head & 0xff);
  for (let left = (head >> 8) & 0xff; left > 0; left--) {
    if ((chunk[at]! & 0xffff) === type) return at;
    at += ANSWER.bytes + wordsOf(chunk[at + ANSWER.length]!);
  }
  return 0;
}

/** ASCII capitals among four bytes in lower case. In a name's wire form lengths are below 64, and so never capitals. */
export function lowerCase(word: number): number {
  const low = word & 0x7f7f7f7f;
  // In each byte's highest bit: not below 'A', and above 'Z'.
  const capitals = ((low + 0x3f3f3f3f) ^ (low + 0x25252525)) & ~word & 0x80808080;
  return word | (capitals >>> 2);
}
