/** An address with a port as URLs have it: an IPv6 one in brackets (RFC 3986 §3.2.2). */

import type { Ip } from './ip.js';

/** `10.96.1.1:80`, `[fd00::1]:80`. */
export function socketAddress(ip: Ip, port: number): string {
  return ip.family === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
}
