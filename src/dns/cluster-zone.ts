/** The cluster's names, kept up to date Service by Service; what the agent feeds and the handlers read. */

import type { ServiceEntry } from '../model/cluster.js';
import type { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';
import { CLASS_IN, type ResourceRecord } from '../wire/dns.js';
import { isWithin, type Name, nameSize } from '../wire/dns-name.js';
import type { RecordData, RecordType, Srv } from '../wire/dns-records.js';
import { DNS_DEFAULTS, type DnsConfig } from './config.js';
import type { SearchPath } from './search-path.js';
import { type ServiceNames, serviceName, serviceNames } from './service-names.js';
import { startOfAuthority } from './soa.js';
import { type Encoded, encodeAnswer } from './table/encode.js';
import { FLAG, newControl, WORD } from './table/memory.js';
import { AnswerTable } from './table/table.js';
import type { DnsView } from './view.js';

/** The version of the Kubernetes DNS specification that is kept. */
export const SCHEMA_VERSION = '1.1.0';

/** Addresses are added for at most so many targets of SRV records; a client asks for the rest. */
const MAX_TARGETS = 16;

export interface ClusterZoneOptions {
  /** Absolute: `cluster.local.`. */
  readonly domain: Name;
  /** Where the cluster's DNS is reached. */
  readonly addresses: readonly Ip[];
  /** Pod and Service ranges. */
  readonly ranges: readonly Cidr[];
  /** Of the Pod that has the address; left out: no search path is walked. */
  readonly searchPath?: DnsView['searchPath'];
}

export class ClusterZone implements DnsView {
  readonly domain: Name;
  readonly ranges: readonly Cidr[];
  /** Shared with the thread that answers from the table. */
  readonly control = newControl();
  readonly table = new AnswerTable(this.control);
  /** What of each Service is in the table now, and with which TTL. */
  readonly #published = new Map<string, { readonly service: ServiceEntry; readonly ttl: number }>();
  readonly #addresses: readonly Ip[];
  readonly #searchPath: ClusterZoneOptions['searchPath'];
  #config = DNS_DEFAULTS;

  constructor(options: ClusterZoneOptions) {
    this.domain = options.domain.toLowerCase();
    this.ranges = options.ranges;
    this.#addresses = options.addresses;
    this.#searchPath = options.searchPath;
    this.config = DNS_DEFAULTS;
  }

  get config(): DnsConfig {
    return this.#config;
  }

  /** Holds from the next question on, but for the TTL of Services: those that are `outdated` have it once they are set again. */
  set config(config: DnsConfig) {
    this.#config = config;
    Atomics.store(this.control, WORD.ttl, config.ttl);
    this.#flag(FLAG.autopath, config.autopath && this.#searchPath !== undefined);
    for (const [name, records] of this.#apex()) this.#put(name, records);
  }

  get outdated(): readonly ServiceEntry[] {
    const { ttl } = this.#config;
    return [...this.#published.values()].filter(known => known.ttl !== ttl).map(({ service }) => service);
  }

  get synced(): boolean {
    return (Atomics.load(this.control, WORD.flags) & FLAG.synced) !== 0;
  }

  /** Set it once every Service and EndpointSlice of the first list is in. */
  set synced(synced: boolean) {
    this.#flag(FLAG.synced, synced);
  }

  /** Whether the thread that answers from the table tells of every question. */
  set tail(tail: boolean) {
    this.#flag(FLAG.tail, tail);
  }

  /** The Service is now so. Cost: its own names, whatever the size of the cluster. */
  set(service: ServiceEntry): void {
    this.#replace(service.key, service);
  }

  /** `key` is `namespace/name`. */
  delete(key: string): void {
    this.#replace(key, undefined);
  }

  exists(name: Name): boolean {
    return this.table.has(name);
  }

  records(name: Name, type: RecordType): readonly ResourceRecord[] {
    return this.table.read(name, type) ?? [];
  }

  searchPath(client: string): SearchPath | undefined {
    return this.#searchPath?.(client);
  }

  #flag(flag: number, on: boolean): void {
    if (on) Atomics.or(this.control, WORD.flags, flag);
    else Atomics.and(this.control, WORD.flags, ~flag);
  }

  #replace(key: string, next: ServiceEntry | undefined): void {
    const { ttl } = this.#config;
    const known = this.#published.get(key);
    const old = known?.service;
    const outdated = known?.ttl !== ttl;
    if (next) this.#published.set(key, { service: next, ttl });
    else this.#published.delete(key);
    const before = old ? serviceNames(old, this.domain) : NOTHING;
    const after = next ? serviceNames(next, this.domain) : NOTHING;
    for (const [name, data] of after.own) {
      const known = before.own.get(name);
      // With an SRV record come its targets' addresses, which may be others than before.
      if (outdated || !known || data[0]!.type === 'SRV' || !sameData(known, data)) this.#put(name, data, after.own);
    }
    for (const name of before.own.keys()) if (!after.own.has(name)) this.table.put(name, []);
    for (const [name, targets] of after.pointers) {
      if (outdated || `${before.pointers.get(name)}` !== `${targets}`)
        this.#point(name, serviceName(next!, this.domain), targets);
    }
    for (const name of before.pointers.keys())
      if (!after.pointers.has(name)) this.#point(name, serviceName(old!, this.domain), []);
  }

  /** What a Service says of an address, beside what others say of it. */
  #point(name: Name, base: Name, targets: readonly Name[]): void {
    const others = this.records(name, 'PTR').flatMap(({ data }) =>
      data.type === 'PTR' && !isWithin(data.target, base) ? [data] : [],
    );
    this.#put(name, [...others, ...targets.map(target => ({ type: 'PTR', target }) as const)]);
  }

  /** `around` are the names that targets of the data may have addresses under. */
  #put(name: Name, data: readonly RecordData[], around: ServiceNames['own'] = NOTHING.own): void {
    const size = nameSize(name);
    const { ttl } = this.#config;
    const encoded: Encoded[] = [];
    const types = data.length === 1 ? [data[0]!.type] : new Set(data.map(({ type }) => type));
    for (const type of types) {
      const own = data.length === 1 ? data : data.filter(other => other.type === type);
      encoded.push(
        encodeAnswer(name, size, own, ttl, type === 'SRV' ? targets(own as readonly Srv[], around, ttl) : []),
      );
    }
    if (data[0]?.type === 'CNAME') this.table.putAlias(name, encoded[0]!);
    else this.table.put(name, encoded);
  }

  #apex(): readonly (readonly [Name, readonly RecordData[]])[] {
    const server = `ns.dns.${this.domain}`;
    return [
      [
        this.domain,
        [startOfAuthority(this.domain, this.domain, this.#config.ttl).data, { type: 'NS', target: server }],
      ],
      [`dns-version.${this.domain}`, [{ type: 'TXT', strings: [SCHEMA_VERSION] }]],
      [server, this.#addresses.map(ip => ({ type: ip.family === 4 ? 'A' : 'AAAA', ip }))],
    ];
  }
}

const NOTHING: ServiceNames = { own: new Map(), pointers: new Map() };

/** Addresses of the first targets, so that the client need not ask for them. */
function targets(records: readonly Srv[], around: ServiceNames['own'], ttl: number): ResourceRecord[] {
  const names = new Set(records.map(({ target }) => target));
  return [...names]
    .slice(0, MAX_TARGETS)
    .flatMap(name =>
      (around.get(name) ?? [])
        .filter(({ type }) => type === 'A' || type === 'AAAA')
        .map(data => ({ name, class: CLASS_IN, ttl, data })),
    );
}

function sameData(a: readonly RecordData[], b: readonly RecordData[]): boolean {
  return a.length === b.length && a.every((data, i) => same(data, b[i]!));
}

function same(a: RecordData, b: RecordData): boolean {
  if ('ip' in a) return 'ip' in b && a.ip.equals(b.ip);
  return a.type === 'CNAME' && b.type === 'CNAME' && a.target === b.target;
}
