/** Links between kernel objects and rtnetlink: made, changed, deleted one by one or a group at a time, read. */

import { closeSync, openSync } from 'node:fs';
import type { Link } from '../../kernel/net-objects.js';
import { Ip } from '../../net/ip.js';
import { formatMac, parseMac } from '../../net/mac.js';
import type { NetlinkMessage } from '../../wire/netlink.js';
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL } from '../../wire/netlink.js';
import * as wire from '../../wire/rtnetlink-link.js';
import { NetlinkError, type NetlinkSocket } from '../netlink-socket.js';

// asm-generic/errno-base.h
const EEXIST = 17;
const ENODEV = 19;
const EINVAL = 22;

/** IFLA_GROUP of links that are about to be deleted together: 'pwdl'. */
const DOOMED = 0x7077646c;

/**
 * Of each end of a veth. It sends without a lock and has no hardware to spread over, so one does all that more would do; the kernel
 * makes one for each processor, and as many files in sysfs, which takes as long as the rest of the link.
 */
const QUEUES = 1;

/** Names and indexes of one namespace's links, remembered for the length of one call. */
export class LinkTable {
  readonly #indexes = new Map<string, number>();
  readonly #byName = new Map<string, wire.LinkMessage>();
  readonly #byIndex = new Map<number, wire.LinkMessage>();

  constructor(readonly socket: NetlinkSocket) {}

  /** Reads all links; `nameOf` answers for what this saw. */
  all(): readonly wire.LinkMessage[] {
    const messages = this.socket.dump('get links', wire.RTM_GETLINK, w => wire.writeLinkQuery(w));
    const links = messages.flatMap(message => wire.decodeLink(message) ?? []);
    for (const link of links) this.#remember(link);
    return links;
  }

  /** Undefined when there is no link of that name. */
  find(name: string): wire.LinkMessage | undefined {
    const known = this.#byName.get(name);
    if (known) return known;
    const [link] = this.#query(name).flatMap(message => wire.decodeLink(message) ?? []);
    if (link) this.#remember(link);
    return link;
  }

  /** Throws NetlinkError ENODEV. */
  index(name: string): number {
    const index = this.#indexes.get(name) ?? this.learn(name, this.#query(name));
    if (index === undefined) throw new NetlinkError({ errno: ENODEV, message: `no link ${name}` }, 'get link');
    return index;
  }

  nameOf(index: number): string | undefined {
    return this.#byIndex.get(index)?.name;
  }

  kindOf(index: number): string | undefined {
    return this.#byIndex.get(index)?.info?.kind;
  }

  /** Takes the link's index, and nothing of the hundred attributes beside it, from the kernel's answer about it. */
  learn(name: string, answer: readonly NetlinkMessage[]): number | undefined {
    const message = answer.find(({ type }) => type === wire.RTM_NEWLINK);
    const index = message && wire.linkIndex(message);
    if (index !== undefined) this.#indexes.set(name, index);
    return index;
  }

  /** A link went, and with a veth its other end: nothing remembered holds for sure. */
  forget(): void {
    this.#indexes.clear();
    this.#byName.clear();
    this.#byIndex.clear();
  }

  /** Sets attributes of a link that is there; the kernel says ENODEV when it is not. */
  change(name: string, what: Partial<wire.LinkMessage>): void {
    const index = this.#indexes.get(name);
    const link = index === undefined ? { index: 0, name } : { index };
    this.socket.submit('set link', wire.RTM_NEWLINK, 0, w => wire.writeLink(w, { flags: 0, ...what, ...link }));
    this.#byName.delete(name);
  }

  #query(name: string): readonly NetlinkMessage[] {
    try {
      return this.socket.request('get link', wire.RTM_GETLINK, 0, w => wire.writeLinkQuery(w, name));
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'ENODEV') return [];
      throw error;
    }
  }

  #remember(link: wire.LinkMessage): void {
    this.#byIndex.set(link.index, link);
    if (link.name === undefined) return;
    this.#byName.set(link.name, link);
    this.#indexes.set(link.name, link.index);
  }
}

/** Makes a link. Throws NetlinkError: EEXIST when there is one of that name, EOPNOTSUPP for one that cannot be made. */
export function addLink(table: LinkTable, link: Link): void {
  if (link.type === 'other') throw new NetlinkError({ errno: table.index(link.name) && EEXIST }, 'add link');
  const netns = link.type === 'veth' && link.peer?.netns !== undefined ? openSync(link.peer.netns, 'r') : undefined;
  try {
    const message: wire.LinkMessage = {
      ...common(table, link),
      index: 0,
      name: link.name,
      info: infoOf(link, netns),
      ...(link.type === 'veth' && { queues: QUEUES }),
      ...(link.up && { flags: wire.IFF_UP, change: wire.IFF_UP }),
    };
    const flags = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO;
    // The echo has the new index, which saves the question for it.
    table.learn(
      link.name,
      table.socket.request('add link', wire.RTM_NEWLINK, flags, w => wire.writeLink(w, message)),
    );
  } finally {
    if (netns !== undefined) closeSync(netns);
  }
  // The kernel takes these of a link that is there alone.
  if (link.alias !== undefined) table.change(link.name, { alias: link.alias });
  if (link.hairpin !== undefined && link.master !== undefined) table.change(link.name, { hairpin: link.hairpin });
}

