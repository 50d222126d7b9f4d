/** The cluster that the Services suite is played on: three nodes in three zones, their Pods, and a client outside. Knows names; a backend knows addresses. */

import type { Family, Ip } from '../../../src/net/ip.js';

/** From where packets come and where they land. */
export type PlaceName = 'a1' | 'a2' | 'b1' | 'c1' | 'host' | 'n1' | 'n2' | 'n3' | 'outside';

export interface Place {
  readonly kind: 'Pod' | 'node' | 'outside';
  /** The node that it is on; of the client outside, the one that its packets are routed to. */
  readonly node: 'n1' | 'n2' | 'n3';
}

export const ZONES = { n1: 'a', n2: 'b', n3: 'c' } as const;

/** `host` is a Pod of n2's own network: its address is the node's. */
export const PLACES: Readonly<Record<PlaceName, Place>> = {
  a1: { kind: 'Pod', node: 'n1' },
  a2: { kind: 'Pod', node: 'n1' },
  b1: { kind: 'Pod', node: 'n2' },
  c1: { kind: 'Pod', node: 'n3' },
  host: { kind: 'node', node: 'n2' },
  n1: { kind: 'node', node: 'n1' },
  n2: { kind: 'node', node: 'n2' },
  n3: { kind: 'node', node: 'n3' },
  outside: { kind: 'outside', node: 'n1' },
};

/** Every place's server listens here, TCP and UDP; it answers with the place's name and the address that it was asked from. */
export const SERVER_PORT = 8080;

export interface Addresses {
  place(name: PlaceName, family: Family): Ip;
  /** The n-th ClusterIP that the suite may use, from 1. */
  clusterIP(n: number, family: Family): Ip;
  /** The n-th LoadBalancer address, from 1; routed to n1. External IPs are allowed from the 129th on. */
  balancerIP(n: number, family: Family): Ip;
}
