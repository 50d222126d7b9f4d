/** A new attachment's names and addresses, and what the runtime is told of it. */

import { hash } from 'node:crypto';
import type { AddRequest } from '../cni/protocol.js';
import type { Attached } from '../cni/result.js';
import { LINK_PREFIX } from '../kernel/kind.js';
import { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import { formatMac, type Mac } from '../net/mac.js';
import { type Attachment, gateways, type Profile } from '../plan/attachment.js';
import { podMtu, type Settings } from '../plan/settings.js';
import { idOf } from './record.js';

/** Names and Ethernet addresses follow from the attachment's id, so that whoever makes it again makes the same. */
export function newAttachment(
  request: AddRequest,
  ips: readonly Ip[],
  profile: Profile,
  settings: Settings,
): Attachment {
  const { ref, pod, netns, hostPorts } = request;
  const id = idOf(ref);
  const digest = hash('sha256', id, 'buffer');
  return {
    id,
    namespace: pod?.namespace ?? '',
    name: pod?.name ?? ref.containerId,
    profile,
    ips,
    link: LINK_PREFIX + digest.toString('hex').slice(0, 11),
    hostMac: macOf(digest.subarray(8, 14)),
    podMac: macOf(digest.subarray(14, 20)),
    ifname: ref.ifname,
    netns,
    gateways: gateways(profile, settings.podCidrs),
    mtu: podMtu(settings),
    hostPorts,
  };
}

export function attachedOf(attachment: Attachment): Attached {
  const { ips, link, hostMac, podMac, mtu } = attachment;
  const gatewayOf = (ip: Ip) => attachment.gateways.find(gateway => gateway.family === ip.family);
  return {
    host: { name: link, mac: hostMac },
    mac: podMac,
    mtu,
    addresses: ips.map(ip => ({ address: Cidr.host(ip), gateway: gatewayOf(ip) })),
    routes: ips.map(ip => ({ destination: ip.family === 4 ? DEFAULT4 : DEFAULT6, gateway: gatewayOf(ip) })),
  };
}

const DEFAULT4 = Cidr.of('0.0.0.0/0');
const DEFAULT6 = Cidr.of('::/0');

/** Locally administered, unicast (IEEE 802: bit 1 of the first byte set, bit 0 clear). */
function macOf(bytes: Uint8Array): Mac {
  const own = Uint8Array.from(bytes);
  own[0] = (own[0]! & 0xfc) | 0x02;
  return formatMac(own);
}