/** Gives the link that has that name what is wanted and can be changed. Throws NetlinkError. */
export function changeLink(table: LinkTable, link: Link): void {
  const { name, alias, hairpin, master } = link;
  const { master: index = 0, ...rest } = common(table, link);
  // A bridge refuses a port twice; 0 is no master.
  const again = index !== 0 && index === table.find(name)?.master;
  table.change(name, {
    ...rest,
    ...(!again && { master: index }),
    ...(alias !== undefined && { alias }),
    flags: link.up ? wire.IFF_UP : 0,
    change: wire.IFF_UP,
  });
  if (hairpin !== undefined && master !== undefined) table.change(name, { hairpin });
}

/** Throws NetlinkError: ENODEV when there is none. */
export function deleteLink(table: LinkTable, name: string): void {
  table.socket.request('delete link', wire.RTM_DELLINK, 0, w => wire.writeLink(w, { index: 0, flags: 0, name }));
  table.forget();
}

/**
 * Deletes many links in one request: the kernel waits for its grace periods (16 ms, measured) once and not for each.
 * Names that are not there are passed over. Throws NetlinkError when the whole was refused.
 */
export function deleteLinks(table: LinkTable, names: readonly string[]): void {
  const marked = names.filter(name => {
    const link = table.find(name);
    if (!link) return false;
    const doomed = { index: link.index, flags: 0, group: DOOMED };
    try {
      table.socket.request('set link', wire.RTM_SETLINK, 0, w => wire.writeLink(w, doomed));
      return true;
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'ENODEV') return false;
      throw error;
    }
  });
  table.forget();
  if (!marked.length) return;
  try {
    table.socket.request('delete links', wire.RTM_DELLINK, 0, w =>
      wire.writeLink(w, { index: 0, flags: 0, group: DOOMED }),
    );
  } catch (error) {
    // Both ends of a pair may have gone with another namespace meanwhile.
    if (!(error instanceof NetlinkError && error.code === 'ENODEV')) throw error;
  }
}

/** All links as kernel objects. */
export function readLinks(table: LinkTable, links: readonly wire.LinkMessage[]): Link[] {
  return links.flatMap(link => {
    const { name, flags, mtu, address, master, hairpin, group, alias, info } = link;
    if (name === undefined) return [];
    const bridge = master ? table.nameOf(master) : undefined;
    const base = {
      kind: 'link',
      name,
      up: (flags & wire.IFF_UP) !== 0,
      ...(mtu !== undefined && { mtu }),
      ...(address?.length === 6 && { mac: formatMac(address) }),
      ...(bridge !== undefined && { master: bridge }),
      ...(hairpin !== undefined && { hairpin }),
      ...(group && { group }),
      ...(alias !== undefined && { alias }),
    } as const;
    if (info?.vxlan) {
      const { vni, port, local, learning } = info.vxlan;
      return { ...base, type: 'vxlan', vni, port, learning, ...(local && { local: new Ip(local.slice()) }) };
    }
    if (info?.kind === 'veth' || info?.kind === 'bridge') return { ...base, type: info.kind };
    return { ...base, type: 'other', driver: info?.kind ?? '' };
  });
}

function common(table: LinkTable, { mtu, mac, master, group }: Partial<Link>): Omit<wire.LinkMessage, 'index'> {
  const address = mac === undefined ? undefined : parseMac(mac);
  if (mac !== undefined && !address)
    throw new NetlinkError({ errno: EINVAL, message: `no MAC address: ${mac}` }, 'set link');
  return {
    flags: 0,
    ...(mtu !== undefined && { mtu }),
    ...(address && { address }),
    ...(master !== undefined && { master: table.index(master) }),
    ...(group !== undefined && { group }),
  };
}

function infoOf(link: Exclude<Link, { type: 'other' }>, netns: number | undefined): wire.LinkInfo {
  if (link.type === 'vxlan') {
    const { vni, port, local, learning } = link;
    return { kind: 'vxlan', vxlan: { vni, port, learning, ...(local && { local: local.bytes }) } };
  }
  const peer = link.type === 'veth' ? link.peer : undefined;
  if (!peer) return { kind: link.type };
  const { name, mtu, mac } = peer;
  const address = mac === undefined ? undefined : parseMac(mac);
  return {
    kind: 'veth',
    peer: {
      index: 0,
      flags: 0,
      name,
      queues: QUEUES,
      ...(mtu !== undefined && { mtu }),
      ...(address && { address }),
      ...(netns !== undefined && { netnsFd: netns }),
    },
  };
}
