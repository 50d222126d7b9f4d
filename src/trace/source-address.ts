/** Which address a namespace sends from when nobody said: the route's, else the link's, else any. */

import type { Address } from '../kernel/net-objects.js';
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import type { UsableHop, UsableRoute } from './fib.js';
import type { IndexedState } from './indexed.js';

/** Of a route that leads somewhere; undefined when the namespace has no address that could be meant. */
export function sourceAddress(
  kernel: IndexedState,
  route: UsableRoute,
  hop: UsableHop,
  destination: Ip,
): Ip | undefined {
  if (route.source) return route.source;
  if (route.type === 'local') return destination;
  return linkAddress(kernel, hop.link, destination, hop.via);
}

/** The address for packets that leave by that link: what `masquerade` takes. */
export function linkAddress(kernel: IndexedState, link: string, destination: Ip, via?: Ip): Ip | undefined {
  return destination.family === 4 ? select4(kernel, link, via) : select6(kernel, link, destination);
}

/**
 * inet_select_addr of net/ipv4/devinet.c: on the link the first whose network has the gateway, else the first; else any of
 * another link, loopback first, that is more than this host's own.
 */
function select4(kernel: IndexedState, link: string, via: Ip | undefined): Ip | undefined {
  const usable = (name: string) =>
    (kernel.addresses.get(name) ?? []).filter(({ ip }) => ip.family === 4 && !LOOPBACK4.contains(ip));
  const own = usable(link);
  const near = via && own.find(({ ip, prefix }) => Cidr.containing(ip, prefix).contains(via));
  return (near ?? own[0] ?? usable('lo')[0] ?? [...kernel.addresses.keys()].flatMap(usable)[0])?.ip;
}

/** RFC 6724 §5 as far as it can differ here: the address itself, its scope, the outgoing link, the longest common prefix. */
function select6(kernel: IndexedState, link: string, destination: Ip): Ip | undefined {
  const candidates = [...kernel.addresses.values()].flat().filter(({ ip }) => ip.family === 6 && !ip.equals(LOOPBACK6));
  const rank = (address: Address) =>
    [
      address.ip.equals(destination),
      LINK_LOCAL.contains(address.ip) === LINK_LOCAL.contains(destination),
      address.link === link,
    ].map(Number);
  const better = (a: Address, b: Address) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((value, i) => value !== right[i]);
    return at < 0 ? common(a, destination) > common(b, destination) : left[at]! > right[at]!;
  };
  let best: Address | undefined;
  for (const one of candidates) {
    // A link-local address means something on its own link only.
    if (LINK_LOCAL.contains(one.ip) && one.link !== link) continue;
    if (!best || better(one, best)) best = one;
  }
  return best?.ip;
}

/** How many leading bits are the same, within the address's own network. */
function common({ ip, prefix }: Address, other: Ip): number {
  const bits = (ip.toBigInt() ^ other.toBigInt()).toString(2);
  return Math.min(prefix, bits === '0' ? 128 : 128 - bits.length);
}

const LOOPBACK4 = Cidr.of('127.0.0.0/8');
const LOOPBACK6 = Ip.of('::1');
const LINK_LOCAL = Cidr.of('fe80::/10');
