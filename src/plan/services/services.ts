/** ClusterIPs as data: the rules never change, a Service is elements of maps, and a packet's cost does not grow with their number. */

import type { KernelObject } from '../../kernel/port.js';
import type { ServiceEntry } from '../../model/cluster.js';
import { PROTOCOL_NUMBERS } from '../../net/flow.js';
import type { Ip } from '../../net/ip.js';
import { type Feature, type FeatureOf, NOTHING, type World } from '../feature.js';
import { element, slots } from '../nft.js';
import { chooser } from './chooser.js';
import { REFUSE, rules } from './rules.js';
import { select } from './select.js';
import { hairpin, source } from './source.js';

const clusterIPs: FeatureOf<'Service'> = {
  name: 'services',
  per: 'Service',
  plan: (service, world) => {
    // ExternalName and headless Services have no address of their own: DNS alone answers for them.
    if (!service.clusterIPs.length) return NOTHING;
    const objects: KernelObject[] = [];
    for (const ip of service.clusterIPs) if (!answeredHere(ip, world)) planAddress(service, ip, objects);
    return objects;
  },
};

export const services: readonly Feature[] = [rules, clusterIPs, source, hairpin];

/** Written out: 60,000 elements share these texts. */
const SETS = {
  4: { services: 'services4', endpoints: 'endpoints4', refused: 'no-endpoints4' },
  6: { services: 'services6', endpoints: 'endpoints6', refused: 'no-endpoints6' },
} as const;

/**
 * One address of a Service. Per port: which chooser takes it (services4), and for each slot of the chooser the target
 * (endpoints4). What only some Services need (session affinity, traffic policies) is another chooser than `chooser(n)`.
 */
function planAddress(service: ServiceEntry, ip: Ip, objects: KernelObject[]): void {
  const { family } = ip;
  const sets = SETS[family];
  const cause = `Service ${service.key}`;
  for (const port of service.ports) {
    const protocol = PROTOCOL_NUMBERS[port.protocol];
    const targets = select(service, family, port);
    if (!targets.length) {
      objects.push(element(sets.refused, [ip, protocol, port.port], cause, REFUSE));
      continue;
    }
    const choice = chooser(family, targets.length);
    const key = [ip, protocol, port.port];
    objects.push(
      choice.chain,
      element(sets.services, key, cause, choice.verdict),
      slots(sets.endpoints, key, cause, targets),
    );
  }
}

function answeredHere(ip: Ip, { settings }: World): boolean {
  return settings.dnsAddresses.some(own => own.equals(ip));
}
