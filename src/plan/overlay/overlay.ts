/** VXLAN between nodes that share no link: one device, and per remote node its routes, neighbours and forwarding entry. Nothing is learnt. */

import { PROTOCOL } from '../../kernel/kind.js';
import type { KernelObject } from '../../kernel/port.js';
import { type Feature, NOTHING } from '../feature.js';
import { VXLAN, vtepMac } from '../names.js';
import { remotePodCidrs } from '../remote.js';
import { podMtu, sourceAddress } from '../settings.js';

/** One network, one identifier. */
const VNI = 100;
const PORT = 4789;

const device: Feature = {
  name: 'overlay device',
  per: 'Self',
  plan: (settings, { nodeName }) => {
    if (settings.overlay !== 'vxlan') return NOTHING;
    const cause = 'overlay';
    return [
      {
        kind: 'link',
        type: 'vxlan',
        name: VXLAN,
        up: true,
        mtu: podMtu(settings),
        mac: vtepMac(nodeName),
        vni: VNI,
        port: PORT,
        local: settings.addresses[0],
        learning: false,
      },
      // The node's own packets into the overlay come from here, so that their replies take the overlay, too.
      ...settings.podCidrs.map(
        ({ ip }) => ({ kind: 'address', link: VXLAN, ip, prefix: ip.bytes.length * 8, nodad: true, cause }) as const,
      ),
    ];
  },
};

const peers: Feature = {
  name: 'overlay',
  per: 'Node',
  plan: (node, world) => {
    const objects: KernelObject[] = [];
    const { settings } = world;
    const cidrs = settings.overlay === 'vxlan' ? remotePodCidrs(node, world) : [];
    const destination = node.addresses.find(ip => ip.family === settings.addresses[0]?.family);
    if (!cidrs.length || !destination) return objects;
    const cause = `Node ${node.name}`;
    const mac = vtepMac(node.name);
    objects.push({ kind: 'fdb', link: VXLAN, mac, destination, permanent: true, cause });
    for (const cidr of cidrs) {
      // The next hop is only a name for the peer's Ethernet address. The peer's node address would not do: IPv6 refuses
      // an onlink gateway that is on another link.
      const via = cidr.ip;
      objects.push(
        { kind: 'neighbour', link: VXLAN, ip: via, mac, permanent: true, cause },
        {
          kind: 'route',
          destination: cidr,
          table: 254,
          type: 'unicast',
          nexthops: [{ via, link: VXLAN, onlink: true }],
          source: sourceAddress(settings, cidr.family),
          protocol: PROTOCOL,
          cause,
        },
      );
    }
    return objects;
  },
};

export const overlay: readonly Feature[] = [device, peers];
