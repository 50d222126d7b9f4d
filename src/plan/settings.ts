/** What a node's plan takes from its own machine and configuration rather than from the API. */

import type { Cidr } from '../net/cidr.js';
import type { Family, Ip } from '../net/ip.js';

export interface Settings {
  /** The node's own addresses, one per family at most; the first one's family carries the overlay. */
  readonly addresses: readonly Ip[];
  /** The node's own pod CIDRs, one per family at most: what its Pods' addresses are taken from. */
  readonly podCidrs: readonly Cidr[];
  readonly serviceCidrs: readonly Cidr[];
  /** Where the agent itself answers DNS; a Service with such a ClusterIP is the agent's own and gets no rules. */
  readonly dnsAddresses: readonly Ip[];
  /** Addresses of other nodes whose servers answer when this node's does not. */
  readonly dnsPeers: readonly Ip[];
  readonly overlay: 'none' | 'vxlan';
  /** The node's topology.kubernetes.io/zone: hints of endpoints may name it. */
  readonly zone?: string;
  /** The link to the other nodes. */
  readonly link: string;
  /** That link's MTU, in bytes. */
  readonly mtu: number;
}

/** VXLAN's outer headers: Ethernet 14, UDP 8, VXLAN 8, and IPv4 20 or IPv6 40 bytes (RFC 7348). */
const VXLAN_BYTES = { 4: 50, 6: 70 } as const;

/** The greatest packet that a Pod may send, in bytes. */
export function podMtu(settings: Settings): number {
  return settings.overlay === 'none' ? settings.mtu : settings.mtu - VXLAN_BYTES[settings.addresses[0]?.family ?? 6];
}

/**
 * What the node calls itself towards Pods, so that their replies come back the same way: its address, or in an overlay
 * the first address of its pod CIDR, which is no Pod's. It must be said in routes and rules: left to itself the
 * kernel would choose any address of the node, the DNS address on `lo` first.
 */
export function sourceAddress(settings: Settings, family: Family): Ip | undefined {
  if (settings.overlay === 'none') return settings.addresses.find(ip => ip.family === family);
  return settings.podCidrs.find(cidr => cidr.family === family)?.ip;
}
