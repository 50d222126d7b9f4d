/** Connections through a Service whose reply would miss this node take the node's address, so that conntrack sees it. */

import type { NftRule } from '../../kernel/nft-objects.js';
import type { Family } from '../../net/ip.js';
import { type Feature, NOTHING } from '../feature.js';
import { baseChain, element, FAMILIES, inSet, is, isNot, rule, setPair, snat, WORDS } from '../nft.js';
import { type Settings, sourceAddress } from '../settings.js';

/** The connection was given another destination. */
const translated = is('ct status', 'dnat');

export const source: Feature = {
  name: 'services source',
  per: 'Self',
  plan: settings => [
    // Pairs of one Pod's address with itself: nft compares no two fields of a packet, but finds them in a set.
    ...setPair('hairpin', ['ip', 'ip']),
    baseChain(
      'services-source',
      FAMILIES.flatMap(family => sourceRules(family, settings)),
    ),
  ],
};

/** A Pod that reached itself through its own Service. */
export const hairpin: Feature = {
  name: 'services hairpin',
  per: 'Attachment',
  plan: ({ namespace, name, ips, leaving }) =>
    leaving ? NOTHING : ips.map(ip => element(`hairpin${ip.family}`, [ip, ip], `Pod ${namespace}/${name}`)),
};

/**
 * Replies that come back here anyway keep their client's address: those to this node's Pods and processes, and those of
 * this node's Pods. All others take the node's.
 */
function sourceRules(family: Family, settings: Settings): NftRule[] {
  const ip = sourceAddress(settings, family);
  if (!ip) return [];
  const { source, destination } = WORDS[family];
  const own = settings.addresses.find(address => address.family === family);
  const pods = settings.podCidrs.find(cidr => cidr.family === family);
  const far = [translated, ...(pods ? [isNot(source, pods), isNot(destination, pods)] : [])];
  return [
    // It would answer itself directly, from an address it never asked.
    rule('hairpin', translated, inSet(`hairpin${family}`, source, destination), snat(ip)),
    // In an overlay a node's own process takes an address of the overlay towards Pods, as replies to node addresses do not
    // take it; and to an endpoint that is itself a node goes the node's address, as what lies between nodes need not carry any other.
    ...(settings.overlay !== 'none' && own
      ? [rule('replies come back here', ...far, inSet(`node-ips${family}`, destination), snat(own))]
      : []),
    rule(
      'replies come back here',
      ...far,
      ...(settings.overlay === 'none' && own ? [isNot(source, own)] : []),
      snat(ip),
    ),
  ];
}
