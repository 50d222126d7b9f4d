/** The start of authority that comes with every negative answer, so that resolvers know how long to keep it (RFC 2308). */

import { CLASS_IN, type ResourceRecord } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';

export function startOfAuthority(zone: Name, domain: Name, ttl: number): ResourceRecord {
  return {
    name: zone,
    class: CLASS_IN,
    ttl,
    data: {
      type: 'SOA',
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      // No secondary copies the zone, and every node answers on its own: a serial would tell nothing.
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttl,
    },
  };
}
