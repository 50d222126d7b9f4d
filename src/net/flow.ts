/** What identifies a packet's connection: protocol, addresses, ports. */

import type { Ip } from './ip.js';

/** Kubernetes' names of the transport protocols. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** IANA protocol numbers. */
export const PROTOCOL_NUMBERS = { ICMP: 1, TCP: 6, UDP: 17, ICMPv6: 58, SCTP: 132 } as const;

/** Ports are 0..65535; 0 where the protocol has none. */
export interface Flow {
  readonly protocol: Protocol;
  readonly source: Ip;
  readonly sourcePort: number;
  readonly destination: Ip;
  readonly destinationPort: number;
}
