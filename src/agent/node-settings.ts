/** What the plan needs to know of this node: from its Node object, the agent's configuration, and the link to the others. */

import type { KernelPort } from '../kernel/port.js';
import type { Cluster } from '../model/cluster.js';
import type { Ip } from '../net/ip.js';
import type { Settings } from '../plan/settings.js';
import type { AgentConfig } from './config.js';

const ETHERNET_MTU = 1500;

/** Undefined until the Node exists and has its addresses and pod CIDRs, and this machine those addresses. */
export function settingsOf(config: AgentConfig, cluster: Cluster, port: KernelPort): Settings | undefined {
  const node = cluster.nodes.get(config.node);
  if (!node) return undefined;
  const { serviceCidrs, families, overlay, dns } = config;
  const podCidrs = families.flatMap(family => node.podCidrs.find(cidr => cidr.family === family) ?? []);
  const addresses = node.addresses.filter((ip, i, all) => all.findIndex(other => other.family === ip.family) === i);
  if (addresses.length === 0 || podCidrs.length === 0) return undefined;
  const uplink = uplinkOf(port, addresses);
  const { zone } = node;
  return (
    uplink && {
      addresses,
      podCidrs,
      serviceCidrs,
      dnsAddresses: dns.addresses,
      dnsPeers: dnsPeersOf(cluster, config.node),
      overlay,
      zone,
      ...uplink,
    }
  );
}

/** So many nodes stand in for one: enough that not all of them are away. */
const PEERS = 3;

/** Addresses of the nodes that follow by name, in a ring: no node stands in for all others. */
export function dnsPeersOf({ nodes }: Cluster, name: string): readonly Ip[] {
  const names = [...nodes.keys()].filter(other => other !== name).sort();
  const after = names.findIndex(other => other > name);
  const ring = after < 0 ? names : [...names.slice(after), ...names.slice(0, after)];
  return ring.slice(0, PEERS).flatMap(other => nodes.get(other)!.addresses);
}

export function sameSettings(a: Settings, b: Settings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The link that has one of the node's addresses; none while the machine does not have them yet. */
function uplinkOf(port: KernelPort, addresses: readonly Ip[]): Pick<Settings, 'link' | 'mtu'> | undefined {
  const objects = [...port.read(['link', 'address']).values()];
  for (const object of objects) {
    if (object.kind !== 'address' || !addresses.some(ip => ip.equals(object.ip))) continue;
    const link = objects.find(other => other.kind === 'link' && other.name === object.link);
    if (link?.kind === 'link') return { link: link.name, mtu: link.mtu ?? ETHERNET_MTU };
  }
  return undefined;
}
