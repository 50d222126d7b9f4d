/** The rules of all Services: where packets look themselves up, and how those without an answer are refused. */

import type { NftRule, Statement, Verdict } from '../../kernel/nft-objects.js';
import { PROTOCOL_NUMBERS } from '../../net/flow.js';
import type { Family } from '../../net/ip.js';
import type { Feature } from '../feature.js';
import { baseChain, chain, FAMILIES, inSet, is, notInSet, rule, set, setPair, WORDS } from '../nft.js';
import { frontKey, MAPS } from './chooser.js';
import { hostPortRules, hostPortSets } from './host-ports.js';

/** Refused at once: a client that hears nothing would wait for its timeout. */
export const REFUSE: Verdict = { verdict: 'goto', chain: 'refuse-service' };

export const rules: Feature = {
  name: 'services rules',
  per: 'Self',
  plan: () => [
    ...(['any', 'outside'] as const).flatMap(from =>
      FAMILIES.flatMap(family => {
        const { fronts, endpoints } = MAPS[from][family];
        const { address } = WORDS[family];
        return [
          set(fronts, [address, 'inet_proto', 'inet_service'], { data: 'verdict' }),
          set(endpoints, [address, 'inet_proto', 'inet_service', 'mark'], { data: [address, 'inet_service'] }),
        ];
      }),
    ),
    ...setPair('no-endpoints', ['ip', 'inet_proto', 'inet_service'], { data: 'verdict' }),
    ...setPair('source-ranges', ['ip', 'inet_proto', 'inet_service', 'ip'], { interval: true }),
    ...setPair('lb-ips', ['ip']),
    ...hostPortSets(),
    baseChain('services', [
      ...FAMILIES.map(family =>
        lookUp('Services, from outside', family, MAPS.outside[family].fronts, fromOutside(family)),
      ),
      ...fronts(),
      ...hostPortRules(),
    ]),
    baseChain('services-local', [...fronts(), ...hostPortRules()]),
    baseChain('refuse', [answered, ...refusals()]),
    // What stays on the node is answered here: the DNS addresses are in the Service range, too.
    baseChain('refuse-local', [
      rule('local', is('meta oifname', 'lo'), { verdict: 'accept' }),
      answered,
      ...refusals(),
    ]),
    baseChain('refuse-input', noEndpoints()),
    chain('refuse-service', [
      rule('refused', is('meta l4proto', PROTOCOL_NUMBERS.TCP), { reject: 'tcp-reset' }),
      rule('refused', { reject: 'port-unreachable' }),
    ]),
  ],
};

/** Both sides have spoken, so somebody serves it: most packets need not look themselves up. */
const answered = rule('answered', is('ct state', 'established'), { verdict: 'accept' });

/** No Pod's packet; other nodes' own processes count as outside, too. */
function fromOutside(family: Family): Statement {
  return notInSet(`pod-cidrs${family}`, WORDS[family].source);
}

/**
 * Services without a ready endpoint; and what no Service has, a port or a whole address, which would otherwise follow the
 * default route out, or come back to the node that announces the address.
 */
function refusals(): NftRule[] {
  return [
    ...noEndpoints(),
    ...FAMILIES.flatMap(family => {
      const { destination } = WORDS[family];
      return ['service-cidrs', 'lb-ips'].map(name =>
        rule('no such Service', inSet(`${name}${family}`, destination), REFUSE),
      );
    }),
  ];
}

function fronts(): NftRule[] {
  return FAMILIES.map(family => lookUp('Services', family, MAPS.any[family].fronts));
}

function noEndpoints(): NftRule[] {
  return FAMILIES.map(family => lookUp('no endpoints', family, `no-endpoints${family}`));
}

function lookUp(why: string, family: Family, map: string, ...when: readonly Statement[]): NftRule {
  return rule(why, ...when, { vmap: frontKey(family), map: { set: map } });
}
