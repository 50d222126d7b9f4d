/** What stands inside a Pod's own network namespace: one link, its addresses, and the way out. Loopback is the runtime's. */

import { PROTOCOL } from '../../kernel/kind.js';
import type { KernelObject } from '../../kernel/port.js';
import { Cidr } from '../../net/cidr.js';
import { type Attachment, gatewayMac } from '../attachment.js';

/**
 * Every address stands alone (/32, /128): the Pod takes nobody for a neighbour and sends all to its gateway, whose
 * Ethernet address it is told, so that neither ARP nor neighbour discovery is needed or believed.
 */
export function podSide(attachment: Attachment): readonly KernelObject[] {
  const { ips, ifname: link, podMac: mac, mtu } = attachment;
  const families = new Set(ips.map(ip => ip.family));
  const gateways = attachment.gateways.filter(ip => families.has(ip.family));
  return [
    ...(families.has(6)
      ? SYSCTLS.map(name => ({ kind: 'sysctl', name: `net/ipv6/conf/${link}/${name}`, value: '0' }) as const)
      : []),
    // Made with the node's end, of whatever type: it is only set here.
    { kind: 'link', type: 'other', driver: '', name: link, up: true, mtu, mac },
    ...ips.map(ip => ({ kind: 'address', link, ip, prefix: ip.bytes.length * 8, nodad: true }) as const),
    ...gateways.map(ip => ({ kind: 'neighbour', link, ip, mac: gatewayMac(attachment), permanent: true }) as const),
    ...gateways.map(
      via =>
        ({
          kind: 'route',
          destination: via.family === 4 ? DEFAULT4 : DEFAULT6,
          table: 254,
          type: 'unicast',
          nexthops: [{ via, link, onlink: true }],
          protocol: PROTOCOL,
        }) as const,
    ),
  ];
}

const DEFAULT4 = Cidr.of('0.0.0.0/0');
const DEFAULT6 = Cidr.of('::/0');

/** The way out is given: neither an advertisement nor a redirect of somebody else may change it (CVE-2020-10749). */
const SYSCTLS = ['accept_ra', 'accept_redirects'];
