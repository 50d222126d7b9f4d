/**
 * Session affinity: which client went where is learnt by rules from the packets themselves, so that it needs no process of ours.
 * Knows the maps; their elements are the kernel's own, and expire.
 */

import type { KernelObject } from '../../kernel/port.js';
import type { ServiceEntry } from '../../model/cluster.js';
import type { Family } from '../../net/ip.js';
import { baseChain, chain, element, FAMILIES, field, is, rule, set, setPair, WORDS } from '../nft.js';
import type { Front } from './fronts.js';

/** (client, front) → target; one per time-out, which an element takes from its map. */
export function affinityMap(family: Family, seconds: number): string {
  return `affinity${family}-${seconds}`;
}

/**
 * Where connections to sticky fronts are noted: after DNAT, which chose the endpoint, and before SNAT hides the client. All packets pass
 * here, so it is wanted by sticky Services alone.
 */
const LEARN: readonly KernelObject[] = [
  ...setPair('sticky', ['ip', 'inet_proto', 'inet_service'], { data: 'verdict' }),
  ...(['affinity', 'affinity-local'] as const).map(name => baseChain(name, FAMILIES.map(lookUp))),
];

/** What a sticky front wants beside its chooser. */
export function affinityObjects(service: ServiceEntry, front: Front, seconds: number): KernelObject[] {
  const { ip, protocol, port } = front;
  const { family } = ip;
  const { address } = WORDS[family];
  const name = `learn${family}-${seconds}`;
  return [
    ...LEARN,
    set(affinityMap(family, seconds), [address, address, 'inet_proto', 'inet_service'], {
      data: [address, 'inet_service'],
      dynamic: true,
      timeout: seconds,
    }),
    chain(name, [rule('the client stays here', update(family, seconds))]),
    element(`sticky${family}`, [ip, protocol, port], `Service ${service.key}`, { verdict: 'goto', chain: name }),
  ];
}

function lookUp(family: Family) {
  const { original } = WORDS[family];
  const front = [field(original), field('meta l4proto'), field('ct original proto-dst')];
  return rule('session affinity', is('ct state', 'new'), is('ct status', 'dnat'), {
    vmap: front,
    map: { set: `sticky${family}` },
  });
}

function update(family: Family, seconds: number) {
  const { source, destination, original } = WORDS[family];
  return {
    update: { set: affinityMap(family, seconds) },
    key: [field(source), field(original), field('meta l4proto'), field('ct original proto-dst')],
    data: [field(destination), field('th dport')],
  } as const;
}
