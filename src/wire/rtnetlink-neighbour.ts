/** rtnetlink messages about neighbours and, with family AF_BRIDGE, forwarding entries (linux/neighbour.h). */

import type { NetlinkMessage } from './netlink.js';
import { Attributes, LITTLE_ENDIAN, type Writer } from './netlink-attributes.js';
import { defined } from './rtnetlink-link.js';

export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;

export const AF_BRIDGE = 7;

export const NUD_REACHABLE = 0x02;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;
/** The entry is the device's own (VXLAN), not its bridge's. */
export const NTF_SELF = 0x02;
export const NTF_MASTER = 0x04;

const NDMSG = 12;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_MASTER = 9;

export interface NeighbourMessage {
  readonly family: number;
  /** Interface index. */
  readonly index: number;
  /** NUD_* */
  readonly state: number;
  /** NTF_* */
  readonly flags: number;
  /** RTN_* : neighbours of type 5 are multicast groups. */
  readonly type?: number;
  /** The neighbour's address, or of a VXLAN forwarding entry the outer destination. */
  readonly destination?: Uint8Array;
  readonly address?: Uint8Array;
  /** The bridge that a forwarding entry belongs to. */
  readonly master?: number;
}

export function writeNeighbour(w: Writer, message: NeighbourMessage): void {
  const { family, index, state, flags, destination, address } = message;
  w.u8(family)
    .u8(0)
    .u16(0)
    .u32(index)
    .u16(state)
    .u8(flags)
    .u8(message.type ?? 0);
  if (destination) w.bytesAttr(NDA_DST, destination);
  if (address) w.bytesAttr(NDA_LLADDR, address);
}

export function decodeNeighbour({ payload }: NetlinkMessage): NeighbourMessage | undefined {
  if (payload.length < NDMSG) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const attributes = new Attributes(payload.subarray(NDMSG));
  return defined({
    family: payload[0]!,
    index: view.getUint32(4, LITTLE_ENDIAN),
    state: view.getUint16(8, LITTLE_ENDIAN),
    flags: payload[10]!,
    type: payload[11]!,
    destination: attributes.get(NDA_DST),
    address: attributes.get(NDA_LLADDR),
    master: attributes.u32(NDA_MASTER),
  });
}

/** `family 2 index 3 0a000001 lladdr 0242ac110002 state 0x80` */
export function formatNeighbour({ family, index, destination, address, state }: NeighbourMessage): string {
  const hex = (bytes?: Uint8Array) =>
    Array.from(bytes ?? [], byte => byte.toString(16).padStart(2, '0')).join('') || '-';
  return `family ${family} index ${index} ${hex(destination)} lladdr ${hex(address)} state 0x${state.toString(16)}`;
}
