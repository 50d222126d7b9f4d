/** rtnetlink messages about links (linux/if_link.h, linux/rtnetlink.h): veth, bridge, vxlan and what all links share. */

import type { NetlinkMessage } from './netlink.js';
import { Attributes, LITTLE_ENDIAN, type Writer } from './netlink-attributes.js';

export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;

export const IFF_UP = 0x1;

const IFINFOMSG = 16;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_IFALIAS = 20;
const IFLA_GROUP = 27;
const IFLA_NET_NS_FD = 28;
const IFLA_EXT_MASK = 29;
const IFLA_NUM_TX_QUEUES = 31;
const IFLA_NUM_RX_QUEUES = 32;
const IFLA_LINK_NETNSID = 37;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_INFO_SLAVE_DATA = 5;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4;
const IFLA_VXLAN_ID = 1;
const IFLA_VXLAN_LOCAL = 4;
const IFLA_VXLAN_LEARNING = 7;
const IFLA_VXLAN_PORT = 15;
const IFLA_VXLAN_LOCAL6 = 17;
/** Counters are most of a link's message and nobody here reads them. */
const RTEXT_FILTER_SKIP_STATS = 1 << 3;

export interface LinkMessage {
  /** 0 in a request that names the link, or leaves the choice to the kernel. */
  readonly index: number;
  /** IFF_*; only bits in `change` matter in a request. */
  readonly flags: number;
  readonly change?: number;
  readonly name?: string;
  readonly mtu?: number;
  readonly address?: Uint8Array;
  /** Interface index, 0 for none. */
  readonly master?: number;
  readonly group?: number;
  /** '' removes it. */
  readonly alias?: string;
  /** The driver: 'veth', 'bridge', 'vxlan'; loopback has none. */
  readonly info?: LinkInfo;
  /** Of a request that makes a link: how many queues each way. */
  readonly queues?: number;
  /** Of a veth, as it is read: the other end's index, and the id of its namespace where that is another one. */
  readonly peerIndex?: number;
  readonly peerNsid?: number;
  /** Of a bridge port. */
  readonly hairpin?: boolean;
  /** Of a request: the namespace that the link goes to, as a file descriptor. */
  readonly netnsFd?: number;
}

export interface LinkInfo {
  readonly kind: string;
  /** Of a veth, in a request: the other end. */
  readonly peer?: LinkMessage;
  readonly vxlan?: VxlanData;
}

export interface VxlanData {
  readonly vni: number;
  readonly port: number;
  /** 4 or 16 bytes. */
  readonly local?: Uint8Array;
  readonly learning: boolean;
}

export function writeLink(w: Writer, link: LinkMessage): void {
  w.u8(0)
    .u8(0)
    .u16(0)
    .u32(link.index)
    .u32(link.flags)
    .u32(link.change ?? 0);
  if (link.name !== undefined) w.textAttr(IFLA_IFNAME, link.name);
  if (link.mtu !== undefined) w.u32Attr(IFLA_MTU, link.mtu);
  if (link.address) w.bytesAttr(IFLA_ADDRESS, link.address);
  if (link.master !== undefined) w.u32Attr(IFLA_MASTER, link.master);
  if (link.group !== undefined) w.u32Attr(IFLA_GROUP, link.group);
  if (link.alias !== undefined) w.textAttr(IFLA_IFALIAS, link.alias);
  if (link.netnsFd !== undefined) w.u32Attr(IFLA_NET_NS_FD, link.netnsFd);
  if (link.queues !== undefined) w.u32Attr(IFLA_NUM_TX_QUEUES, link.queues).u32Attr(IFLA_NUM_RX_QUEUES, link.queues);
  const { info, hairpin } = link;
  if (info || hairpin !== undefined)
    w.nested(IFLA_LINKINFO, outer => {
      if (info) writeInfo(outer, info);
      if (hairpin !== undefined)
        outer
          .textAttr(IFLA_INFO_SLAVE_KIND, 'bridge')
          .nested(IFLA_INFO_SLAVE_DATA, port => port.u8Attr(IFLA_BRPORT_MODE, Number(hairpin)));
    });
}

