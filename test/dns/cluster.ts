/** Small clusters for DNS tests: Services in a line each, through the real model. */

import { ClusterZone } from '../../src/dns/cluster-zone.js';
import { type DnsConfig, readDnsConfig } from '../../src/dns/config.js';
import type { DnsView } from '../../src/dns/view.js';
import { ClusterBuilder } from '../../src/model/builder.js';
import type { ServiceEntry } from '../../src/model/cluster.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';

const SERVICE_CIDRS = ['10.96.0.0/16', 'fd00:10:96::/112'].map(Cidr.of);

export interface Story {
  readonly clusterIPs?: readonly string[];
  readonly headless?: boolean;
  readonly externalName?: string;
  readonly ports?: readonly { readonly name?: string; readonly protocol?: 'TCP' | 'UDP'; readonly port: number }[];
  /** `10.244.1.5`, `web-0=10.244.1.5`, `!10.244.1.5` for one that is not ready; its ports are 8000 above the Service's. */
  readonly endpoints?: readonly string[];
  /** Further slices, as a cluster has them of many endpoints, and while endpoints move from one to another. */
  readonly slices?: readonly (readonly string[])[];
  readonly publishNotReadyAddresses?: boolean;
}

/** The Service `namespace/name` as the model sees it. */
export function service(key: string, story: Story): ServiceEntry {
  const [namespace, name] = key.split('/') as [string, string];
  const builder = new ClusterBuilder({ serviceCidrs: SERVICE_CIDRS });
  const clusterIPs = story.headless ? ['None'] : (story.clusterIPs ?? []);
  const spec = {
    ...{ type: story.externalName === undefined ? 'ClusterIP' : 'ExternalName', ports: story.ports ?? [] },
    ...{ externalName: story.externalName, publishNotReadyAddresses: story.publishNotReadyAddresses },
    ...(clusterIPs.length && { clusterIP: clusterIPs[0], clusterIPs }),
  };
  builder.apply({
    type: 'upsert',
    object: { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec } as never,
  });
  for (const [i, texts] of [story.endpoints ?? [], ...(story.slices ?? [])].entries())
    for (const addressType of ['IPv4', 'IPv6'])
      builder.apply({ type: 'upsert', object: slice(key, story, i, addressType, texts) });
  return builder.cluster.services.get(key)!;
}

function slice(key: string, story: Story, i: number, addressType: string, texts: readonly string[]) {
  const [namespace, name] = key.split('/') as [string, string];
  const endpoints = texts.map(text => {
    const [ip, hostname] = text.replace('!', '').split('=').reverse() as [string, string?];
    return { addresses: [ip], hostname, conditions: { ready: !text.startsWith('!') } };
  });
  const own = endpoints.filter(({ addresses }) => addresses[0]!.includes(':') === (addressType === 'IPv6'));
  const ports = (story.ports ?? []).map(port => ({ ...port, port: port.port + 8000 }));
  const metadata = {
    namespace,
    name: `${name}-${addressType}-${i}`.toLowerCase(),
    labels: { 'kubernetes.io/service-name': name },
  };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType,
    endpoints: own,
    ports,
  } as never;
}

/** What the ConfigMap says, as its YAML gives it. */
export function configOf(given: unknown): DnsConfig {
  const config = readDnsConfig(given, 'cluster.local.');
  if ('problem' in config) throw new Error(config.problem);
  return config;
}

export function zoneOf(services: Readonly<Record<string, Story>>, searchPath?: DnsView['searchPath']): ClusterZone {
  const zone = new ClusterZone({
    domain: 'cluster.local.',
    addresses: ['10.96.0.10', 'fd00:10:96::a'].map(Ip.of),
    ranges: [...['10.244.0.0/16', 'fd00:10:244::/56'].map(text => Cidr.of(text)), ...SERVICE_CIDRS],
    searchPath,
  });
  for (const [key, story] of Object.entries(services)) zone.set(service(key, story));
  zone.synced = true;
  return zone;
}
