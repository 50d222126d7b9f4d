/** rtnetlink messages about interface addresses (linux/if_addr.h). */

import type { NetlinkMessage } from './netlink.js';
import { Attributes, LITTLE_ENDIAN, type Writer } from './netlink-attributes.js';
import { defined } from './rtnetlink-link.js';

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;

export const IFA_F_NODAD = 0x02;

const IFADDRMSG = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;

export interface AddressMessage {
  /** AF_INET 2, AF_INET6 10. */
  readonly family: number;
  readonly prefix: number;
  readonly index: number;
  /** IFA_F_* */
  readonly flags: number;
  /** The interface's own address. */
  readonly local?: Uint8Array;
}

export function writeAddress(w: Writer, { family, prefix, index, flags, local }: AddressMessage): void {
  w.u8(family)
    .u8(prefix)
    .u8(flags & 0xff)
    .u8(0)
    .u32(index);
  if (!local) return;
  w.bytesAttr(IFA_LOCAL, local).bytesAttr(IFA_ADDRESS, local);
  if (flags) w.u32Attr(IFA_FLAGS, flags);
}

export function decodeAddress({ payload }: NetlinkMessage): AddressMessage | undefined {
  if (payload.length < IFADDRMSG) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const attributes = new Attributes(payload.subarray(IFADDRMSG));
  return defined({
    family: payload[0]!,
    prefix: payload[1]!,
    index: view.getUint32(4, LITTLE_ENDIAN),
    flags: attributes.u32(IFA_FLAGS) ?? payload[2]!,
    // On a point-to-point link IFA_ADDRESS is the other end's; IPv6 has it alone.
    local: attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS),
  });
}

/** `index 3 0a000001/24 flags 0x80` */
export function formatAddress({ index, local, prefix, flags }: AddressMessage): string {
  const bytes = Array.from(local ?? [], byte => byte.toString(16).padStart(2, '0')).join('');
  return `index ${index} ${bytes}/${prefix} flags 0x${flags.toString(16)}`;
}
