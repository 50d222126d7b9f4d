/** A resolver that can be asked, and how users write it. Knows nothing of asking. */

import { Ip } from '../net/ip.js';

export interface Upstream {
  readonly ip: Ip;
  readonly port: number;
  /** Asked over TLS, with a certificate for this name (RFC 8310 §5); left out: in the clear. */
  readonly serverName?: string;
}

export const DNS_PORT = 53;
export const DNS_OVER_TLS_PORT = 853;

/** `address` or `address#port`, as dnsmasq's users write it; IPv6 addresses need no brackets so. */
export function parseUpstream(text: string): Upstream | undefined {
  const [address = '', port = `${DNS_PORT}`, ...rest] = text.split('#');
  const ip = Ip.parse(address);
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  return ip && !rest.length && number > 0 && number < 65_536 ? { ip, port: number } : undefined;
}

/** Different for different upstreams. */
export function formatUpstream({ ip, port, serverName }: Upstream): string {
  if (serverName !== undefined) return `${ip}#${port} as ${serverName}`;
  return port === DNS_PORT ? `${ip}` : `${ip}#${port}`;
}
