/** Follows a packet through the kernel state of a machine's namespaces, and the answer back. Never knows who planned that state. */

import { outcomes } from './chance.js';
import { Conntrack, inverse, same, type Tuple, tupleOf } from './conntrack.js';
import type { Ending } from './endings.js';
import { type Hop, Journey, type Next, type Over, over } from './journey.js';
import { type Machine, macOf, type Place, type Wiring, wiring } from './machine.js';
import { addressText, EPHEMERAL, type Header, hasPorts, made, type Packet, protocolNumber } from './packet.js';
import { withSource } from './send.js';
import { walk } from './walk.js';

export type { Tuple } from './conntrack.js';
export type { Ending } from './endings.js';
export { ENDINGS } from './endings.js';
export type { Hop, Stage, Step } from './journey.js';
export type { Machine } from './machine.js';
export type { Packet } from './packet.js';

/** One way that a packet may take. Plain data, but for the addresses' class. */
export interface Trace {
  /** The share of such packets that take this way; those of all traces of a packet add up to 1. */
  readonly probability: number;
  /** As it was sent, with the source that was chosen; left out when it could not be. */
  readonly sent?: Header;
  readonly hops: readonly Hop[];
  readonly ending: Ending;
  /** Which rule, route or link ended it. */
  readonly why: string;
  /** The object that wanted it so. */
  readonly cause?: string;
  /** Where it came to in the end and as what; only of a good ending. */
  readonly arrived?: { readonly netns: string } & Tuple;
}

/**
 * One trace for each choice that chance makes on the way: endpoints of a Service, next hops of a route. Never throws: what is not
 * understood ends that trace as 'cannot tell'.
 */
export function trace(machine: Machine, packet: Packet): readonly Trace[] {
  const wires = wiring(machine);
  const start = begin(wires, packet);
  if ('ending' in start) return [{ probability: 1, hops: [], ending: start.ending, why: start.why }];
  return all(wires, new Conntrack(), start);
}

/**
 * What answers a delivered packet, followed back to its sender through the NAT that each namespace remembers; none when there is
 * nobody to answer. Delivered means that the sender gets it from where it had asked.
 */
export function reply(trace: Trace): readonly Trace[] {
  const memory = memories.get(trace);
  const { arrived, sent, ending } = trace;
  if (!memory || !arrived || !sent || ending !== 'delivered') return [];
  const { wires, conntrack, origin } = memory;
  const place = wires.place(arrived.netns)!;
  const header = { ...inverse(arrived), protocol: sent.protocol, answer: true };
  const next = () => ({ to: 'send', place, packet: made(header) }) as const;
  return all(wires, conntrack, { header, next }, end => {
    if (!end.arrived) return end;
    const { place, packet } = end.arrived;
    if ((origin === undefined || place.netns === origin) && same(packet, inverse(sent))) return end;
    return over('unasked', `${place.netns} gets ${addressText(packet)}, and had sent ${addressText(sent)}`);
  });
}

interface Start {
  readonly header: Header;
  /** The sender's namespace, when it is known. */
  readonly origin?: string;
  /** Anew for each walk, which changes the packet. */
  next(): Next;
}

function begin(wires: Wiring, packet: Packet): Start | Over {
  const { netns, destination, arrivesOn, source } = packet;
  const place = wires.place(netns);
  if (!place) return over('cannot tell', `there is no state of ${netns}`);
  const protocol = protocolNumber(packet.protocol, destination.family);
  const ports = hasPorts(protocol);
  const { sourcePort = EPHEMERAL, destinationPort = 0 } = packet;
  const rest = { protocol, destination, ...(ports ? { sourcePort, destinationPort } : NO_PORTS), answer: false };
  if (source && source.family !== destination.family)
    return over('no source', `${source} and ${destination} are of different families`);
  if (arrivesOn !== undefined) return source ? arriving(wires, place, arrivesOn, { ...rest, source }) : NOBODY;
  const header = withSource(place, rest, source);
  if (!header) return over('no source', `${netns} has no IPv${destination.family} address to send from`);
  return { header, origin: netns, next: () => ({ to: 'send', place, packet: made(header) }) };
}

const NO_PORTS = { sourcePort: 0, destinationPort: 0 };
const NOBODY = over('no source', 'a packet that comes in by a link needs a source');

function arriving(wires: Wiring, place: Place, link: string, header: Header): Start {
  const at = { place, link };
  const master = place.kernel.links.get(link)?.master;
  const peer = wires.peer(at);
  const ether = {
    source: peer ? macOf(peer) : '(the sender)',
    destination: macOf(master === undefined ? at : { place, link: master }),
  };
  return { header, next: () => ({ to: 'arrive', at, packet: { ...made(header), ether } }) };
}

/** What an answer needs to know of the way there. */
interface Memory {
  readonly wires: Wiring;
  readonly conntrack: Conntrack;
  readonly origin: string | undefined;
}

/** Beside the traces, which are data. */
const memories = new WeakMap<Trace, Memory>();

function all(wires: Wiring, known: Conntrack, { header, origin, next }: Start, judge = (end: Over) => end): Trace[] {
  const walks = outcomes(chance => {
    const journey = new Journey(wires, chance, known.copy());
    return { journey, end: judge(walk(journey, next())) };
  });
  return walks.map(({ probability, result: { journey, end } }) => {
    const { ending, why, cause, arrived } = end;
    const trace: Trace = {
      probability,
      sent: header,
      hops: journey.hops,
      ending,
      why,
      ...(cause !== undefined && { cause }),
      ...(arrived && { arrived: { netns: arrived.place.netns, ...tupleOf(arrived.packet) } }),
    };
    memories.set(trace, { wires, conntrack: journey.conntrack, origin });
    return trace;
  });
}
