/** A Pod's host name and its hosts file. Pure. */

import type { Pod } from '../../objects/pod.js';

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
