/** A Service as names with records: the Kubernetes DNS specification 1.1.0, §2.3 to §2.5, read literally. */

import type { ServiceEntry, ServicePort } from '../model/cluster.js';
import type { Ip } from '../net/ip.js';
import { isName, type Name } from '../wire/dns-name.js';
import type { RecordData } from '../wire/dns-records.js';
import { reverseName } from './reverse-name.js';

export interface ServiceNames {
  /** The Service's own name and names below it, which no other Service has. */
  readonly own: ReadonlyMap<Name, readonly RecordData[]>;
  /** Names of its addresses, which others may speak of, too, and the names that they point to. */
  readonly pointers: ReadonlyMap<Name, readonly Name[]>;
}

/** None for a Service that has nothing to say (headless without ready endpoints) or whose name does not fit into DNS. */
export function serviceNames(service: ServiceEntry, domain: Name): ServiceNames {
  const names = new Names(serviceName(service, domain));
  if (!LABEL.test(service.name) || !LABEL.test(service.namespace) || !isName(names.base)) return names;
  if (service.type === 'ExternalName') names.addAlias(absolute(`${service.object.spec?.externalName}`));
  else if (service.headless) addHeadless(names, service);
  else addClusterIp(names, service);
  return names;
}

/** `web.shop.svc.cluster.local.` */
export function serviceName({ name, namespace }: Pick<ServiceEntry, 'name' | 'namespace'>, domain: Name): Name {
  return `${name}.${namespace}.svc.${domain}`.toLowerCase();
}

/** RFC 1123 labels alone: a dot in a name would reach into another Service's names. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

function addClusterIp(names: Names, service: ServiceEntry): void {
  for (const ip of service.clusterIPs) {
    names.addAddress(names.base, ip);
    names.addPointer(ip, names.base);
  }
  if (service.clusterIPs.length) for (const port of service.ports) names.addPort(port, names.base);
}

/** A name for each ready endpoint, and for the Service the addresses of all of them. */
function addHeadless(names: Names, service: ServiceEntry): void {
  for (const slice of service.slices) {
    for (const endpoint of slice.endpoints) {
      if (!endpoint.ready && !service.publishNotReadyAddresses) continue;
      const { ip, hostname } = endpoint;
      const label = hostname !== undefined && LABEL.test(hostname) ? hostname.toLowerCase() : dashed(ip);
      const name = `${label}.${names.base}`;
      // A dual-stack Pod is in two slices, and slices may overlap while they change.
      if (names.addAddress(name, ip)) {
        names.addAddress(names.base, ip);
        names.addPointer(ip, name);
      }
      // The port of the endpoint, not of the Service: the client connects to the Pod itself.
      for (const port of slice.ports) names.addPort(port, name);
    }
  }
}

/** The identifier of an endpoint that has no hostname. */
function dashed(ip: Ip): string {
  return String(ip).replaceAll(ip.family === 4 ? '.' : ':', '-');
}

function absolute(name: string): Name {
  return name.endsWith('.') ? name : `${name}.`;
}

class Names implements ServiceNames {
  readonly own = new Map<Name, RecordData[]>();
  readonly pointers = new Map<Name, Name[]>();
  readonly #known = new Set<string>();

  constructor(readonly base: Name) {}

  /** False when it was known. */
  addAddress(name: Name, ip: Ip): boolean {
    const others = this.own.get(name);
    // The Service's own name may have thousands, a name below it has one or two.
    const known = name === this.base ? this.#has(String(ip)) : others?.some(data => 'ip' in data && data.ip.equals(ip));
    if (!known) this.#add(name, { type: ip.family === 4 ? 'A' : 'AAAA', ip });
    return !known;
  }

  /** Ports without a name have no SRV record. Priority and weight are ours to choose (RFC 2782). */
  addPort({ name, protocol, port }: ServicePort, target: Name): void {
    if (!name) return;
    const owner = `_${name}._${protocol}.${this.base}`.toLowerCase();
    if (isName(owner) && !this.#has(`${owner} ${port} ${target}`))
      this.#add(owner, { type: 'SRV', priority: 0, weight: 100, port, target });
  }

  addPointer(ip: Ip, target: Name): void {
    const name = reverseName(ip);
    const known = this.pointers.get(name);
    if (known) known.push(target);
    else this.pointers.set(name, [target]);
  }

  addAlias(target: Name): void {
    if (isName(target)) this.own.set(this.base, [{ type: 'CNAME', target }]);
  }

  /** Whether this was asked before. */
  #has(id: string): boolean {
    return this.#known.has(id) || !this.#known.add(id);
  }

  #add(name: Name, data: RecordData): void {
    const others = this.own.get(name);
    if (others) others.push(data);
    else this.own.set(name, [data]);
  }
}
