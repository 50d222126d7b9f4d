/** The rules of all Services: where packets look themselves up, and how those without an answer are refused. */

import type { NftRule, Verdict } from '../../kernel/nft-objects.js';
import { PROTOCOL_NUMBERS } from '../../net/flow.js';
import type { Feature } from '../feature.js';
import { baseChain, chain, FAMILIES, field, inSet, is, rule, setPair, WORDS } from '../nft.js';

/** Refused at once: a client that hears nothing would wait for its timeout. */
export const REFUSE: Verdict = { verdict: 'goto', chain: 'refuse-service' };

export const rules: Feature = {
  name: 'services rules',
  per: 'Self',
  plan: () => [
    ...setPair('services', ['ip', 'inet_proto', 'inet_service'], { data: 'verdict' }),
    ...setPair('endpoints', ['ip', 'inet_proto', 'inet_service', 'mark'], { data: ['ip', 'inet_service'] }),
    ...setPair('no-endpoints', ['ip', 'inet_proto', 'inet_service'], { data: 'verdict' }),
    baseChain(
      'services',
      FAMILIES.map(family => lookUp(family, 'services')),
    ),
    baseChain(
      'services-local',
      FAMILIES.map(family => lookUp(family, 'services')),
    ),
    baseChain('refuse', refusals()),
    // What stays on the node is answered here: the DNS addresses are in the Service range, too.
    baseChain('refuse-local', [rule('local', is('meta oifname', 'lo'), { verdict: 'accept' }), ...refusals()]),
    chain('refuse-service', [
      rule('refused', is('meta l4proto', PROTOCOL_NUMBERS.TCP), { reject: 'tcp-reset' }),
      rule('refused', { reject: 'port-unreachable' }),
    ]),
  ],
};

/**
 * The first two for Services without a ready endpoint; the others for what no Service has, a port or a whole address,
 * which would otherwise follow the default route out.
 */
function refusals(): NftRule[] {
  return [
    ...FAMILIES.map(family => lookUp(family, 'no-endpoints')),
    ...FAMILIES.map(family =>
      rule('no such Service', inSet(`service-cidrs${family}`, WORDS[family].destination), REFUSE),
    ),
  ];
}

function lookUp(family: 4 | 6, map: string): NftRule {
  const key = [field(WORDS[family].destination), field('meta l4proto'), field('th dport')];
  return rule(map, { vmap: key, map: { set: `${map}${family}` } });
}
