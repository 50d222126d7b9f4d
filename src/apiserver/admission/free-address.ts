/** One address of a range that nobody holds. Knows which addresses are never given out; refuses to know who holds the others. */

import { createHash } from 'node:crypto';
import type { Cidr } from '../../net/cidr.js';
import type { Ip } from '../../net/ip.js';
import { DNS_OFFSET, KUBERNETES_OFFSET } from '../cluster-config.js';

/** Larger ranges are used up to this many addresses. */
const MAX_SIZE = 1n << 20n;

/**
 * Starts at a place that `seed` decides and takes the first free address from there on, so that an address which was just
 * given back is unlikely to come again while somebody still remembers it. Undefined when the range is full.
 */
export function freeAddress(cidr: Cidr, seed: string, taken: (ip: string) => boolean): Ip | undefined {
  const size = Number(cidr.size < MAX_SIZE ? cidr.size : MAX_SIZE);
  // The first address names the network; IPv4's last is its broadcast address.
  const last = cidr.family === 4 && cidr.size <= MAX_SIZE ? size - 2 : size - 1;
  const start = createHash('sha256').update(seed).digest().readUInt32BE(0);
  for (let i = 0; i < last; i++) {
    const offset = 1 + ((start + i) % last);
    if (offset === KUBERNETES_OFFSET || offset === DNS_OFFSET) continue;
    const ip = cidr.at(offset);
    if (!taken(ip.toString())) return ip;
  }
  return undefined;
}
