/**
 * The memory that names and their answers lie in: blocks of shared chunks, so that another thread can answer from them.
 * Knows who may still be reading a block; refuses to know what is in it.
 */

/** Which chunk, and which unit of it: a 31-bit number. 0 is no block. */
export type Ref = number;

const CHUNK_BYTES = 1 << 20;
const UNIT_BITS = 3;
export const UNITS_BITS = 20 - UNIT_BITS;
export const UNITS_MASK = (1 << UNITS_BITS) - 1;

/** Words (32 bits) through which the threads of one server speak: one writer, one reader. */
export const WORD = {
  /** Written by the writer: FLAG bits. */
  flags: 0,
  /** Written by the reader: odd while it may hold references into the memory. */
  epoch: 1,
  /** Which memory is valid, by the writer; which one the reader uses, by the reader, NOBODY when there is none. */
  wanted: 2,
  used: 3,
  /** Requests that the reader has handed over and nobody has answered yet. Both count. */
  pending: 4,
  /** Seconds that a negative answer may be kept. By the writer. */
  ttl: 5,
} as const;

export const FLAG = {
  /** Every Service was seen once: what is not in the table does not exist. */
  synced: 1,
  /** A Pod's name in a namespace, if it does not exist, may still get an answer, by the Pod's search path. */
  autopath: 2,
  /** Somebody wants to hear of every question. */
  tail: 4,
} as const;

export const NOBODY = -1;

export function newControl(): Int32Array {
  const control = new Int32Array(new SharedArrayBuffer(64));
  control[WORD.used] = NOBODY;
  return control;
}

interface Freed {
  readonly ref: Ref;
  readonly size: number;
  readonly epoch: number;
}

/** Blocks of 1 byte to 128 KiB. A block that was freed is written again only when no reader can have it in hand. */
export class Arena {
  readonly chunks: Int32Array[] = [];
  /** Freed blocks by size. */
  readonly #free = new Map<number, Ref[]>();
  /** Freed blocks that a reader may still be looking at, oldest first. */
  readonly #resting: Freed[] = [];
  #top = CHUNK_BYTES;

  /** `grown` is called when there is another chunk. */
  constructor(
    private readonly control: Int32Array,
    private readonly grown: () => void,
  ) {}

  allocate(bytes: number): Ref {
    const size = sizeClass(bytes);
    if (this.#resting.length) this.#settle();
    const known = this.#free.get(size)?.pop();
    if (known !== undefined) return known;
    if (this.#top + size > CHUNK_BYTES) {
      this.chunks.push(new Int32Array(new SharedArrayBuffer(CHUNK_BYTES)));
      // The first unit of the first chunk stays unused: 0 is no block.
      this.#top = 1 << UNIT_BITS;
      this.grown();
    }
    const ref = ((this.chunks.length - 1) << UNITS_BITS) | (this.#top >> UNIT_BITS);
    this.#top += size;
    return ref;
  }

  /** The block is no longer referred to by anything that a reader begins with from now on. */
  free(ref: Ref, bytes: number): void {
    this.#resting.push({ ref, size: sizeClass(bytes), epoch: Atomics.load(this.control, WORD.epoch) });
  }

  #settle(): void {
    const { control } = this;
    // A reader that has not taken over the last memory begins with references of the one before.
    const used = Atomics.load(control, WORD.used);
    if (used !== NOBODY && used !== Atomics.load(control, WORD.wanted)) return;
    const epoch = Atomics.load(control, WORD.epoch);
    let settled = 0;
    for (; settled < this.#resting.length; settled++) {
      const { ref, size, epoch: then } = this.#resting[settled]!;
      if (then & 1 && then === epoch) break;
      const others = this.#free.get(size);
      if (others) others.push(ref);
      else this.#free.set(size, [ref]);
    }
    if (settled) this.#resting.splice(0, settled);
  }
}

/** Eight sizes for each power of two, so that blocks which grow and shrink find each other's places. */
function sizeClass(bytes: number): number {
  const step = Math.max(1 << UNIT_BITS, 1 << (31 - Math.clz32(bytes) - 3));
  return Math.ceil(bytes / step) * step;
}
