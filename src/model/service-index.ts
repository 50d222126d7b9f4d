/** All Services with their slices, whichever came first. Decides who owns a ClusterIP that two Services name. */

import type { Cidr } from '../net/cidr.js';
import type { KubeObject } from '../objects/meta.js';
import type { Service } from '../objects/service.js';
import { Claims } from './claims.js';
import type { ServiceEntry, SliceEntry } from './cluster.js';
import { serviceEntry, withoutAddress, withSlices } from './service.js';
import { sliceEntry, sliceService } from './slice.js';

/** The setters return the keys of the entries that they changed. */
export class ServiceIndex {
  readonly entries = new Map<string, ServiceEntry>();
  readonly byIp: ReadonlyMap<string, ServiceEntry>;
  readonly #byIp = new Map<string, ServiceEntry>();
  /** Entries as written, before contested addresses are taken away. The older Service owns the address. */
  readonly #written = new Map<string, ServiceEntry>();
  readonly #claims = new Claims<ServiceEntry>((a, b) => a.created - b.created || (a.key < b.key ? -1 : 1));
  /** Slices by Service; they may come before it and stay after it. */
  readonly #slices = new Map<string, readonly SliceEntry[]>();
  readonly #sliceOwner = new Map<string, string>();

  constructor(private readonly serviceCidrs: readonly Cidr[]) {
    this.byIp = this.#byIp;
  }

  setService(namespace: string, name: string, object: Service | undefined): string[] {
    const key = `${namespace}/${name}`;
    const old = this.#written.get(key);
    const slices = this.#slices.get(key) ?? [];
    const next = object && serviceEntry(namespace, name, object, slices, this.serviceCidrs);
    if (!old && !next) return [];
    const rivals = new Set([key]);
    const claimed = [...(old?.clusterIPs ?? []), ...(next?.clusterIPs ?? [])];
    for (const ip of claimed) for (const rival of this.#claims.claimants(ip)) rivals.add(rival.key);
    this.#claims.replace(old, old?.clusterIPs ?? [], next, next?.clusterIPs ?? []);
    if (next) this.#written.set(key, next);
    else this.#written.delete(key);
    for (const ip of old?.clusterIPs ?? []) this.#byIp.delete(`${ip}`);
    for (const rival of rivals) this.#resolve(rival);
    return [...rivals];
  }

  setSlice(namespace: string, name: string, object: KubeObject | undefined): string[] {
    const key = `${namespace}/${name}`;
    const slice = object && sliceEntry(key, object);
    const service = object && sliceService(object);
    const owner = slice && service ? `${namespace}/${service}` : undefined;
    const oldOwner = this.#sliceOwner.get(key);
    if (owner === undefined) this.#sliceOwner.delete(key);
    else this.#sliceOwner.set(key, owner);
    const changed = new Set([oldOwner, owner].filter(found => found !== undefined));
    for (const service of changed) {
      const others = (this.#slices.get(service) ?? []).filter(other => other.key !== key);
      const slices = service === owner ? [...others, slice!].sort((a, b) => (a.key < b.key ? -1 : 1)) : others;
      if (slices.length) this.#slices.set(service, slices);
      else this.#slices.delete(service);
      const written = this.#written.get(service);
      if (!written) {
        changed.delete(service);
      } else {
        this.#written.set(service, withSlices(written, slices));
        this.#resolve(service);
      }
    }
    return [...changed];
  }

  /** Publishes a Service as written, without the addresses that another one owns. */
  #resolve(key: string): void {
    let entry = this.#written.get(key);
    if (!entry) {
      this.entries.delete(key);
      return;
    }
    for (const ip of entry.clusterIPs) {
      const owner = this.#claims.owners.get(`${ip}`)!;
      if (owner.key !== key) entry = withoutAddress(entry, ip, owner.key);
    }
    this.entries.set(key, entry);
    for (const ip of entry.clusterIPs) this.#byIp.set(`${ip}`, entry);
  }
}
