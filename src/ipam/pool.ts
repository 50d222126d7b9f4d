/** The addresses of one prefix, given out one at a time. Knows which are taken and which come next; not who has them. */

import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';

/** Offsets 0 (the network, or IPv6's subnet-router anycast address, RFC 4291 §2.6.1) and 1 (the bridge profile's gateway) are not given out. */
const FIRST = 2;
/** No node has more Pods: of a greater prefix only the first so many addresses are used, and a bit for each is 8 KiB. */
const MOST = 1n << 16n;

/** Immutable: what changes it returns a new pool. */
export class Pool {
  private constructor(
    readonly cidr: Cidr,
    /** A bit for each offset. */
    private readonly taken: Uint32Array,
    readonly used: number,
    /** Offset of the address given out last, where the search goes on. */
    private readonly last: number,
  ) {}

  static of(cidr: Cidr): Pool {
    const words = (endOf(cidr) + 31) >>> 5;
    return new Pool(cidr, new Uint32Array(words), 0, FIRST - 1);
  }

  /** The address of the prefix that Pods may use as their gateway; never given out. */
  get gateway(): Ip {
    return this.cidr.at(1);
  }

  /** How many addresses can be given out in all. */
  get capacity(): number {
    return Math.max(endOf(this.cidr) - FIRST, 0);
  }

  /**
   * The lowest free address after the last one given out, from the start again at the end: an address rests as long as
   * possible before its next Pod. Undefined when all are taken.
   */
  allocate(): { readonly pool: Pool; readonly ip: Ip } | undefined {
    if (this.used >= this.capacity) return undefined;
    const end = endOf(this.cidr);
    let offset = this.last + 1;
    for (;;) {
      if (offset >= end) offset = FIRST;
      if (!this.isTaken(offset)) return { pool: this.with(offset, 1), ip: this.cidr.at(offset) };
      offset++;
    }
  }

  /** The pool without that address among the free ones. Undefined when it is taken, reserved or of another prefix. */
  claim(ip: Ip): Pool | undefined {
    const offset = this.offset(ip);
    return offset === undefined || this.isTaken(offset) ? undefined : this.with(offset, 1);
  }

  /** The pool with that address free again; one that was not taken changes nothing. */
  release(ip: Ip): Pool {
    const offset = this.offset(ip);
    return offset === undefined || !this.isTaken(offset) ? this : this.with(offset, -1);
  }

  has(ip: Ip): boolean {
    const offset = this.offset(ip);
    return offset !== undefined && this.isTaken(offset);
  }

  private isTaken(offset: number): boolean {
    return (this.taken[offset >>> 5]! & (1 << (offset & 31))) !== 0;
  }

  /** Undefined for what this pool never gives out. */
  private offset(ip: Ip): number | undefined {
    if (!this.cidr.contains(ip)) return undefined;
    const offset = ip.toBigInt() - this.cidr.ip.toBigInt();
    return offset >= FIRST && offset < endOf(this.cidr) ? Number(offset) : undefined;
  }

  /** `by`: 1 takes a free address, -1 frees a taken one. */
  private with(offset: number, by: 1 | -1): Pool {
    const taken = this.taken.slice();
    taken[offset >>> 5]! ^= 1 << (offset & 31);
    return new Pool(this.cidr, taken, this.used + by, by > 0 ? offset : this.last);
  }
}

/** The offset after the last that is given out: IPv4 keeps the broadcast address. */
function endOf({ family, size }: Cidr): number {
  const end = family === 4 ? size - 1n : size;
  return Number(end < MOST ? end : MOST);
}
