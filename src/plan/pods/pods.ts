/** The node's side of each Pod: its link, the routes and neighbours to it, and the guard on what it may send. */

import { PROTOCOL } from '../../kernel/kind.js';
import type { Neighbour, Route, Veth } from '../../kernel/net-objects.js';
import type { KernelObject } from '../../kernel/port.js';
import { Cidr } from '../../net/cidr.js';
import type { Ip } from '../../net/ip.js';
import type { Attachment } from '../attachment.js';
import type { Feature, World } from '../feature.js';
import { BRIDGE } from '../names.js';
import { bridge } from './bridge.js';
import { guard, guardElements } from './guard.js';

const links: Feature = {
  name: 'pods',
  per: 'Attachment',
  plan: (attachment, world) => [
    ...(attachment.profile === 'bridge' ? bridge(attachment.gateways) : []),
    hostLink(attachment),
    ...(attachment.leaving ? [] : present(attachment, world)),
  ],
};

function present(attachment: Attachment, world: World): KernelObject[] {
  return [
    ...attachment.ips.flatMap(ip => way(attachment, ip, world)),
    ...guardElements(attachment, 'inet'),
    ...(attachment.profile === 'bridge' ? guardElements(attachment, 'bridge') : []),
  ];
}

export const pods: readonly Feature[] = [links, guard];

function hostLink(attachment: Attachment): Veth {
  const { link, ifname, mtu, hostMac, podMac, netns } = attachment;
  return {
    kind: 'link',
    type: 'veth',
    name: link,
    up: true,
    mtu,
    mac: hostMac,
    alias: causeOf(attachment),
    peer: { name: ifname, netns, mac: podMac, mtu },
    // Hairpin: where bridged packets pass IP hooks (br_netfilter), a Pod that reaches itself through its Service comes back
    // by the port it left.
    ...(attachment.profile === 'bridge' ? { master: BRIDGE, hairpin: true } : {}),
  };
}

/** One address's route, and the neighbour entry that makes asking for the Pod's Ethernet address needless. */
function way(attachment: Attachment, ip: Ip, { settings }: World): KernelObject[] {
  const cause = causeOf(attachment);
  const link = attachment.profile === 'bridge' ? BRIDGE : attachment.link;
  const route: Route = {
    kind: 'route',
    destination: Cidr.host(ip),
    table: 254,
    type: 'unicast',
    nexthops: [{ link }],
    // Also in an overlay, which this way does not take: what answers a Pod's datagram answers from the address that it asked.
    source: settings.addresses.find(own => own.family === ip.family),
    scope: ip.family === 4 ? 'link' : undefined,
    protocol: PROTOCOL,
    cause,
  };
  const neighbour: Neighbour = { kind: 'neighbour', link, ip, mac: attachment.podMac, permanent: true, cause };
  return [route, neighbour];
}

function causeOf({ namespace, name }: Attachment) {
  return `Pod ${namespace}/${name}`;
}
