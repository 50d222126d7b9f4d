/** An address prefix as a value. Knows ranges of addresses; refuses to know who owns them. */

import { type Family, Ip } from './ip.js';

/** An immutable prefix; `ip` is its first address, all host bits zero. */
export class Cidr {
  private constructor(
    readonly ip: Ip,
    readonly prefix: number,
  ) {}

  /** Strict `address/length`; host bits must be zero unless `mask` is set, which clears them. */
  static parse(text: string, options: { mask?: boolean } = {}): Cidr | undefined {
    const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
    const ip = match && Ip.parse(match[1]!);
    // An IPv4-mapped prefix has no meaning once its address became IPv4.
    if (!ip || (ip.family === 4 && match[1]!.includes(':'))) return undefined;
    const prefix = Number(match[2]);
    if (prefix > ip.bytes.length * 8) return undefined;
    const cidr = Cidr.containing(ip, prefix);
    return options.mask || cidr.ip.equals(ip) ? cidr : undefined;
  }

  /** Like `parse`, for constants: throws a RangeError on text that is no prefix. */
  static of(text: string): Cidr {
    const cidr = Cidr.parse(text);
    if (!cidr) throw new RangeError(`not a CIDR: '${text}'`);
    return cidr;
  }

  /** The prefix of that length which contains the address. */
  static containing(ip: Ip, prefix: number): Cidr {
    const bytes = ip.bytes.slice();
    for (let bit = prefix; bit < bytes.length * 8; bit++) bytes[bit >> 3]! &= ~(0x80 >> (bit & 7));
    return new Cidr(new Ip(bytes), prefix);
  }

  /** The prefix of one address: /32 or /128. */
  static host(ip: Ip): Cidr {
    return new Cidr(ip, ip.bytes.length * 8);
  }

  get family(): Family {
    return this.ip.family;
  }

  /** How many addresses it has. */
  get size(): bigint {
    return 1n << BigInt(this.ip.bytes.length * 8 - this.prefix);
  }

  get last(): Ip {
    return this.ip.plus(this.size - 1n);
  }

  /** The address at `offset` from the first. Throws a RangeError when it lies outside. */
  at(offset: bigint | number): Ip {
    if (BigInt(offset) < 0n || BigInt(offset) >= this.size) throw new RangeError(`${this} has no address at ${offset}`);
    return this.ip.plus(offset);
  }

  contains(other: Ip | Cidr): boolean {
    if (other instanceof Cidr) return other.prefix >= this.prefix && this.contains(other.ip);
    const { ip, prefix } = this;
    // By number: every ClusterIP is asked for.
    if (ip.v4 !== undefined && other.v4 !== undefined)
      return prefix === 0 || (ip.v4 ^ other.v4) >>> (32 - prefix) === 0;
    return other.family === this.family && Cidr.containing(other, prefix).ip.equals(ip);
  }

  overlaps(other: Cidr): boolean {
    return this.contains(other) || other.contains(this);
  }

  /** The `index`-th prefix of length `prefix` inside this one: how pod CIDRs are cut from the cluster's. */
  subnet(prefix: number, index: number): Cidr {
    const step = 1n << BigInt(this.ip.bytes.length * 8 - prefix);
    return new Cidr(this.at(step * BigInt(index)), prefix);
  }

  equals(other: Cidr): boolean {
    return this.prefix === other.prefix && this.ip.equals(other.ip);
  }

  toString(): string {
    return `${this.ip}/${this.prefix}`;
  }

  toJSON(): string {
    return this.toString();
  }
}
