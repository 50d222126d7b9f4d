/** What a policy of either API means: whom it concerns and what it says of them, as values. Knows no cluster and decides nothing. */

import type { Cidr } from '../net/cidr.js';
import type { Protocol } from '../net/flow.js';
import type { LabelSelector } from '../objects/meta.js';
import type { Problem } from './problem.js';

/** One NetworkPolicy or ClusterNetworkPolicy: immutable, replaced as a whole. */
export interface PolicyEntry {
  /** `NetworkPolicy default/web` or `ClusterNetworkPolicy baseline`: also the cause of what is planned for it. */
  readonly key: string;
  /** In which order policies are asked: Admin, then all NetworkPolicies at once, then Baseline. */
  readonly tier: 'Admin' | 'NetworkPolicy' | 'Baseline';
  /** Within Admin and Baseline: the lower number is asked first, 0..1000; 0 for a NetworkPolicy. */
  readonly priority: number;
  /** Which Pods it concerns; those of the host's network never. */
  readonly subject: PodSet;
  /** Left out: it says nothing of that direction. An empty list of a NetworkPolicy isolates. */
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
  readonly problems: readonly Problem[];
}

/** Of a NetworkPolicy always an Accept; of a ClusterNetworkPolicy the first that matches decides. */
export interface PolicyRule {
  readonly action: 'Accept' | 'Deny' | 'Pass';
  /** The rule's own name in a ClusterNetworkPolicy. */
  readonly name?: string;
  /** Any of them; left out: everybody. Empty: nobody. */
  readonly peers?: readonly Peer[];
  /** Any of them; left out: every protocol and port. Empty: none. */
  readonly ports?: readonly PortMatch[];
}

export type Peer =
  | { readonly kind: 'pods'; readonly pods: PodSet }
  /** Addresses in `cidr` and in none of `except`. */
  | { readonly kind: 'network'; readonly cidr: Cidr; readonly except: readonly Cidr[] }
  /** The nodes' own addresses, and with them their host-network Pods. */
  | { readonly kind: 'nodes'; readonly selector: LabelSelector };

/** Pods of the namespaces that match, which match themselves. A namespace by name is of the policy's own: never a label. */
export interface PodSet {
  readonly namespaces: { readonly name: string } | { readonly selector: LabelSelector };
  readonly pods: LabelSelector;
}

export interface PortMatch {
  /** Left out: a named port of any protocol. */
  readonly protocol?: Protocol;
  /** Numbers 1..65535, both ends included; a name is looked up in each destination Pod's own container ports; left out: all. */
  readonly port?: { readonly from: number; readonly to: number } | { readonly name: string };
}
