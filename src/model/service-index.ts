/** All Services with their slices, whichever came first. Decides who owns an address or a port that two Services name. */

import type { Ip } from '../net/ip.js';
import type { KubeObject } from '../objects/meta.js';
import type { Service } from '../objects/service.js';
import { Claims } from './claims.js';
import type { ServiceEntry, SliceEntry } from './cluster.js';
import { namedAddresses } from './external.js';
import type { Ranges } from './ranges.js';
import { claimsOf, serviceEntry, withoutClaims, withSlices } from './service.js';
import { sliceEntry, sliceService } from './slice.js';

/** The setters return the keys of the entries that they changed. */
export class ServiceIndex {
  readonly entries = new Map<string, ServiceEntry>();
  /** Entries as written, of those that lost something contested; all others are published as written. */
  readonly #curtailed = new Map<string, ServiceEntry>();
  /** The older Service owns what is contested. */
  readonly #claims = new Claims<ServiceEntry>((a, b) => a.created - b.created || (a.key < b.key ? -1 : 1));
  /** Slices by Service; they may come before it and stay after it. */
  readonly #slices = new Map<string, readonly SliceEntry[]>();
  readonly #sliceOwner = new Map<string, string>();

  /** Of the nodes, by their texts: no Service's. */
  readonly #nodeAddresses = new Map<string, readonly string[]>();
  readonly #taken = new Set<string>();
  /** By external address, the Services that name it. */
  readonly #naming = new Map<string, Set<string>>();

  constructor(private readonly ranges: Ranges) {}

  /** The owner of what is claimed by that text: a ClusterIP in its canonical text, or `claimText`. */
  byClaim(claim: string): ServiceEntry | undefined {
    const owner = this.#claims.owners.get(claim);
    return owner && this.entries.get(owner.key);
  }

  setService(namespace: string, name: string, object: Service | undefined): string[] {
    const key = `${namespace}/${name}`;
    const old = this.#written(key);
    const slices = this.#slices.get(key) ?? [];
    const next = object && serviceEntry(namespace, name, object, slices, this.ranges, this.#taken);
    if (!old && !next) return [];
    this.#name(key, namedAddresses(old?.object), namedAddresses(object));
    const rivals = this.#claims.replace(old, claimsOf(old), next, claimsOf(next));
    if (next) this.#publish(next);
    else {
      this.#curtailed.delete(key);
      this.entries.delete(key);
    }
    for (const rival of rivals) this.#publish(this.#written(rival)!);
    return rivals.length ? [key, ...rivals] : [key];
  }

  /** A node has these addresses now: what it gained no Service keeps, and what it lost a Service may take. */
  setNodeAddresses(node: string, ips: readonly Ip[]): string[] {
    const before = this.#nodeAddresses.get(node) ?? [];
    const now = ips.map(String);
    const differing = [...before.filter(ip => !now.includes(ip)), ...now.filter(ip => !before.includes(ip))];
    if (!differing.length) return [];
    if (now.length) this.#nodeAddresses.set(node, now);
    else this.#nodeAddresses.delete(node);
    this.#taken.clear();
    for (const own of this.#nodeAddresses.values()) for (const ip of own) this.#taken.add(ip);
    const concerned = new Set(differing.flatMap(ip => [...(this.#naming.get(ip) ?? [])]));
    return [...concerned].flatMap(key => {
      const { namespace, name, object } = this.#written(key)!;
      return this.setService(namespace, name, object);
    });
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
    return (this.#curtailed.size ? this.#curtailed.get(key) : undefined) ?? this.entries.get(key);
  }

  #name(key: string, before: readonly string[], now: readonly string[]): void {
    for (const text of before) {
      const keys = this.#naming.get(text);
      keys?.delete(key);
      if (!keys?.size) this.#naming.delete(text);
    }
    for (const text of now) this.#naming.set(text, (this.#naming.get(text) ?? new Set()).add(key));
  }

  /** Without what another Service owns. */
  #publish(written: ServiceEntry): void {
    const { key } = written;
    const entry = this.#claims.contested
      ? withoutClaims(written, claim => this.#claims.owners.get(claim)!.key)
      : written;
    if (entry !== written) this.#curtailed.set(key, written);
    else if (this.#curtailed.size) this.#curtailed.delete(key);
    this.entries.set(key, entry);
  }
}
