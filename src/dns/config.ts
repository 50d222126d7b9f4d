/** The settings of cluster DNS: their types, and a reader of untrusted values that names the field at fault. Knows no ConfigMap. */

import { X509Certificate } from 'node:crypto';
import type { Ip } from '../net/ip.js';
import { isWithin, type Name, parent } from '../wire/dns-name.js';
import { Fields } from './config-fields.js';
import { DNS_OVER_TLS_PORT, DNS_PORT, type Upstream } from './upstream.js';

export interface DnsConfig {
  /** Asked in this order for names of no other zone; left out: those that the agent was told. */
  readonly upstreams?: readonly Upstream[];
  /** Whom to ask for names at and below a zone; the longest zone wins. */
  readonly zones: ReadonlyMap<Name, readonly Upstream[]>;
  readonly hosts: ReadonlyMap<Name, readonly Ip[]>;
  /** The first that fits is taken. */
  readonly rewrite: readonly Rewrite[];
  /** Seconds that an answer about the cluster or of hosts may be kept, positive or negative: how stale a client can get. */
  readonly ttl: number;
  readonly cache: CacheConfig;
  /** Ask again for names that are asked for often, before their answers expire. */
  readonly prefetch: boolean;
  /** Certificates in PEM that are trusted beside the public ones. */
  readonly tls: { readonly ca?: string };
  /** Resolve the client's search path here, so that it asks once. */
  readonly autopath: boolean;
}

export interface Rewrite {
  readonly name: Name;
  /** Names below it, too. */
  readonly suffix: boolean;
  readonly to: Name;
}

/** Times in seconds. */
export interface CacheConfig {
  /** Of answers in wire form. */
  readonly bytes: number;
  /** However long an upstream wants to be remembered. */
  readonly ttl: number;
  readonly negativeTtl: number;
  /** How long after its time an answer may be given while nobody can be asked (RFC 8767); 0: never. */
  readonly stale: number;
}

/** What an empty configuration says. */
export const DNS_DEFAULTS: DnsConfig = {
  zones: new Map(),
  hosts: new Map(),
  rewrite: [],
  ttl: 5,
  cache: { bytes: 8 << 20, ttl: 86_400, negativeTtl: 30, stale: 86_400 },
  prefetch: true,
  tls: {},
  autopath: true,
};

/** Total. `given` is what YAML or JSON gave; `domain` is a key, and what lies within it is not for this configuration to change. */
export function readDnsConfig(given: unknown, domain: Name): DnsConfig | { readonly problem: string } {
  const fields = new Fields();
  const all = fields.object('', given ?? {}, KEYS);
  const foreign = (path: string, text: unknown) => {
    const name = fields.name(path, text);
    if (isWithin(name, domain)) fields.fail(path, `a name of the cluster's own, which are not to be changed`);
    return name;
  };
  const { cache, prefetch, autopath } = DNS_DEFAULTS;
  const times = fields.object('cache', all.cache ?? {}, ['bytes', 'ttl', 'negativeTtl', 'stale']);
  const config: DnsConfig = {
    ...(all.upstreams !== undefined && { upstreams: upstreams(fields, 'upstreams', all.upstreams) }),
    zones: fields.map('zones', all.zones ?? {}, foreign, (path, zone) =>
      upstreams(fields, `${path}.upstreams`, fields.object(path, zone, ['upstreams']).upstreams),
    ),
    hosts: fields.map('hosts', all.hosts ?? {}, foreign, (path, ips) =>
      fields.list(path, typeof ips === 'string' ? [ips] : ips, (path, ip) => fields.ip(path, ip)),
    ),
    rewrite: fields.list('rewrite', all.rewrite ?? [], (path, rule) => {
      const { name, suffix, to } = fields.object(path, rule, ['name', 'suffix', 'to']);
      if ((name === undefined) === (suffix === undefined)) fields.fail(path, 'needs either name or suffix');
      const key = name === undefined ? 'suffix' : 'name';
      return {
        name: foreign(`${path}.${key}`, name ?? suffix),
        suffix: name === undefined,
        to: fields.name(`${path}.to`, to),
      };
    }),
    ttl: fields.integer('ttl', all.ttl ?? DNS_DEFAULTS.ttl, 0, 3600),
    cache: {
      bytes: fields.integer('cache.bytes', times.bytes ?? cache.bytes, 0, 1 << 30),
      ttl: fields.integer('cache.ttl', times.ttl ?? cache.ttl, 0, 86_400),
      negativeTtl: fields.integer('cache.negativeTtl', times.negativeTtl ?? cache.negativeTtl, 0, 10_800),
      stale: fields.integer('cache.stale', times.stale ?? cache.stale, 0, 604_800),
    },
    prefetch: fields.boolean('prefetch', all.prefetch ?? prefetch),
    tls: trust(fields, fields.object('tls', all.tls ?? {}, ['ca']).ca),
    autopath: fields.boolean('autopath', all.autopath ?? autopath),
  };
  return fields.problem === undefined ? config : { problem: fields.problem };
}

/** The zone whose upstreams are asked for the name; `.` when it is none of the configured ones. */
export function zoneOf({ zones }: DnsConfig, name: Name): Name {
  let zone: Name | undefined = name;
  while (zone !== undefined && zone !== '.' && !zones.has(zone)) zone = parent(zone);
  return zone ?? '.';
}

const KEYS = ['upstreams', 'zones', 'hosts', 'rewrite', 'ttl', 'cache', 'prefetch', 'tls', 'autopath'] as const;

function upstreams(fields: Fields, path: string, given: unknown): readonly Upstream[] {
  const found = fields.list(path, given, (path, one) => {
    if (typeof one === 'string') return fields.upstream(path, one);
    const { address, port, serverName } = fields.object(path, one, ['address', 'port', 'serverName']);
    const normal = serverName === undefined ? DNS_PORT : DNS_OVER_TLS_PORT;
    return {
      ip: fields.ip(`${path}.address`, address),
      port: fields.integer(`${path}.port`, port ?? normal, 1, 65_535),
      ...(serverName !== undefined && { serverName: fields.name(`${path}.serverName`, serverName).slice(0, -1) }),
    };
  });
  if (Array.isArray(given) && !given.length) fields.fail(path, 'names nobody to ask');
  return found;
}

function trust(fields: Fields, ca: unknown): DnsConfig['tls'] {
  if (ca === undefined) return {};
  const pems = String(ca).match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (!pems.length) fields.fail('tls.ca', 'no certificate in PEM');
  for (const [i, pem] of pems.entries()) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      fields.fail('tls.ca', `certificate ${i + 1} of ${pems.length} cannot be read: ${(error as Error).message}`);
    }
  }
  return { ca: pems.join('\n') };
}
