/** Names of the links, sets and chains that more than one feature speaks of, and the Ethernet addresses that follow from names. */

import { createHash } from 'node:crypto';
import { formatMac, type Mac } from '../net/mac.js';

/** Links that are no Pod's end have a dash after the prefix, which a Pod's `pw` + hex never has. */
export const BRIDGE = 'pw-br0';
export const VXLAN = 'pw-vxlan';

/** One bridge per node: the same address everywhere harms nobody, and Pods keep it when their node's bridge is made anew. */
export const BRIDGE_MAC: Mac = '02:70:77:62:72:30';

/** A locally administered unicast address that every node computes alike, so that none has to be announced. */
export function vtepMac(nodeName: string): Mac {
  const bytes = createHash('sha256').update(`vxlan ${nodeName}`).digest().subarray(0, 6);
  bytes[0] = (bytes[0]! & 0xfc) | 0x02;
  return formatMac(bytes);
}
