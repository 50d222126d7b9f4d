/** A Pod's connection to its node, as the agent's journal has it: known without the API server. */

import type { Cidr } from '../net/cidr.js';
import type { Protocol } from '../net/flow.js';
import { Ip } from '../net/ip.js';
import type { Mac } from '../net/mac.js';
import { BRIDGE_MAC } from './names.js';

/** `routed`: the Pod's link ends in the node's routing. `bridge`: it is a port of a bridge, whose address is the gateway. */
export type Profile = 'routed' | 'bridge';

export interface Attachment {
  /** Unique per sandbox, `<container id>/<interface>`: a Pod's next sandbox may come before its last one has gone. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly profile: Profile;
  /** One per family at most. */
  readonly ips: readonly Ip[];
  /** The node's end: `pw` and 11 hex digits. */
  readonly link: string;
  readonly hostMac: Mac;
  readonly podMac: Mac;
  /** The link's name inside the Pod, CNI_IFNAME: `eth0` as a rule. */
  readonly ifname: string;
  /** Path of the Pod's network namespace. */
  readonly netns: string;
  /** The Pod's default gateways, one per family: `gateways(profile, podCidrs)`. */
  readonly gateways: readonly Ip[];
  /** Bytes: `podMtu(settings)`. */
  readonly mtu: number;
  /** Ports of the node that lead to it. */
  readonly hostPorts: readonly HostPort[];
  /** DEL was called: the link may stay for a moment, so that links go in groups, but nothing leads to it or passes it. */
  readonly leaving?: boolean;
}

/** A container's port with a hostPort. */
export interface HostPort {
  readonly protocol: Protocol;
  /** On the node, 1..65535. */
  readonly number: number;
  /** In the Pod, 1..65535. */
  readonly containerPort: number;
  /** The one address of the node that it is reached at, or 0.0.0.0 or :: for those of a family; left out: all. */
  readonly hostIP?: Ip;
}

/** Link-local, the same in every Pod: the Pod needs no address of the node, and no two Pods share a link (RFC 3927, RFC 4291). */
const ROUTED = [Ip.of('169.254.1.1'), Ip.of('fe80::1')];

/** The default gateways of a node's Pods. */
export function gateways(profile: Profile, podCidrs: readonly Cidr[]): readonly Ip[] {
  if (profile === 'bridge') return podCidrs.map(cidr => cidr.at(1));
  return ROUTED.filter(ip => podCidrs.some(cidr => cidr.family === ip.family));
}

/** The Ethernet address that a Pod sends everything to. */
export function gatewayMac(attachment: Attachment): Mac {
  return attachment.profile === 'bridge' ? BRIDGE_MAC : attachment.hostMac;
}
