/** Connection tracking of one namespace, as far as packets of one connection need it. Knows tuples and NAT, not who asked for NAT. */

import type { Ip } from '../net/ip.js';
import { hasPorts, type InFlight } from './packet.js';

/** What a connection's packets of one direction are told by. */
export interface Tuple {
  readonly source: Ip;
  readonly sourcePort: number;
  readonly destination: Ip;
  readonly destinationPort: number;
}

export interface Connection {
  readonly protocol: number;
  readonly original: Tuple;
  /** What an answer looks like when it comes in: the inverse of the original as it leaves. */
  reply: Tuple;
  /** Which NAT it has, IPS_DST_NAT and IPS_SRC_NAT. */
  dnat: boolean;
  snat: boolean;
  /** NAT of that kind was decided, be it for none: later packets ask no rule. */
  readonly settled: { dnat: boolean; snat: boolean };
  /** The first packet got through. */
  confirmed: boolean;
  seenReply: boolean;
  mark: number;
}

/** What conntrack says of a packet. */
export interface Tracking {
  readonly connection: Connection;
  readonly direction: 'original' | 'reply';
  readonly state: 'new' | 'established';
}

/** The connections that a walk left behind, by namespace. */
export class Conntrack {
  readonly #connections = new Map<string, Connection[]>();

  /** A copy, for one more walk: what it does to connections the others do not see. */
  copy(): Conntrack {
    const copy = new Conntrack();
    for (const [netns, connections] of this.#connections)
      copy.#connections.set(
        netns,
        connections.map(one => ({ ...one, settled: { ...one.settled } })),
      );
    return copy;
  }

  /** Finds the packet's connection or begins one; undefined: invalid, an answer to nothing that passed here. */
  track(netns: string, packet: InFlight): Tracking | undefined {
    const known = this.#connections.get(netns) ?? [];
    const tuple = tupleOf(packet);
    for (const connection of known) {
      if (connection.protocol !== packet.protocol) continue;
      if (same(connection.original, tuple)) {
        const state = connection.seenReply ? 'established' : 'new';
        return { connection, direction: 'original', state };
      }
      if (!same(connection.reply, tuple)) continue;
      connection.seenReply = true;
      return { connection, direction: 'reply', state: 'established' };
    }
    // SYN+ACK and an echo reply begin nothing; any datagram may (nf_conntrack_proto_tcp.c, nf_conntrack_proto_icmp.c).
    if (packet.answer && packet.protocol !== UDP) return undefined;
    const connection: Connection = {
      protocol: packet.protocol,
      original: tuple,
      reply: inverse(tuple),
      dnat: false,
      snat: false,
      settled: { dnat: false, snat: false },
      confirmed: false,
      seenReply: false,
      mark: 0,
    };
    this.#connections.set(netns, [...known, connection]);
    return { connection, direction: 'original', state: 'new' };
  }
}

const UDP = 17;

/** NAT to that address and port as the kernel keeps it: answers will come from there, or go there. */
export function setNat(
  connection: Connection,
  kind: 'dnat' | 'snat',
  to: { readonly ip: Ip; readonly port?: number },
): void {
  const { reply } = connection;
  connection.settled[kind] = true;
  const port = hasPorts(connection.protocol) ? to.port : undefined;
  const changed: Tuple =
    kind === 'dnat'
      ? { ...reply, source: to.ip, sourcePort: port ?? reply.sourcePort }
      : { ...reply, destination: to.ip, destinationPort: port ?? reply.destinationPort };
  if (same(changed, reply)) return;
  connection.reply = changed;
  connection[kind] = true;
}

/**
 * Rewrites the packet as its connection wants it, where destinations are changed (prerouting, output) or where sources are
 * (postrouting, input); whether that changed it. The reply's way is the original's backwards, so that an answer's destination is what SNAT changed.
 */
export function applyNat(
  packet: InFlight,
  { connection, direction }: Tracking,
  end: 'source' | 'destination',
): boolean {
  const wanted = inverse(direction === 'original' ? connection.reply : connection.original);
  const isNatted = (end === 'destination') === (direction === 'original') ? connection.dnat : connection.snat;
  if (!isNatted) return false;
  const port = `${end}Port` as const;
  const isChanged = !packet[end].equals(wanted[end]) || packet[port] !== wanted[port];
  packet[end] = wanted[end];
  packet[port] = wanted[port];
  return isChanged;
}

export function tupleOf({ source, sourcePort, destination, destinationPort }: Tuple): Tuple {
  return { source, sourcePort, destination, destinationPort };
}

export function inverse({ source, sourcePort, destination, destinationPort }: Tuple): Tuple {
  return { source: destination, sourcePort: destinationPort, destination: source, destinationPort: sourcePort };
}

export function same(a: Tuple, b: Tuple): boolean {
  return (
    a.sourcePort === b.sourcePort &&
    a.destinationPort === b.destinationPort &&
    a.source.equals(b.source) &&
    a.destination.equals(b.destination)
  );
}
