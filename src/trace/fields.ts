/** What a rule sees of a packet, field by field. Undefined: the packet has no such field, and then the rule is not meant for it. */

import type { Expression, Field } from '../kernel/nft-objects.js';
import { CannotTell } from './cannot-tell.js';
import type { Chance } from './chance.js';
import type { Namespace } from './machine.js';
import { hasPorts, type InFlight } from './packet.js';
import type { Seen } from './sets.js';

/** Where the packet is when it is looked at. */
export interface View {
  readonly namespace: Namespace;
  readonly packet: InFlight;
  readonly iif?: string;
  readonly oif?: string;
  readonly chance: Chance;
}

export function evaluate(expression: Expression, view: View): Seen | undefined {
  if ('numgen' in expression) {
    const { mod, offset = 0 } = expression;
    return offset + view.chance.choose(new Array<number>(mod).fill(1));
  }
  if ('value' in expression) return expression.value as Seen;
  const seen = fieldOf(expression.field, view);
  return expression.mask === undefined || seen === undefined ? seen : ((seen as number) & expression.mask) >>> 0;
}

// IPS_* and IP_CT_* bits of linux/netfilter/nf_conntrack_common.h, as nft writes them.
const STATE = { invalid: 1, established: 2, new: 8, untracked: 64 } as const;
const STATUS = { seenReply: 2, confirmed: 8, snat: 16, dnat: 32 } as const;
const ICMP = { 4: { protocol: 1, request: 8, reply: 0 }, 6: { protocol: 58, request: 128, reply: 129 } } as const;
const ETHER_TYPE = { 4: 2048, 6: 34525 } as const;
/** RTN_UNICAST and RTN_LOCAL of linux/rtnetlink.h. */
const ADDRESS_TYPE = { unicast: 1, local: 2 } as const;

function fieldOf(field: Field, view: View): Seen | undefined {
  const { packet, iif, oif } = view;
  const ofFamily = <T>(family: 4 | 6, value: T) => (packet.family === family ? value : undefined);
  const ports = hasPorts(packet.protocol);
  const tcp = packet.protocol === 6;
  const udp = packet.protocol === 17;
  switch (field) {
    case 'ip saddr':
      return ofFamily(4, packet.source);
    case 'ip daddr':
      return ofFamily(4, packet.destination);
    case 'ip6 saddr':
      return ofFamily(6, packet.source);
    case 'ip6 daddr':
      return ofFamily(6, packet.destination);
    case 'ip protocol':
      return ofFamily(4, packet.protocol);
    case 'ip6 nexthdr':
      return ofFamily(6, packet.protocol);
    case 'th sport':
      return ports ? packet.sourcePort : undefined;
    case 'th dport':
      return ports ? packet.destinationPort : undefined;
    case 'tcp sport':
      return tcp ? packet.sourcePort : undefined;
    case 'tcp dport':
      return tcp ? packet.destinationPort : undefined;
    case 'udp sport':
      return udp ? packet.sourcePort : undefined;
    case 'udp dport':
      return udp ? packet.destinationPort : undefined;
    case 'tcp flags':
      return tcp ? (packet.answer ? 0x12 : 0x02) : undefined;
    case 'icmp type':
    case 'icmpv6 type':
      return icmpType(packet, field === 'icmp type' ? 4 : 6);
    case 'ether saddr':
      return packet.ether?.source;
    case 'ether daddr':
      return packet.ether?.destination;
    case 'ether type':
    case 'meta protocol':
      return ETHER_TYPE[packet.family];
    // Only packets of IP are followed.
    case 'arp saddr ip':
    case 'arp daddr ip':
    case 'arp saddr ether':
    case 'arp operation':
      return undefined;
    case 'meta iifname':
      return iif ?? '';
    case 'meta oifname':
      return oif ?? '';
    case 'meta l4proto':
      return packet.protocol;
    case 'meta nfproto':
      return packet.family === 4 ? 2 : 10;
    case 'meta mark':
      return packet.mark;
    case 'meta pkttype':
      return 0;
    case 'fib daddr type':
      return view.namespace.owns(packet.destination) ? ADDRESS_TYPE.local : ADDRESS_TYPE.unicast;
    case 'fib saddr . iif oif':
      throw new CannotTell('fib saddr . iif oif is not followed');
    default:
      return connectionField(field, packet);
  }
}

function icmpType({ protocol, family, answer }: InFlight, wanted: 4 | 6): number | undefined {
  const words = ICMP[wanted];
  return family === wanted && protocol === words.protocol ? (answer ? words.reply : words.request) : undefined;
}

function connectionField(field: Field, { tracking, family }: InFlight): Seen | undefined {
  if (field === 'ct state')
    return tracking === undefined ? STATE.invalid : tracking === 'untracked' ? STATE.untracked : STATE[tracking.state];
  if (tracking === undefined || tracking === 'untracked') return undefined;
  const { connection, direction } = tracking;
  const { original, dnat, snat, confirmed, seenReply } = connection;
  switch (field) {
    case 'ct status':
      return (
        (dnat ? STATUS.dnat : 0) |
        (snat ? STATUS.snat : 0) |
        (confirmed ? STATUS.confirmed : 0) |
        (seenReply ? STATUS.seenReply : 0)
      );
    case 'ct mark':
      return connection.mark;
    case 'ct direction':
      return direction === 'original' ? 0 : 1;
    case 'ct original ip saddr':
      return family === 4 ? original.source : undefined;
    case 'ct original ip daddr':
      return family === 4 ? original.destination : undefined;
    case 'ct original ip6 saddr':
      return family === 6 ? original.source : undefined;
    case 'ct original ip6 daddr':
      return family === 6 ? original.destination : undefined;
    case 'ct original proto-dst':
      return original.destinationPort;
    case 'ct original protocol':
      return connection.protocol;
    default:
      throw new CannotTell(`${field} is not followed`);
  }
}
