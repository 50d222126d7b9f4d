/** rtnetlink messages about namespace ids (linux/net_namespace.h): the number by which one namespace knows another. */

import type { NetlinkMessage } from './netlink.js';
import { Attributes, type Writer } from './netlink-attributes.js';

export const RTM_GETNSID = 90;

/** struct rtgenmsg, padded. */
const RTGENMSG = 4;
const NETNSA_NSID = 1;
const NETNSA_FD = 3;
const NOT_ASSIGNED = 0xffff_ffff;

/** Asks for the id of the namespace that is open as that file descriptor. */
export function writeNsidQuery(w: Writer, fd: number): void {
  w.u32(0).u32Attr(NETNSA_FD, fd);
}

/** Undefined: nothing here leads there, so it was never given one. */
export function decodeNsid({ payload }: NetlinkMessage): number | undefined {
  const id = new Attributes(payload.subarray(RTGENMSG)).u32(NETNSA_NSID);
  return id === NOT_ASSIGNED ? undefined : id;
}
