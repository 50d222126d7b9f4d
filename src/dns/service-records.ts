/** A Service as DNS records: the Kubernetes DNS specification 1.1.0, §2.3 to §2.5, read literally. */

import type { ServiceEntry, ServicePort } from '../model/cluster.js';
import type { Ip } from '../net/ip.js';
import { CLASS_IN, formatRecord, type ResourceRecord } from '../wire/dns.js';
import { isName, type Name } from '../wire/dns-name.js';
import type { RecordData } from '../wire/dns-records.js';
import { reverseName } from './reverse-name.js';
import { TTL } from './view.js';

/** None for a Service that has nothing to say (headless without ready endpoints) or whose names do not fit into DNS. */
export function serviceRecords(service: ServiceEntry, domain: Name): readonly ResourceRecord[] {
  const base = `${service.name}.${service.namespace}.svc.${domain}`.toLowerCase();
  const records = new Records();
  if (service.type === 'ExternalName') {
    records.add(base, { type: 'CNAME', target: absolute(`${service.object.spec?.externalName}`) });
  } else if (service.headless) addHeadless(records, base, service);
  else addClusterIp(records, base, service);
  return records.list();
}

function addClusterIp(records: Records, base: Name, service: ServiceEntry): void {
  for (const ip of service.clusterIPs) {
    records.addAddress(base, ip);
    records.add(reverseName(ip), { type: 'PTR', target: base });
  }
  if (service.clusterIPs.length) for (const port of service.ports) records.addPort(base, port, base);
}

/** A name for each ready endpoint, and for the Service the addresses of all of them. */
function addHeadless(records: Records, base: Name, service: ServiceEntry): void {
  for (const slice of service.slices) {
    for (const endpoint of slice.endpoints) {
      if (!endpoint.ready && !service.publishNotReadyAddresses) continue;
      const name = `${endpoint.hostname ?? dashed(endpoint.ip)}.${base}`.toLowerCase();
      records.addAddress(base, endpoint.ip);
      records.addAddress(name, endpoint.ip);
      records.add(reverseName(endpoint.ip), { type: 'PTR', target: name });
      // The port of the endpoint, not of the Service: the client connects to the Pod itself.
      for (const port of slice.ports) records.addPort(base, port, name);
    }
  }
}

/** The identifier of an endpoint that has no hostname. */
function dashed(ip: Ip): string {
  return String(ip).replace(/[.:]/g, '-');
}

function absolute(name: string): Name {
  return name.endsWith('.') ? name : `${name}.`;
}

/** A list of records without duplicates: a dual-stack Pod is in two slices, and slices may overlap while they change. */
class Records {
  readonly #records = new Map<string, ResourceRecord>();

  add(name: Name, data: RecordData): void {
    if (!isName(name) || ('target' in data && !isName(data.target))) return;
    const record = { name, class: CLASS_IN, ttl: TTL, data };
    this.#records.set(formatRecord(record), record);
  }

  addAddress(name: Name, ip: Ip): void {
    this.add(name, { type: ip.family === 4 ? 'A' : 'AAAA', ip });
  }

  /** Ports without a name have no SRV record. */
  addPort(base: Name, { name, protocol, port }: ServicePort, target: Name): void {
    if (!name) return;
    this.add(`_${name}._${protocol}.${base}`.toLowerCase(), { type: 'SRV', priority: 0, weight: 100, port, target });
  }

  list(): readonly ResourceRecord[] {
    return [...this.#records.values()];
  }
}
