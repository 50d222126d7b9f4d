/** Sysctls below /proc/sys/net, of the network namespace that the calling thread is in. */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Sysctl } from '../kernel/net-objects.js';

/** The settings that podwire has an opinion of; `*` is every link, `all` and `default`. What else there is is not read. */
const KNOWN = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/*/rp_filter',
  'net/ipv4/conf/*/send_redirects',
  'net/ipv4/conf/*/proxy_arp',
  'net/ipv6/conf/*/forwarding',
  'net/ipv6/conf/*/accept_ra',
  'net/ipv6/conf/*/accept_redirects',
  'net/ipv6/conf/*/disable_ipv6',
  'net/netfilter/nf_conntrack_tcp_be_liberal',
  'net/netfilter/nf_conntrack_tcp_ignore_invalid_rst',
  'net/netfilter/nf_conntrack_tcp_timeout_close_wait',
];

/** `name` with slashes, as `net/ipv4/ip_forward`. Throws Node's system errors: ENOENT, EINVAL, EPERM. */
export function writeSysctl({ name, value }: Sysctl): void {
  writeFileSync(path(name), value);
}

/** Undefined when the kernel has no such file. */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(path(name), 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}

/** The known settings of these links; one that the kernel lacks is left out. */
export function readSysctls(links: readonly string[]): Sysctl[] {
  const names = KNOWN.flatMap(name => ['all', 'default', ...links].map(link => name.replace('*', link)));
  return [...new Set(names)].flatMap(name => {
    const value = readSysctl(name);
    return value === undefined ? [] : { kind: 'sysctl', name, value };
  });
}

/** Throws ENOENT for a name that would leave /proc/sys/net. */
function path(name: string): string {
  if (!/^net(\/[^/]+)+$/.test(name) || name.split('/').includes('..'))
    throw Object.assign(new Error(`no sysctl ${name}`), { code: 'ENOENT' });
  return `/proc/sys/${name}`;
}
