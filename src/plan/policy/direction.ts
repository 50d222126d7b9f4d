/** What differs between ingress and egress: which end of a connection is the Pod and which the peer. */

import type { Field } from '../../kernel/nft-objects.js';
import type { Family } from '../../net/ip.js';
import { is } from '../nft.js';

export type Direction = 'ingress' | 'egress';

export const DIRECTIONS = ['egress', 'ingress'] as const;

/** The other one's words are the peer's. */
export const PEER = { ingress: 'egress', egress: 'ingress' } as const satisfies Record<Direction, Direction>;

/**
 * The real ends of a packet's connection, in whichever direction the packet goes: who began it, before any SNAT, and where
 * DNAT sent it. An ICMP error belongs to the connection that it is about.
 */
export const END: Readonly<Record<Direction, Readonly<Record<Family, Field>>>> = {
  egress: { 4: 'ct original ip saddr', 6: 'ct original ip6 saddr' },
  ingress: { 4: 'ct reply ip saddr', 6: 'ct reply ip6 saddr' },
};

/** `policy-egress4`: by a Pod's address what decides of its connections in that direction, or to its own node. */
export function verdicts(to: Direction | 'node', family: Family): string {
  return `policy-${to}${family}`;
}

/** Of such a packet no rule can say who began and where it went. */
export const NO_CONNECTION = is('ct state', 'invalid,untracked');
