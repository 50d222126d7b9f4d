/** Who hears a frame: the ends of one Ethernet segment, through bridges and veths. Knows no IP beyond whose address it is. */

import type { Ip } from '../net/ip.js';
import type { Mac } from '../net/mac.js';
import { type End, linkOf, macOf, type Wiring } from './machine.js';

/** The ends that a frame sent out of that link may be handed to, each once. */
export function* segment(wiring: Wiring, from: End, seen = new Set<string>()): Generator<End> {
  const link = linkOf(from);
  if (!link?.up || !first(seen, from)) return;
  if (link.type === 'bridge') {
    for (const port of from.place.kernel.ports.get(link.name) ?? [])
      yield* segment(wiring, { place: from.place, link: port.name }, seen);
    return;
  }
  const peer = wiring.peer(from);
  if (peer) yield* into(wiring, peer, seen);
}

function* into(wiring: Wiring, end: End, seen: Set<string>): Generator<End> {
  const link = linkOf(end);
  if (!link?.up || !first(seen, end)) return;
  if (link.master === undefined) return yield end;
  const bridge = { place: end.place, link: link.master };
  if (linkOf(bridge)?.up) yield bridge;
  yield* segment(wiring, bridge, seen);
}

/** Who answers for the address there: in IPv4 a host for all its addresses, in IPv6 a link for its own (RFC 826, RFC 4861). */
export function ownerOf(wiring: Wiring, from: End, ip: Ip): End | undefined {
  for (const end of segment(wiring, from)) {
    if (end.place.kernel.isOwn(ip, ip.family === 6 ? end.link : undefined)) return end;
  }
  return undefined;
}

/** Whether a frame to that Ethernet address, sent out of that link, finds whom it is for. */
export function leadsTo(wiring: Wiring, from: End, mac: Mac): boolean {
  for (const end of segment(wiring, from)) if (macs(end).includes(mac)) return true;
  return false;
}

/** The addresses that an end takes frames for: a bridge takes those for its ports, too. */
export function macs(end: End): readonly Mac[] {
  const { place, link } = end;
  const ports = linkOf(end)?.type === 'bridge' ? (place.kernel.ports.get(link) ?? []) : [];
  return [macOf(end), ...ports.map(({ name }) => macOf({ place, link: name }))];
}

function first(seen: Set<string>, { place, link }: End): boolean {
  const id = `${place.netns} ${link}`;
  if (seen.has(id)) return false;
  seen.add(id);
  return true;
}
