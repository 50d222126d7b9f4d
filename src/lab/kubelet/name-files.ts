/** A Pod's host name and the files that name resolution reads. Pure: takes the machine's resolv.conf as text. */

import type { Pod } from '../../objects/pod.js';

export interface ClusterNames {
  /** Addresses of the cluster's DNS. */
  readonly servers: readonly string[];
  /** As `cluster.local`. */
  readonly domain: string;
}

/** /etc/resolv.conf by dnsPolicy and dnsConfig. */
export function resolvConf(pod: Pod, cluster: ClusterNames, machine: string): string {
  const { dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig } = pod.spec;
  const base = baseConfig(
    dnsPolicy === 'ClusterFirst' && hostNetwork ? 'Default' : dnsPolicy,
    pod,
    cluster,
    parse(machine),
  );
  const servers = unique([...base.servers, ...(dnsConfig?.nameservers ?? [])]);
  const searches = unique([...base.searches, ...(dnsConfig?.searches ?? [])]);
  const options = new Map(base.options);
  for (const { name, value } of dnsConfig?.options ?? []) if (name) options.set(name, value);
  return [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map(server => `nameserver ${server}`),
    ...(options.size > 0
      ? [`options ${[...options].map(([name, value]) => (value ? `${name}:${value}` : name)).join(' ')}`]
      : []),
    '',
  ].join('\n');
}

interface Config {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: ReadonlyMap<string, string | undefined>;
}

function baseConfig(policy: string, pod: Pod, cluster: ClusterNames, machine: Config): Config {
  if (policy === 'None') return { servers: [], searches: [], options: new Map() };
  if (policy === 'Default') return machine;
  const { domain } = cluster;
  const searches = [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain, ...machine.searches];
  return { servers: cluster.servers, searches, options: new Map([['ndots', '5']]) };
}

/** resolv.conf(5), as far as containers care. */
function parse(text: string): Config {
  const lines = text.split('\n').map(line => line.trim().split(/\s+/));
  const words = (keyword: string) => lines.filter(([first]) => first === keyword).map(([, ...rest]) => rest);
  return {
    servers: words('nameserver').map(([server]) => server!),
    // The last line wins.
    searches: (words('search').at(-1) ?? []).filter(name => name !== '.'),
    options: new Map(
      words('options')
        .flat()
        .map(option => option.split(':', 2) as [string, string | undefined]),
    ),
  };
}

/** The host name: the Pod's own, cut to the 63 bytes of a DNS label; with a subdomain it can be found by its full name. */
export function hostName(pod: Pod): string {
  return (pod.spec.hostname ?? pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '');
}

export function qualifiedName(pod: Pod, domain: string): string | undefined {
  const { subdomain } = pod.spec;
  return subdomain && `${hostName(pod)}.${subdomain}.${pod.metadata.namespace}.svc.${domain}`;
}

/** /etc/hosts, with the Pod's own addresses and hostAliases. */
export function hostsFile(pod: Pod, podIPs: readonly string[], domain: string): string {
  const own = [qualifiedName(pod, domain), hostName(pod)].filter(Boolean).join('\t');
  return [
    '# Made by podwire for this Pod.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIPs.map(ip => `${ip}\t${own}`),
    ...(pod.spec.hostAliases ?? []).map(({ ip, hostnames }) => [ip, ...(hostnames ?? [])].join('\t')),
    '',
  ].join('\n');
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
