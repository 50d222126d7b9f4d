/** Services as data: the rules never change, a Service is elements of maps, and a packet's cost does not grow with their number. */

import type { Verdict } from '../../kernel/nft-objects.js';
import type { KernelObject } from '../../kernel/port.js';
import type { ServiceEntry } from '../../model/cluster.js';
import { type Feature, type FeatureOf, NOTHING } from '../feature.js';
import { element, slots } from '../nft.js';
import { affinityObjects } from './affinity.js';
import { chooser, MAPS } from './chooser.js';
import { type Front, frontsOf } from './fronts.js';
import { hostPorts } from './host-ports.js';
import { REFUSE, rules } from './rules.js';
import { hairpin, source } from './source.js';

const everyService: FeatureOf<'Service'> = {
  name: 'services',
  per: 'Service',
  plan: (service, world) => {
    const objects: KernelObject[] = [];
    for (const front of frontsOf(service, world)) planFront(service, front, objects);
    for (const { via, ip } of service.externals)
      if (via === 'LoadBalancer' && ip) objects.push(element(`lb-ips${ip.family}`, [ip], 'LoadBalancer address'));
    return objects.length ? objects : NOTHING;
  },
};

export const services: readonly Feature[] = [rules, everyService, hostPorts, source, hairpin];

/** Written out: 60,000 elements share these texts. */
const REFUSED = { 4: 'no-endpoints4', 6: 'no-endpoints6' } as const;

/**
 * Per front which chooser takes it, and under each slot of the chooser the target. Without targets it is refused after
 * routing, where Linux can answer, or dropped at once.
 */
function planFront(service: ServiceEntry, front: Front, objects: KernelObject[]): void {
  const { ip, protocol, port, from, targets, guarded } = front;
  const { family } = ip;
  const maps = MAPS[from][family];
  const cause = `Service ${service.key}`;
  const key = [ip, protocol, port];
  if (targets.length === 0) {
    const refused = front.otherwise === 'refuse';
    objects.push(element(refused ? REFUSED[family] : maps.fronts, key, cause, refused ? REFUSE : DROP));
    return;
  }
  const affinity = service.affinitySeconds;
  const choice = chooser({ family, from, targets: targets.length, affinity, guarded });
  for (const chain of choice.chains) objects.push(chain);
  objects.push(element(maps.fronts, key, cause, choice.verdict), slots(maps.endpoints, key, cause, targets));
  if (affinity !== undefined) objects.push(...affinityObjects(service, front, affinity));
  if (guarded)
    for (const range of service.sourceRanges ?? [])
      if (range.family === family) objects.push(element(`source-ranges${family}`, [...key, range], cause));
}

const DROP: Verdict = { verdict: 'drop' };
