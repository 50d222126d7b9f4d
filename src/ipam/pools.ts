/** One pool per IP family of a node: a Pod gets an address of each, or none at all. */

import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import { Pool } from './pool.js';

/** In the order in which a Pod's addresses are listed: the first one's is its primary. */
export type Pools = readonly Pool[];

export type Allocation =
  | { readonly pools: Pools; readonly ips: readonly Ip[] }
  /** The pool that has nothing left; no address was taken from any. */
  | { readonly exhausted: Pool };

export function poolsOf(cidrs: readonly Cidr[]): Pools {
  return cidrs.map(cidr => Pool.of(cidr));
}

/** One address from each pool. */
export function allocate(pools: Pools): Allocation {
  const next: Pool[] = [];
  const ips: Ip[] = [];
  for (const pool of pools) {
    const given = pool.allocate();
    if (!given) return { exhausted: pool };
    next.push(given.pool);
    ips.push(given.ip);
  }
  return { pools: next, ips };
}

/** Takes addresses that were given out earlier; those that are no pool's, or taken already, are left aside. */
export function claim(pools: Pools, ips: readonly Ip[]): Pools {
  return pools.map(pool => ips.reduce((current, ip) => current.claim(ip) ?? current, pool));
}

export function release(pools: Pools, ips: readonly Ip[]): Pools {
  return pools.map(pool => ips.reduce((current, ip) => current.release(ip), pool));
}
