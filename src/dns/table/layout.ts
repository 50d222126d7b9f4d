/**
 * How a name with its answers is written in memory, and how it is found. Shared by the thread that writes and the one that
 * answers; knows bytes, not records.
 *
 *     entry   0 u8 length of the name, in wire form with its last zero
 *             1 u8 number of answers; 0: the name exists, and has nothing to say
 *             2 u8 1: an alias, whose answer depends on other names
 *             4 u32 existing names one label below (the writer's)
 *             8 u32 size of the block in bytes (the writer's)
 *            12 the name in lower case, then the answers
 *     answer  0 u16 type
 *             2 u16 records of the answer section
 *             4 u16 records of the additional section
 *             6 u16 bytes of each answer record, if they are of equal size and their order tells nothing; else 0
 *             8 u32 bytes that follow: the records as they stand in a message behind a question for the name
 *
 * Numbers are big-endian, as in DNS.
 */

import { type Ref, UNITS_BITS, UNITS_MASK } from './memory.js';

export const ENTRY = { length: 0, answers: 1, alias: 2, children: 4, size: 8, name: 12 } as const;
export const ANSWER = { type: 0, answers: 2, additionals: 4, turn: 6, length: 8, bytes: 12 } as const;

/** What a reader needs: an open-addressed index of pairs (hash, reference), and the chunks that references lead into. */
export interface TableMemory {
  readonly index: Int32Array;
  readonly chunks: readonly Uint8Array[];
  /** Hashes differ from process to process, so that nobody can choose names that collide. */
  readonly seed: number;
}

/** A slot whose entry is no more; the search goes on behind it. */
export const GONE = -1;

/** FNV-1a, one step. */
export function mix(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** The first slot to look at, `mask` being the number of slots less one. */
export function slotOf(hash: number, mask: number): number {
  return (hash ^ (hash >>> 15)) & mask;
}

export function hashOf(key: Uint8Array, length: number, seed: number): number {
  let hash = seed;
  for (let i = 0; i < length; i++) hash = mix(hash, key[i]!);
  return hash;
}

/** The slot of the name in `key`, or -1. */
export function find(memory: TableMemory, key: Uint8Array, length: number, hash: number): number {
  const { index, chunks } = memory;
  const mask = (index.length >> 1) - 1;
  for (let slot = slotOf(hash, mask); ; slot = (slot + 1) & mask) {
    const ref: Ref = Atomics.load(index, 2 * slot + 1);
    if (ref === 0) return -1;
    if (ref === GONE || index[2 * slot] !== hash) continue;
    const chunk = chunks[ref >>> UNITS_BITS];
    if (chunk === undefined) continue;
    const at = (ref & UNITS_MASK) << 3;
    if (chunk[at] !== length) continue;
    let i = 0;
    while (i < length && chunk[at + ENTRY.name + i] === key[i]) i++;
    if (i === length) return slot;
  }
}

/** Where the answer of that type begins in the chunk, or 0. */
export function findAnswer(chunk: Uint8Array, entry: number, type: number): number {
  let at = entry + ENTRY.name + chunk[entry]!;
  for (let left = chunk[entry + ENTRY.answers]!; left > 0; left--) {
    if (read16(chunk, at) === type) return at;
    at += ANSWER.bytes + read32(chunk, at + ANSWER.length);
  }
  return 0;
}

export function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}