function writeInfo(w: Writer, { kind, peer, vxlan }: LinkInfo): void {
  w.textAttr(IFLA_INFO_KIND, kind);
  if (peer) w.nested(IFLA_INFO_DATA, data => data.nested(VETH_INFO_PEER, inner => writeLink(inner, peer)));
  if (!vxlan) return;
  const { vni, port, local, learning } = vxlan;
  w.nested(IFLA_INFO_DATA, data => {
    data.u32Attr(IFLA_VXLAN_ID, vni).be16Attr(IFLA_VXLAN_PORT, port).u8Attr(IFLA_VXLAN_LEARNING, Number(learning));
    if (local) data.bytesAttr(local.length === 4 ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, local);
  });
}

/** A request for all links, or by name for one. */
export function writeLinkQuery(w: Writer, name?: string): void {
  writeLink(w, { index: 0, flags: 0, ...(name !== undefined && { name }) });
  w.u32Attr(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/** The link that a message is about: all that most who make or ask for one want to know. */
export function linkIndex({ payload }: NetlinkMessage): number | undefined {
  if (payload.length < IFINFOMSG) return undefined;
  return new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(4, LITTLE_ENDIAN);
}

export function decodeLink({ payload }: NetlinkMessage): LinkMessage | undefined {
  if (payload.length < IFINFOMSG) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const attributes = new Attributes(payload.subarray(IFINFOMSG));
  const info = attributes.nested(IFLA_LINKINFO);
  const kind = info?.text(IFLA_INFO_KIND);
  const hairpin =
    info?.text(IFLA_INFO_SLAVE_KIND) === 'bridge' ? info.nested(IFLA_INFO_SLAVE_DATA)?.u8(IFLA_BRPORT_MODE) : undefined;
  const alias = attributes.text(IFLA_IFALIAS);
  return defined({
    index: view.getUint32(4, LITTLE_ENDIAN),
    flags: view.getUint32(8, LITTLE_ENDIAN),
    name: attributes.text(IFLA_IFNAME),
    mtu: attributes.u32(IFLA_MTU),
    address: attributes.get(IFLA_ADDRESS),
    master: attributes.u32(IFLA_MASTER),
    group: attributes.u32(IFLA_GROUP),
    peerIndex: kind === 'veth' ? attributes.u32(IFLA_LINK) : undefined,
    peerNsid: kind === 'veth' ? attributes.u32(IFLA_LINK_NETNSID) : undefined,
    alias: alias || undefined,
    info: kind === undefined ? undefined : decodeInfo(kind, info!.nested(IFLA_INFO_DATA)),
    hairpin: hairpin === undefined ? undefined : hairpin !== 0,
  });
}

function decodeInfo(kind: string, data: Attributes | undefined): LinkInfo {
  const vni = data?.u32(IFLA_VXLAN_ID);
  if (kind !== 'vxlan' || vni === undefined) return { kind };
  return {
    kind,
    vxlan: defined<VxlanData>({
      vni,
      port: data!.be16(IFLA_VXLAN_PORT) ?? 0,
      local: data!.get(IFLA_VXLAN_LOCAL) ?? data!.get(IFLA_VXLAN_LOCAL6),
      learning: data!.u8(IFLA_VXLAN_LEARNING) !== 0,
    }),
  };
}

/** Leaves out the fields that have no value, as optional fields want it. */
export function defined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** `7: eth0 veth up mtu 1500 master 3` */
export function formatLink({ index, name, info, flags, mtu, master }: LinkMessage): string {
  const words = [`${index}: ${name ?? '?'}`, info?.kind, flags & IFF_UP ? 'up' : 'down', mtu && `mtu ${mtu}`];
  return [...words, master && `master ${master}`].filter(Boolean).join(' ');
}
