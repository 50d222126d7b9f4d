/** One address of a range that nobody holds. Knows which addresses are never given out; refuses to know who holds the others. */

import { createHash } from 'node:crypto';
import type { Cidr } from '../../net/cidr.js';
import type { Ip } from '../../net/ip.js';
import { DNS_OFFSET, KUBERNETES_OFFSET } from '../cluster-config.js';

/** Larger ranges are used up to this many addresses. */
const MAX_SIZE = 1n << 20n;

/**
 * Starts at a place that `seed` decides and takes the first free address from there on, so that an address which was just
 * given back is unlikely to come again while somebody still remembers it. The lower end of the range, where people like to
 * choose an address themselves, comes last (KEP-3070). Undefined when the range is full.
 */
export function freeAddress(cidr: Cidr, seed: string, taken: (ip: string) => boolean): Ip | undefined {
  const size = Number(cidr.size < MAX_SIZE ? cidr.size : MAX_SIZE);
  // The first address names the network; IPv4's last is its broadcast address.
  const end = cidr.family === 4 && cidr.size <= MAX_SIZE ? size - 1 : size;
  const start = createHash('sha256').update(seed).digest().readUInt32BE(0);
  for (const offset of upperFirst(1, end, staticBand(size, 16, 256), start)) {
    if (offset === KUBERNETES_OFFSET || offset === DNS_OFFSET) continue;
    const ip = cidr.at(offset);
    if (!taken(ip.toString())) return ip;
  }
  return undefined;
}

/** How much of a range's lower end is kept for those who choose themselves: one in `step`, at least 16, at most `most`; nothing of a small range. */
export function staticBand(size: number, step: number, most: number): number {
  return size <= 16 ? 0 : Math.min(most, Math.max(16, Math.floor(size / step)));
}

/** The numbers from `first` up to but without `end`: those beyond the lower `band` first, then those in it, each part in a circle from a place that `start` decides. */
export function* upperFirst(first: number, end: number, band: number, start: number): Generator<number> {
  const middle = Math.max(first, band);
  for (const [from, to] of [[middle, end] as const, [first, middle] as const]) {
    const size = to - from;
    for (let i = 0; i < size; i++) yield from + ((start + i) % size);
  }
}
