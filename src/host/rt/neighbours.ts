/** Neighbours and forwarding entries between kernel objects and rtnetlink. */

import type { Fdb, Neighbour } from '../../kernel/net-objects.js';
import { Ip } from '../../net/ip.js';
import { formatMac, parseMac } from '../../net/mac.js';
import { NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../../wire/netlink.js';
import * as wire from '../../wire/rtnetlink-neighbour.js';
import { NetlinkError } from '../netlink-socket.js';
import { AF } from './addresses.js';
import type { LinkTable } from './links.js';

/** The all-zero entry of a VXLAN device is a list of destinations for what has no entry. */
const ZERO_MAC = '00:00:00:00:00:00';

/** The kernel says EEXIST when the link has an entry for that address. */
export function addNeighbour(table: LinkTable, neighbour: Neighbour | Fdb): void {
  send(table, wire.RTM_NEWNEIGH, NLM_F_CREATE | (isList(neighbour) ? NLM_F_APPEND : NLM_F_EXCL), neighbour);
}

export function replaceNeighbour(table: LinkTable, neighbour: Neighbour | Fdb): void {
  if (isList(neighbour)) addNeighbour(table, neighbour);
  else send(table, wire.RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, neighbour);
}

/** Wherever it leads by now. The kernel says ENOENT when there is none. */
export function deleteNeighbour(table: LinkTable, neighbour: Neighbour | Fdb): void {
  const any = neighbour.kind === 'fdb' && !isList(neighbour) ? { ...neighbour, destination: undefined } : neighbour;
  send(table, wire.RTM_DELNEIGH, 0, any);
}

function isList(neighbour: Neighbour | Fdb): boolean {
  return neighbour.kind === 'fdb' && neighbour.mac === ZERO_MAC;
}

/** Entries with an Ethernet address; groups and failed lookups are left out. */
export function readNeighbours(table: LinkTable): Neighbour[] {
  return dump(table, 0).flatMap(({ index, state, type, destination, address }) => {
    const link = table.nameOf(index);
    if (link === undefined || address?.length !== 6 || type === MULTICAST || state & wire.NUD_NOARP) return [];
    if (destination?.length !== 4 && destination?.length !== 16) return [];
    const permanent = (state & wire.NUD_PERMANENT) !== 0;
    return { kind: 'neighbour', link, ip: new Ip(destination.slice()), mac: formatMac(address), permanent };
  });
}

/** A VXLAN device's own entries, and those that bridges have for their ports. */
export function readFdb(table: LinkTable): Fdb[] {
  return dump(table, wire.AF_BRIDGE).flatMap(({ index, state, flags, destination, address, master }) => {
    const link = table.nameOf(index);
    const own = (flags & wire.NTF_SELF) !== 0 && table.kindOf(index) === 'vxlan';
    if (link === undefined || address?.length !== 6 || !(own || master)) return [];
    const permanent = (state & (wire.NUD_PERMANENT | wire.NUD_NOARP)) !== 0;
    const outer = destination?.length === 4 || destination?.length === 16 ? new Ip(destination.slice()) : undefined;
    return { kind: 'fdb', link, mac: formatMac(address), permanent, ...(outer && { destination: outer }) };
  });
}

/** RTN_MULTICAST, as a neighbour's type. */
const MULTICAST = 5;

function dump(table: LinkTable, family: number): wire.NeighbourMessage[] {
  const query = { family, index: 0, state: 0, flags: 0 };
  return table.socket
    .dump('get neighbours', wire.RTM_GETNEIGH, w => wire.writeNeighbour(w, query))
    .flatMap(message => wire.decodeNeighbour(message) ?? []);
}

function send(table: LinkTable, type: number, flags: number, neighbour: Neighbour | Fdb): void {
  const message = encode(table, neighbour);
  table.socket.submit('neighbour', type, flags, w => wire.writeNeighbour(w, message));
}

function encode(table: LinkTable, neighbour: Neighbour | Fdb): wire.NeighbourMessage {
  const index = table.index(neighbour.link);
  const address = parseMac(neighbour.mac);
  if (!address) throw new NetlinkError({ errno: 22, message: `no MAC address: ${neighbour.mac}` }, 'neighbour');
  const state = neighbour.permanent ? wire.NUD_PERMANENT : wire.NUD_REACHABLE;
  if (neighbour.kind === 'neighbour') {
    const { ip } = neighbour;
    return { family: AF[ip.family], index, state, flags: 0, destination: ip.bytes, address };
  }
  const { destination } = neighbour;
  const flags = table.find(neighbour.link)?.info?.kind === 'vxlan' ? wire.NTF_SELF : wire.NTF_MASTER;
  return {
    family: wire.AF_BRIDGE,
    index,
    state,
    flags,
    address,
    ...(destination && { destination: destination.bytes }),
  };
}
