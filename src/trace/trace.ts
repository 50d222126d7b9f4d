/** `trace`: every way that a connection's first packet may go, with why; `reply`: the way back of its answer. */

import { outcomes } from './chance.js';
import { Conntrack } from './conntrack.js';
import type { Ending } from './endings.js';
import { type Machine, Network } from './machine.js';
import { addressText, EPHEMERAL, type Header, hasPorts, made, type Packet, protocolNumber } from './packet.js';
import { type Hop, Walk, type Walked } from './walk.js';

export type { Machine } from './machine.js';
export type { Packet } from './packet.js';
export type { Hop, Step } from './walk.js';

export interface Trace {
  /** Of all ways that chance may choose: they add up to 1. */
  readonly probability: number;
  readonly packet: Packet;
  readonly hops: readonly Hop[];
  readonly ending: Ending;
  /** The namespace where it ended, and its header there. */
  readonly netns: string;
  readonly header: Header;
  /** What the namespaces on the way remember of it. */
  readonly conntrack: Conntrack;
  /** As it was sent, its source chosen. */
  readonly sent: Header;
}

/** Never throws: what is not understood ends a trace as 'cannot tell', with the rule. */
export function trace(machine: Machine, packet: Packet): readonly Trace[] {
  const network = networkOf(machine);
  return outcomes(chance => begin(new Walk(network, new Conntrack(), chance), packet)).map(({ probability, result }) =>
    traceOf(probability, packet, result),
  );
}

/** The answer to a packet that was delivered, by what conntrack remembers of it; ends 'delivered' only where the client asked. */
export function reply(machine: Machine, forward: Trace): readonly Trace[] {
  const { protocol, source, destination, sourcePort, destinationPort } = forward.header;
  const back = {
    protocol,
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
    answer: true,
  };
  const network = networkOf(machine);
  const packet: Packet = { ...forward.packet, netns: forward.netns, source: destination, destination: source };
  return outcomes(chance => new Walk(network, forward.conntrack.copy(), chance).send(forward.netns, back)).map(
    ({ probability, result }) => {
      const ending = result.ending === 'delivered' && !isAsked(forward, result) ? 'unasked' : result.ending;
      return { ...traceOf(probability, packet, result), ending };
    },
  );
}

/** One line a step, hop by hop, as a person reads it. `names`: what the namespaces are called. */
export function format(one: Trace, names: ReadonlyMap<string, string> = new Map()): string {
  const lines = one.hops.flatMap(({ netns, steps }) => [
    names.get(netns) ?? netns,
    ...steps.map(({ text, cause }) => `  ${text}${cause === undefined ? '' : `    ${cause}`}`),
  ]);
  const chance = one.probability === 1 ? '' : `, one way of ${Math.round(1 / one.probability)}`;
  return `${addressText(one.sent)}: ${one.ending}${chance}\n${lines.join('\n')}\n`;
}

function begin(walk: Walk, packet: Packet): Walked {
  const { netns, arrivesOn, destination, source } = packet;
  const protocol = protocolNumber(packet.protocol, destination.family);
  const ports = hasPorts(protocol);
  const header = {
    protocol,
    destination,
    sourcePort: ports ? (packet.sourcePort ?? EPHEMERAL) : 0,
    destinationPort: ports ? (packet.destinationPort ?? 0) : 0,
    answer: false,
  };
  if (arrivesOn === undefined) return walk.send(netns, { ...header, ...(source && { source }) });
  return walk.receive({ netns, link: arrivesOn }, made({ ...header, source: source ?? destination }));
}

function traceOf(probability: number, packet: Packet, walked: Walked): Trace {
  return { probability, packet, ...walked };
}

/** From whom and to where the client wrote, and in its own namespace. */
function isAsked({ packet, sent }: Trace, { netns, header }: Walked): boolean {
  return (
    netns === packet.netns &&
    header.source.equals(sent.destination) &&
    header.destination.equals(sent.source) &&
    header.sourcePort === sent.destinationPort &&
    header.destinationPort === sent.sourcePort
  );
}

const networks = new WeakMap<Machine, Network>();

function networkOf(machine: Machine): Network {
  let network = networks.get(machine);
  if (!network) networks.set(machine, (network = new Network(machine)));
  return network;
}
