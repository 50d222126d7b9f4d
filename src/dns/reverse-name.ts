/** Addresses as names below in-addr.arpa (RFC 1035 §3.5) and ip6.arpa (RFC 3596 §2.5), both ways. */

import { Ip } from '../net/ip.js';
import { isWithin, type Name } from '../wire/dns-name.js';

export const REVERSE_ZONES: readonly Name[] = ['in-addr.arpa.', 'ip6.arpa.'];

export function reverseName(ip: Ip): Name {
  const { v4 } = ip;
  if (v4 !== undefined) return `${v4 & 255}.${(v4 >>> 8) & 255}.${(v4 >>> 16) & 255}.${v4 >>> 24}.in-addr.arpa.`;
  const nibbles = Array.from(ip.bytes, byte => [byte >> 4, byte & 15]).flat();
  return `${nibbles
    .reverse()
    .map(nibble => nibble.toString(16))
    .join('.')}.ip6.arpa.`;
}

/** The first address under that name, and how many bits the name gives; undefined for any other name. `name` is a key. */
export function reversePrefix(name: Name): { readonly ip: Ip; readonly bits: number } | undefined {
  const zone = REVERSE_ZONES.find(zone => isWithin(name, zone));
  if (zone === undefined) return undefined;
  const labels = name.slice(0, -zone.length).split('.').slice(0, -1).reverse();
  const [width, pattern, size] = zone === 'ip6.arpa.' ? [4, /^[0-9a-f]$/, 32] : [8, /^(0|[1-9]\d{0,2})$/, 4];
  const digits = labels.map(label => (pattern.test(label) ? Number.parseInt(label, width === 4 ? 16 : 10) : 256));
  if (digits.length > size || digits.some(digit => digit >> width)) return undefined;
  const bytes = new Uint8Array(width === 4 ? 16 : 4);
  digits.forEach((digit, i) => {
    bytes[(i * width) >> 3]! |= width === 4 && i % 2 === 0 ? digit << 4 : digit;
  });
  return { ip: new Ip(bytes), bits: digits.length * width };
}
