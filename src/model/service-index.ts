/** All Services with their slices, whichever came first. Decides who owns a ClusterIP that two Services name. */

import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
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
  /** Entries as written, of those that lost a contested address; all others are published as written. */
  readonly #curtailed = new Map<string, ServiceEntry>();
  /** The older Service owns a contested address. */
  readonly #claims = new Claims<ServiceEntry>((a, b) => a.created - b.created || (a.key < b.key ? -1 : 1));
  /** Slices by Service; they may come before it and stay after it. */
  readonly #slices = new Map<string, readonly SliceEntry[]>();
  readonly #sliceOwner = new Map<string, string>();

  constructor(private readonly serviceCidrs: readonly Cidr[]) {
    this.byIp = this.#byIp;
  }

  setService(namespace: string, name: string, object: Service | undefined): string[] {
    const key = `${namespace}/${name}`;
    const old = this.#written(key);
    const slices = this.#slices.get(key) ?? [];
    const next = object && serviceEntry(namespace, name, object, slices, this.serviceCidrs);
    if (!old && !next) return [];
    const before = old?.clusterIPs ?? NONE;
    const after = next?.clusterIPs ?? NONE;
    const rivals: string[] = [];
    for (const ips of [before, after])
      for (const ip of ips)
        for (const { key: rival } of this.#claims.claimants(ip))
          if (rival !== key && !rivals.includes(rival)) rivals.push(rival);
    this.#claims.replace(old, before, next, after);
    for (const ip of before) this.#byIp.delete(ip.toString());
    if (next) this.#publish(next);
    else {
      this.#curtailed.delete(key);
      this.entries.delete(key);
    }
    for (const rival of rivals) this.#publish(this.#written(rival)!);
    return [key, ...rivals];
  }

  setSlice(namespace: string, name: string, object: KubeObject | undefined): string[] {
    const key = `${namespace}/${name}`;
    const slice = object && sliceEntry(key, object);
    const service = object && sliceService(object);
    const owner = slice && service ? `${namespace}/${service}` : undefined;
    const oldOwner = this.#sliceOwner.get(key);
    const changed: string[] = [];
    if (oldOwner !== undefined && oldOwner !== owner) {
      this.#sliceOwner.delete(key);
      if (this.#setSlices(oldOwner, key, undefined)) changed.push(oldOwner);
    }
    if (owner !== undefined) {
      this.#sliceOwner.set(key, owner);
      if (this.#setSlices(owner, key, slice)) changed.push(owner);
    }
    return changed;
  }

  /** Replaces one slice of a Service; whether the Service is there to notice. */
  #setSlices(service: string, key: string, slice: SliceEntry | undefined): boolean {
    const slices = this.#slices.get(service)?.filter(other => other.key !== key) ?? [];
    if (slice) slices.push(slice);
    if (slices.length > 1) slices.sort((a, b) => (a.key < b.key ? -1 : 1));
    if (slices.length) this.#slices.set(service, slices);
    else this.#slices.delete(service);
    const written = this.#written(service);
    if (written) this.#publish(withSlices(written, slices));
    return written !== undefined;
  }

  #written(key: string): ServiceEntry | undefined {
    return this.#curtailed.get(key) ?? this.entries.get(key);
  }

  /** Without the addresses that another Service owns. */
  #publish(written: ServiceEntry): void {
    const { key } = written;
    let entry = written;
    for (const ip of written.clusterIPs) {
      const owner = this.#claims.owners.get(ip.toString())!;
      if (owner.key !== key) entry = withoutAddress(entry, ip, owner.key);
    }
    if (entry === written) this.#curtailed.delete(key);
    else this.#curtailed.set(key, written);
    this.entries.set(key, entry);
    for (const ip of entry.clusterIPs) this.#byIp.set(ip.toString(), entry);
  }
}

const NONE: readonly Ip[] = [];
