/** Whether an address is in one of a few ranges, asked of bytes. Knows struct sockaddr's layout, and no names. */

import type { Cidr } from '../../net/cidr.js';

interface Range {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

export class Prefixes {
  readonly #v4: readonly { readonly network: number; readonly mask: number }[];
  readonly #v6: readonly Range[];

  constructor(ranges: readonly Cidr[]) {
    this.#v4 = ranges
      .filter(({ family }) => family === 4)
      .map(({ ip, prefix }) => ({ network: ip.v4! | 0, mask: prefix === 0 ? 0 : -1 << (32 - prefix) }));
    this.#v6 = ranges.filter(({ family }) => family === 6).map(({ ip, prefix }) => ({ bytes: ip.bytes, bits: prefix }));
  }

  /** Of the address in the struct sockaddr_in or sockaddr_in6 at `at`. */
  hasPeer(bytes: Uint8Array, at: number): boolean {
    // AF_INET, in host byte order: the other byte is zero either way.
    if ((bytes[at]! | bytes[at + 1]!) === 2) {
      const ip = (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!;
      for (const { network, mask } of this.#v4) if ((ip & mask) === network) return true;
      return false;
    }
    for (const range of this.#v6) if (matches(bytes, at + 8, range)) return true;
    return false;
  }
}

function matches(bytes: Uint8Array, at: number, { bytes: prefix, bits }: Range): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[at + i] !== prefix[i]) return false;
  const rest = 8 - (bits & 7);
  return rest === 8 || bytes[at + whole]! >> rest === prefix[whole]! >> rest;
}
