/** The addresses of one prefix, given out one at a time. Knows which are taken and which come next; not who has them. */

import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';

/** Offsets 0 (the network, or IPv6's subnet-router anycast address, RFC 4291 §2.6.1) and 1 (the bridge profile's gateway) are not given out. */
const FIRST = 2n;

/** Immutable: what changes it returns a new pool. */
export class Pool {
  private constructor(
    readonly cidr: Cidr,
    private readonly taken: ReadonlySet<bigint>,
    /** Offset of the address given out last, where the search goes on. */
    private readonly last: bigint,
  ) {}

  static of(cidr: Cidr): Pool {
    return new Pool(cidr, new Set(), FIRST - 1n);
  }

  /** The address of the prefix that Pods may use as their gateway; never given out. */
  get gateway(): Ip {
    return this.cidr.at(1);
  }

  /** How many addresses can be given out in all. */
  get capacity(): bigint {
    const size = this.end - FIRST;
    return size > 0n ? size : 0n;
  }

  get used(): number {
    return this.taken.size;
  }

  /**
   * The lowest free address after the last one given out, from the start again at the end: an address rests as long as
   * possible before its next Pod. Undefined when all are taken.
   */
  allocate(): { readonly pool: Pool; readonly ip: Ip } | undefined {
    if (BigInt(this.taken.size) >= this.capacity) return undefined;
    let offset = this.last + 1n;
    for (;;) {
      if (offset >= this.end) offset = FIRST;
      if (!this.taken.has(offset)) return { pool: this.with(offset), ip: this.cidr.at(offset) };
      offset++;
    }
  }

  /** The pool without that address among the free ones. Undefined when it is taken, reserved or of another prefix. */
  claim(ip: Ip): Pool | undefined {
    const offset = this.offset(ip);
    return offset === undefined || this.taken.has(offset) ? undefined : this.with(offset);
  }

  /** The pool with that address free again; one that was not taken changes nothing. */
  release(ip: Ip): Pool {
    const offset = this.offset(ip);
    if (offset === undefined || !this.taken.has(offset)) return this;
    const taken = new Set(this.taken);
    taken.delete(offset);
    return new Pool(this.cidr, taken, this.last);
  }

  has(ip: Ip): boolean {
    const offset = this.offset(ip);
    return offset !== undefined && this.taken.has(offset);
  }

  /** The offset after the last that is given out: IPv4 keeps the broadcast address. */
  private get end(): bigint {
    return this.cidr.family === 4 ? this.cidr.size - 1n : this.cidr.size;
  }

  /** Undefined for what this pool never gives out. */
  private offset(ip: Ip): bigint | undefined {
    if (!this.cidr.contains(ip)) return undefined;
    const offset = ip.toBigInt() - this.cidr.ip.toBigInt();
    return offset >= FIRST && offset < this.end ? offset : undefined;
  }

  private with(offset: bigint): Pool {
    return new Pool(this.cidr, new Set(this.taken).add(offset), offset);
  }
}
