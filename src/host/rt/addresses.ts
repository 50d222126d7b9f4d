/** Interface addresses between kernel objects and rtnetlink. */

import type { Address } from '../../kernel/net-objects.js';
import { Ip } from '../../net/ip.js';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../wire/netlink.js';
import * as wire from '../../wire/rtnetlink-address.js';
import type { LinkTable } from './links.js';

/** AF_INET and AF_INET6 by our family numbers. */
export const AF = { 4: 2, 6: 10 } as const;

/** The kernel says EEXIST when the link has it. */
export function addAddress(table: LinkTable, address: Address): void {
  const message = encode(table, address);
  table.socket.submit('add address', wire.RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, w => wire.writeAddress(w, message));
}

/** The kernel says EADDRNOTAVAIL when the link does not have it. */
export function deleteAddress(table: LinkTable, address: Address): void {
  const message = encode(table, address);
  table.socket.submit('delete address', wire.RTM_DELADDR, 0, w => wire.writeAddress(w, message));
}

export function readAddresses(table: LinkTable): Address[] {
  const query = { family: 0, prefix: 0, index: 0, flags: 0 };
  return table.socket
    .dump('get addresses', wire.RTM_GETADDR, w => wire.writeAddress(w, query))
    .flatMap(message => {
      const { index = 0, local, prefix = 0, flags = 0 } = wire.decodeAddress(message) ?? {};
      const link = table.nameOf(index);
      if (link === undefined || (local?.length !== 4 && local?.length !== 16)) return [];
      const nodad = (flags & wire.IFA_F_NODAD) !== 0;
      return { kind: 'address', link, ip: new Ip(local.slice()), prefix, ...(nodad && { nodad }) } as const;
    });
}

function encode(table: LinkTable, { link, ip, prefix, nodad }: Address): wire.AddressMessage {
  const flags = nodad && ip.family === 6 ? wire.IFA_F_NODAD : 0;
  return { family: AF[ip.family], prefix, index: table.index(link), flags, local: ip.bytes };
}
