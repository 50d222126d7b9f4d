/** One rule of a policy as matches of nftables. Knows peers and ports; refuses to know what follows from a match. */

import type { Statement, Value } from '../../kernel/nft-objects.js';
import type { Peer, PodSet, PolicyRule, PortMatch } from '../../model/policy.js';
import { PROTOCOL_NUMBERS, type Protocol } from '../../net/flow.js';
import type { Family } from '../../net/ip.js';
import { inSet, is } from '../nft.js';
import { type Direction, END, PEER } from './direction.js';
import type { NamedPort } from './ports.js';
import { ANY_POD, isNetwork, namedPortSet, networks, nodesSet, podsSet } from './sets.js';

/** `own`: the ports of the Pod that the policy selects. A connection matches the rule when it matches every statement of one of these; without any it never does. */
export type Alternatives = readonly (readonly Statement[])[];

export function alternatives(
  rule: PolicyRule,
  direction: Direction,
  family: Family,
  own: readonly NamedPort[],
): Alternatives {
  const { peers, ports } = rule;
  const numbered = ports ? portMatches(numbers(ports, direction, own)) : ALWAYS;
  const found = combine(peers ? peerMatches(peers, direction, family) : ALWAYS, numbered);
  return direction === 'egress' ? [...found, ...namedPorts(rule, family)] : found;
}

/** One alternative without any condition. */
const ALWAYS: Alternatives = [[]];

function combine(first: Alternatives, second: Alternatives): Alternatives {
  return first.flatMap(one => second.map(other => [...one, ...other]));
}

function peerMatches(peers: readonly Peer[], direction: Direction, family: Family): Alternatives {
  const end = END[PEER[direction]][family];
  const found = peers.flatMap((peer): Statement[] => {
    if (peer.kind === 'network') return [];
    const { name } = peer.kind === 'pods' ? podsSet(peer.pods, family) : nodesSet(peer.selector, family);
    return [inSet(name, end)];
  });
  const ranges = networks(peers.filter(isNetwork), family);
  if (ranges) found.push('set' in ranges ? inSet(ranges.set.name, end) : is(end, ranges));
  return found.map(statement => [statement]);
}

type Numbers = readonly [protocol: Protocol, from: number, to: number];

/** An ingress rule's names are looked up in the selected Pod itself; one that it does not have matches nothing. */
function numbers(ports: readonly PortMatch[], direction: Direction, own: readonly NamedPort[]): Numbers[] {
  return ports.flatMap(({ protocol, port }): Numbers[] => {
    if (port && 'name' in port) {
      const named = direction === 'ingress' ? own.filter(({ name }) => name === port.name) : [];
      return named
        .filter(one => protocol === undefined || one.protocol === protocol)
        .map(one => [one.protocol, one.port, one.port]);
    }
    if (!protocol) return [];
    return [port ? [protocol, port.from, port.to] : [protocol, 0, 65_535]];
  });
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

/** So many values go into one rule: the kernel takes a list of 64 KiB. */
const MOST_VALUES = 1000;

function portMatches(wanted: readonly Numbers[]): Alternatives {
  return PROTOCOLS.flatMap(protocol => {
    const of = is('ct original protocol', PROTOCOL_NUMBERS[protocol]);
    const values = joined(wanted.filter(([other]) => other === protocol));
    if (values.length === 1 && values[0] === ALL) return [[of]];
    const chunks: Value[][] = [];
    for (let i = 0; i < values.length; i += MOST_VALUES) chunks.push(values.slice(i, i + MOST_VALUES));
    return chunks.map(chunk => [of, is('ct reply proto-src', chunk.length === 1 ? chunk[0]! : chunk)]);
  });
}

const ALL: Value = { from: 0, to: 65_535 };

/** Ascending, neither overlapping nor touching, as an interval set must be. */
function joined(ranges: readonly Numbers[]): Value[] {
  const out: [number, number][] = [];
  for (const [, from, to] of [...ranges].sort((a, b) => a[1] - b[1])) {
    const previous = out.at(-1);
    if (previous && from <= previous[1] + 1) previous[1] = Math.max(previous[1], to);
    else out.push([from, to]);
  }
  return out.map(([from, to]) => (from === to ? from : from === 0 && to === 65_535 ? ALL : { from, to }));
}

/** An egress rule's names are each destination's own: its address with that port is in a set. */
function namedPorts({ peers, ports = [] }: PolicyRule, family: Family): Alternatives {
  const key = [END.ingress[family], 'ct original protocol', 'ct reply proto-src'] as const;
  const pods = peers ? peers.flatMap(peer => (peer.kind === 'pods' ? [peer.pods] : [])) : [ANY_POD];
  const others = peerMatches(peers?.filter(({ kind }) => kind !== 'pods') ?? [], 'egress', family);
  return ports.flatMap(({ protocol, port }) => {
    if (!port || !('name' in port)) return [];
    const which = protocol ? [is('ct original protocol', PROTOCOL_NUMBERS[protocol])] : [];
    const one = (pods: PodSet) => inSet(namedPortSet(pods, port.name, family).name, ...key);
    return [...pods.map(set => [...which, one(set)]), ...others.map(match => [...which, ...match, one(ANY_POD)])];
  });
}
