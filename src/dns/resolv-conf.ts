/** A Pod's resolver by dnsPolicy and dnsConfig, as kubelet sets it up in /etc/resolv.conf. Reads no file: takes the node's own as text. */

import type { Pod } from '../objects/pod.js';
import { MAX_NAMESERVERS, MAX_SEARCH_LENGTH, MAX_SEARCHES } from '../objects/rules/pod.js';

export interface ClusterNames {
  /** Addresses of the cluster's DNS. */
  readonly servers: readonly string[];
  /** As `cluster.local`. */
  readonly domain: string;
}

export interface PodResolver extends ResolverConfig {
  /** With `hostNetwork` looked at: where its names are looked for first. */
  readonly policy: string;
  /** What did not fit and was left out, a sentence each. */
  readonly omitted: readonly string[];
}

export interface ResolverConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: ReadonlyMap<string, string | undefined>;
}

/** `machine` is the text of the node's own resolv.conf. */
export function podResolver(pod: Pod, cluster: ClusterNames, machine: string): PodResolver {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec;
  // To a Pod in the node's network the cluster's DNS comes first only when it says so.
  const policy = dnsPolicy === 'ClusterFirst' && hostNetwork ? 'Default' : dnsPolicy;
  const base = baseConfig(policy, pod, cluster, parse(machine));
  const options = new Map(base.options);
  for (const { name, value } of dnsConfig?.options ?? []) if (name) options.set(name, value);
  const wantedServers = unique([...base.servers, ...(dnsConfig?.nameservers ?? [])]);
  const wantedSearches = unique([...base.searches, ...(dnsConfig?.searches ?? [])]);
  const servers = wantedServers.slice(0, MAX_NAMESERVERS);
  const searches = fitting(wantedSearches);
  return {
    policy,
    servers,
    searches,
    options,
    omitted: [
      ...(servers.length < wantedServers.length
        ? [`more than ${MAX_NAMESERVERS} nameservers, these are used: ${servers.join(' ')}`]
        : []),
      ...(searches.length < wantedSearches.length
        ? [
            `more than ${MAX_SEARCHES} search domains or ${MAX_SEARCH_LENGTH} characters of them, these are used: ${searches.join(' ')}`,
          ]
        : []),
    ],
  };
}

/** resolv.conf(5). */
export function formatResolver({ servers, searches, options }: ResolverConfig): string {
  return [
    ...(searches.length ? [`search ${searches.join(' ')}`] : []),
    ...servers.map(server => `nameserver ${server}`),
    ...(options.size ? [`options ${[...options].map(formatOption).join(' ')}`] : []),
    '',
  ].join('\n');
}

function baseConfig(policy: string, pod: Pod, cluster: ClusterNames, machine: ResolverConfig): ResolverConfig {
  if (policy === 'None') return { servers: [], searches: [], options: new Map() };
  if (policy === 'Default') return machine;
  const { domain } = cluster;
  const searches = [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain, ...machine.searches];
  return { servers: cluster.servers, searches, options: new Map([['ndots', '5']]) };
}

/** resolv.conf(5), as far as containers care. Its lines add up, but of searches the last one wins. */
function parse(text: string): ResolverConfig {
  const lines = text.split('\n').map(line => line.trim().split(/\s+/));
  const words = (keyword: string) => lines.filter(([first]) => first === keyword).map(([, ...rest]) => rest);
  return {
    servers: words('nameserver').flatMap(([server]) => server ?? []),
    // With its dot or without, it is the same domain; the root itself leads nowhere new.
    searches: (words('search').at(-1) ?? []).filter(name => name !== '.').map(name => name.replace(/\.$/, '')),
    options: new Map(
      words('options')
        .flat()
        .map(option => option.split(':', 2) as [string, string | undefined]),
    ),
  };
}

/** The first of them, as many as a resolver takes. */
function fitting(searches: readonly string[]): readonly string[] {
  let length = -1;
  return searches.slice(0, MAX_SEARCHES).filter(name => {
    length += name.length + 1;
    return length <= MAX_SEARCH_LENGTH;
  });
}

function formatOption([name, value]: readonly [string, string | undefined]): string {
  return value ? `${name}:${value}` : name;
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
