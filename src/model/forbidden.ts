/** The addresses that neither an endpoint nor a Service may have. */

import { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';

/** Whether it is the node's own or no one's. */
export function isForbidden(ip: Ip): boolean {
  // Nearly every address ends here; the prefixes are only asked where the first byte is suspicious.
  const first = ip.v4 === undefined ? ip.bytes[0]! : ip.v4 >>> 24;
  if (first !== 0 && first !== 127 && first !== 169 && first < (ip.family === 4 ? 224 : 0xfe)) return false;
  return FORBIDDEN.some(cidr => cidr.contains(ip));
}

/** Addresses of the node itself or of no one: a slice with these could reach what only the node may (CVE-2021-25737). */
const FORBIDDEN = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/127',
  'fe80::/10',
  'ff00::/8',
].map(text => Cidr.of(text));
