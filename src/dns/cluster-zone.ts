/** The cluster's names, kept up to date Service by Service; what the agent feeds and the handlers read. */

import type { ServiceEntry } from '../model/cluster.js';
import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import { CLASS_IN } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';
import type { RecordData } from '../wire/dns-records.js';
import { serviceRecords } from './service-records.js';
import { startOfAuthority } from './soa.js';
import { type DnsView, TTL } from './view.js';
import { type Part, Zone } from './zone.js';

/** The version of the Kubernetes DNS specification that is kept. */
export const SCHEMA_VERSION = '1.1.0';

export interface ClusterZoneOptions {
  /** Absolute: `cluster.local.`. */
  readonly domain: Name;
  /** Where the cluster's DNS is reached. */
  readonly addresses: readonly Ip[];
  /** Pod and Service ranges. */
  readonly ranges: readonly Cidr[];
}

export class ClusterZone implements DnsView {
  /** Set it once every Service and EndpointSlice of the first list is in. */
  synced = false;
  readonly domain: Name;
  readonly ranges: readonly Cidr[];
  readonly #zone = new Zone();

  constructor(options: ClusterZoneOptions) {
    this.domain = options.domain.toLowerCase();
    this.ranges = options.ranges;
    this.#zone.replace('zone', this.#apex(options.addresses));
  }

  /** The Service is now so. Cost: its own records, whatever the size of the cluster. */
  set(service: ServiceEntry): void {
    this.#zone.replace(`Service ${service.key}`, serviceRecords(service, this.domain));
  }

  /** `key` is `namespace/name`. */
  delete(key: string): void {
    this.#zone.replace(`Service ${key}`, []);
  }

  lookup(name: Name): readonly Part[] | undefined {
    return this.#zone.lookup(name);
  }

  #apex(addresses: readonly Ip[]) {
    const server = `ns.dns.${this.domain}`;
    const record = (name: Name, data: RecordData) => ({ name, class: CLASS_IN, ttl: TTL, data });
    return [
      startOfAuthority(this.domain, this.domain),
      record(this.domain, { type: 'NS', target: server }),
      record(`dns-version.${this.domain}`, { type: 'TXT', strings: [SCHEMA_VERSION] }),
      ...addresses.map(ip => record(server, { type: ip.family === 4 ? 'A' : 'AAAA', ip })),
    ];
  }
}
