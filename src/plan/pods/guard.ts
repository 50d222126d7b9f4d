/** The spoof guard: from a Pod's link comes only what that Pod may send. Fails closed: a link without an element passes nothing. */

import type { NftElement, Statement } from '../../kernel/nft-objects.js';
import type { Attachment } from '../attachment.js';
import type { Feature } from '../feature.js';
import { BRIDGE_MAC } from '../names.js';
import { baseChain, chain, element, is, isNot, notInSet, rule, set, setPair } from '../nft.js';

export const guard: Feature = { name: 'pods guard', per: 'Self', plan: () => guardObjects('inet') };

const DROP: Statement = { verdict: 'drop' };

/** Sets and chains in one table; the bridge's also looks at Ethernet and ARP senders, which family inet never sees. */
export function guardObjects(family: 'inet' | 'bridge') {
  const why = 'spoof guard';
  return [
    ...setPair('pod-sources', ['ifname', 'ip'], { family }),
    ...(family === 'bridge' ? [set('pod-macs', ['ifname', 'ether_addr'], { family })] : []),
    baseChain(
      'from-pods',
      [
        // The bridge and the overlay carry packets of many Pods, each checked where it came in.
        rule(why, is('meta iifname', 'pw-*'), { verdict: 'accept' }),
        rule(why, is('meta iifname', 'pw*'), { verdict: 'goto', chain: 'pod-guard' }),
      ],
      family,
    ),
    chain(
      'pod-guard',
      [
        ...(family === 'bridge'
          ? [
              // A Pod that knows its neighbour's Ethernet address would pass by all policies. Nobody need be asked for the gateway's.
              rule('by the gateway only', isNot('ether daddr', BRIDGE_MAC), DROP),
              rule(why, notInSet('pod-macs', 'meta iifname', 'ether saddr'), DROP),
              rule(why, notInSet('pod-sources4', 'meta iifname', 'arp saddr ip'), DROP),
            ]
          : []),
        rule(why, notInSet('pod-sources4', 'meta iifname', 'ip saddr'), DROP),
        rule(why, notInSet('pod-sources6', 'meta iifname', 'ip6 saddr'), DROP),
        // A Pod is no router: solicitations, advertisements and redirects (CVE-2020-10749) …
        rule(why, is('icmpv6 type', ['nd-router-solicit', 'nd-router-advert', 'nd-redirect']), DROP),
        // … no DHCP server, in either family …
        rule(why, is('udp sport', [67, 547]), DROP),
        // … and no end of a tunnel: the node would unpack what the Pod packed, and so lose sight of its source.
        rule(why, is('udp dport', 4789), DROP),
      ],
      family,
    ),
  ];
}

export function guardElements(attachment: Attachment, family: 'inet' | 'bridge'): NftElement[] {
  const cause = `Pod ${attachment.namespace}/${attachment.name}`;
  const { link, podMac } = attachment;
  return [
    ...attachment.ips.map(ip => element(`pod-sources${ip.family}`, [link, ip], cause, undefined, family)),
    ...(family === 'bridge' ? [element('pod-macs', [link, podMac], cause, undefined, family)] : []),
  ];
}
