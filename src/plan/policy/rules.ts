/**
 * The rules of all policies: where packets look up what decides of them. Every packet is judged by its connection, in both directions,
 * so that a change of policy acts on the next one.
 */

import type { NftRule, Statement } from '../../kernel/nft-objects.js';
import type { Feature } from '../feature.js';
import { baseChain, FAMILIES, field, is, rule, setPair, WORDS } from '../nft.js';
import type { Settings } from '../settings.js';
import { DIRECTIONS, type Direction, END, verdicts } from './direction.js';

export const rules: Feature = {
  name: 'policy rules',
  per: 'Self',
  plan: settings => [
    ...DIRECTIONS.flatMap(direction => setPair(`policy-${direction}`, ['ip'], { data: 'verdict' })),
    baseChain('policy-egress', judge('egress', settings)),
    baseChain('policy-ingress', judge('ingress', settings)),
    // A node's own way to its Pods is always open.
    baseChain('policy-input', [
      rule('local', is('meta iifname', 'lo'), ACCEPT),
      rule('own node', is('ct direction', 'reply'), ACCEPT),
      ...judge('egress', settings),
    ]),
    baseChain('policy-output', [
      rule('own node', is('ct direction', 'original'), ACCEPT),
      ...judge('egress', settings),
    ]),
  ],
};

const ACCEPT: Statement = { verdict: 'accept' };
const DROP: Statement = { verdict: 'drop' };

/** Fails closed: an address of this node's range that no element knows passes nothing. */
function judge(direction: Direction, { podCidrs }: Settings): NftRule[] {
  const address = direction === 'egress' ? 'source' : 'destination';
  return [
    ...lookUp(direction),
    ...podCidrs.map(cidr => rule('policies not known yet', is(END[direction][cidr.family], cidr), DROP)),
    // What belongs to no connection can be no answer.
    ...podCidrs.map(cidr =>
      rule('no connection', is('ct state', 'invalid,untracked'), is(WORDS[cidr.family][address], cidr), DROP),
    ),
  ];
}

function lookUp(direction: Direction): NftRule[] {
  return FAMILIES.map(family =>
    rule('policies', { vmap: [field(END[direction][family])], map: { set: verdicts(direction, family) } }),
  );
}
