/**
 * The rules of all policies: where packets look up what decides of them. Every packet is judged by its connection, in both directions,
 * so that a change of policy acts on the next one.
 */

import type { Field, NftChain, NftRule, Statement } from '../../kernel/nft-objects.js';
import type { Family } from '../../net/ip.js';
import { DNS_PORT, TRANSPORTS } from '../dns/survival.js';
import type { Feature } from '../feature.js';
import { baseChain, FAMILIES, field, inSet, is, rule, setPair, WORDS } from '../nft.js';
import type { Settings } from '../settings.js';
import { DIRECTIONS, type Direction, END, NO_CONNECTION, verdicts } from './direction.js';

/** Wanted by every Pod that any rule concerns: where there is none no packet asks. */
export function baseChains(settings: Settings): NftChain[] {
  return [
    baseChain('policy-egress', [...dnsElsewhere(settings), ...judge('egress', settings)]),
    baseChain('policy-ingress', judge('ingress', settings)),
    // A node's own way to its Pods is always open.
    baseChain('policy-input', [
      rule('local', is('meta iifname', 'lo'), ACCEPT),
      rule('own node', is('ct direction', 'reply'), ACCEPT),
      ...dnsHere(settings),
      ...judge('node', settings),
    ]),
    baseChain('policy-output', [
      rule('own node', is('ct direction', 'original'), ACCEPT),
      ...lookUp('node', END.egress),
    ]),
  ];
}

export const maps: Feature = {
  name: 'policy maps',
  per: 'Self',
  plan: () => ([...DIRECTIONS, 'node'] as const).flatMap(to => setPair(`policy-${to}`, ['ip'], { data: 'verdict' })),
};

const ACCEPT: Statement = { verdict: 'accept' };
const DROP: Statement = { verdict: 'drop' };

/** The node's own name server, whatever policies say: no Pod stands for it that one could name, and without it a Pod is dead. */
function dnsHere({ dnsAddresses }: Settings): NftRule[] {
  if (dnsAddresses.length === 0) return [];
  return FAMILIES.map(family =>
    rule('DNS', inSet(`dns-ips${family}`, WORDS[family].destination), TRANSPORTS, is('th dport', DNS_PORT), ACCEPT),
  );
}

/** And the one of another node in its place. */
function dnsElsewhere({ dnsAddresses, dnsPeers }: Settings): NftRule[] {
  if (dnsAddresses.length === 0 || dnsPeers.length === 0) return [];
  return FAMILIES.map(family =>
    rule(
      'DNS',
      is('ct status', 'dnat'),
      inSet(`dns-ips${family}`, WORDS[family].original),
      is('ct original proto-dst', DNS_PORT),
      ACCEPT,
    ),
  );
}

/** Fails closed: an address of this node's range that no element knows passes nothing. */
function judge(to: Direction | 'node', { podCidrs }: Settings): NftRule[] {
  const direction = to === 'node' ? 'egress' : to;
  return [
    ...lookUp(to, END[direction]),
    // What belongs to no connection goes by its own addresses, and further only where no rule need ask for more.
    ...lookUp(to, OWN[direction], NO_CONNECTION),
    ...podCidrs.map(cidr => rule('policies not known yet', is(END[direction][cidr.family], cidr), DROP)),
    ...podCidrs.map(cidr => rule('policies not known yet', NO_CONNECTION, is(OWN[direction][cidr.family], cidr), DROP)),
  ];
}

type Fields = Readonly<Record<Family, Field>>;

function lookUp(to: Direction | 'node', by: Fields, ...when: readonly Statement[]): NftRule[] {
  return FAMILIES.map(family =>
    rule('policies', ...when, { vmap: [field(by[family])], map: { set: verdicts(to, family) } }),
  );
}

const OWN = {
  egress: { 4: WORDS[4].source, 6: WORDS[6].source },
  ingress: { 4: WORDS[4].destination, 6: WORDS[6].destination },
} as const;
