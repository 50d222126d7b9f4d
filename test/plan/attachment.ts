/** Attachments as an agent would make them, with names and MACs that a reader can tell apart: all end as its first address does. */

import type { Ip } from '../../src/net/ip.js';
import { type Attachment, gateways, type HostPort, type Profile } from '../../src/plan/attachment.js';
import { podMtu, type Settings } from '../../src/plan/settings.js';

export interface TestPod {
  readonly id: string;
  readonly namespace?: string;
  readonly name: string;
  readonly ips: readonly Ip[];
  readonly netns: string;
  readonly profile: Profile;
  readonly settings: Settings;
  readonly hostPorts?: readonly HostPort[];
}

export function attachmentOf({ namespace = 'default', profile, settings, ...pod }: TestPod): Attachment {
  const { id, name, ips, netns, hostPorts = [] } = pod;
  const serial = ips[0]!.bytes.at(-1)!.toString(16).padStart(2, '0');
  const mac = (end: number) => `02:00:00:00:0${end}:${serial}`;
  return {
    id,
    namespace,
    name,
    profile,
    ips,
    link: `pw000000000${serial}`,
    ifname: 'eth0',
    hostMac: mac(1),
    podMac: mac(2),
    netns,
    gateways: gateways(profile, settings.podCidrs),
    mtu: podMtu(settings),
    hostPorts,
  };
}
