/**
 * Queries pass without conntrack while this node's server is alive, and go to another node's within a second when it is not.
 * The server says that it is alive by datagrams that a rule takes note of; so nobody has to notice its death.
 */

import type { NftRule, Statement } from '../../kernel/nft-objects.js';
import { PROTOCOL_NUMBERS } from '../../net/flow.js';
import type { Family } from '../../net/ip.js';
import type { Feature } from '../feature.js';
import { baseChain, element, FAMILIES, field, inSet, is, rule, set, setPair, slots, WORDS } from '../nft.js';
import type { Settings } from '../settings.js';

export const DNS_PORT = 53;
/** On the nodes' own addresses, for each other: `unassigned` by IANA in both protocols. */
export const DNS_PEER_PORT = 10_053;
/** From a DNS address and its port to that address and this port (discard, RFC 863): "alive". Goes no further than the rule. */
export const BEAT_PORT = 9;
/** Seconds that it holds; the server says it several times in these. */
const ALIVE = 1;

export const survival: Feature = {
  name: 'dns survival',
  per: 'Self',
  plan: settings => {
    if (settings.dnsAddresses.length === 0) return [];
    return [
      ...setPair('dns-ips', ['ip']),
      ...settings.dnsAddresses.map(ip => element(`dns-ips${ip.family}`, [ip], 'dns')),
      ...setPair('dns-alive', ['ip'], { dynamic: true, timeout: ALIVE }),
      ...FAMILIES.map(family => {
        const { address } = WORDS[family];
        return set(`dns-peers${family}`, [address, 'mark'], { data: [address, 'inet_service'] });
      }),
      ...peerSlots(settings),
      baseChain('dns', FAMILIES.map(untracked)),
      baseChain('dns-local', [
        ...FAMILIES.flatMap(heartbeat),
        ...FAMILIES.flatMap(family => unrefused(family, settings)),
        ...FAMILIES.map(untracked),
      ]),
      baseChain('dns-elsewhere', elsewhere(settings)),
      baseChain('dns-elsewhere-local', elsewhere(settings)),
    ];
  },
};

export const TRANSPORTS = is('meta l4proto', [PROTOCOL_NUMBERS.TCP, PROTOCOL_NUMBERS.UDP]);

/** A query's way: at the port of DNS, which of other packets is soon seen, to one of the addresses. */
function asked(family: Family): readonly Statement[] {
  return [TRANSPORTS, is('th dport', DNS_PORT), inSet(`dns-ips${family}`, WORDS[family].destination)];
}

function untracked(family: Family): NftRule {
  return rule('DNS here', ...asked(family), inSet(`dns-alive${family}`, WORDS[family].destination), { notrack: true });
}

function heartbeat(family: Family): NftRule[] {
  const { source } = WORDS[family];
  const own = inSet(`dns-ips${family}`, source);
  return [
    rule(
      'DNS is alive',
      is('udp dport', BEAT_PORT),
      is('udp sport', DNS_PORT),
      own,
      { update: { set: `dns-alive${family}` }, key: [field(source)] },
      { verdict: 'drop' },
    ),
    rule('DNS replies', TRANSPORTS, is('th sport', DNS_PORT), own, { notrack: true }),
  ];
}

/**
 * Until its last sign of life is forgotten, a server that has died would be told of by the kernel: a client then gives up at once, where
 * after its time-out it would have asked another. Without another, being told is better.
 */
function unrefused(family: Family, { dnsPeers }: Settings): NftRule[] {
  if (!dnsPeers.some(ip => ip.family === family)) return [];
  const own = inSet(`dns-ips${family}`, WORDS[family].source);
  const type = is(family === 4 ? 'icmp type' : 'icmpv6 type', 'destination-unreachable');
  return [rule('nobody here, soon elsewhere', type, own, { verdict: 'drop' })];
}

/** What was not passed as untracked: one of the peers, another one for each query, so that who asks again need not meet the same. */
function elsewhere(settings: Settings): NftRule[] {
  return FAMILIES.flatMap(family => {
    const peers = settings.dnsPeers.filter(ip => ip.family === family).length;
    if (peers === 0) return [];
    const { destination, nat } = WORDS[family];
    const key = [field(destination), { numgen: 'random', mod: peers } as const];
    const to = { key, map: { set: `dns-peers${family}` }, port: true } as const;
    return [rule('DNS elsewhere', ...asked(family), { nat: 'dnat', family: nat, to })];
  });
}

function peerSlots({ dnsAddresses, dnsPeers }: Settings) {
  return dnsAddresses.flatMap(ip => {
    const peers = dnsPeers.filter(peer => peer.family === ip.family).map(peer => [peer, DNS_PEER_PORT] as const);
    return peers.length ? [slots(`dns-peers${ip.family}`, [ip], 'dns', peers)] : [];
  });
}
