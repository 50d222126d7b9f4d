/** The hooks of netfilter: what is at each, and in which order. Conntrack and NAT stand there among the chains. */

import type { NftChain, TableFamily } from '../kernel/nft-objects.js';
import { runBaseChain } from './chains.js';
import { applyNat } from './conntrack.js';
import type { Passage } from './fields.js';
import type { Journey, Over } from './journey.js';
import { addressText } from './packet.js';

/** NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC, NF_IP_PRI_CONNTRACK_CONFIRM of linux/netfilter_ipv4.h. */
const CONNTRACK = -200;
const NAT_DST = -100;
const NAT_SRC = 100;
const CONFIRM = Number.MAX_SAFE_INTEGER;

/** Undefined: it passed. The packet may have another destination, source or mark then. */
export function passHook(journey: Journey, passage: Passage): Over | undefined {
  const { kernel } = passage.place;
  const { hook, packet } = passage;
  const chains = kernel.atHook(hook, packet.family === 4 ? ['inet', 'ip'] : ['inet', 'ip6']);
  const nat = chains.filter(chain => chain.base!.type === 'nat');
  const parts: Part[] = chains.filter(chain => !nat.includes(chain)).map(part);
  if (hook === 'prerouting' || hook === 'output') {
    parts.push({ priority: CONNTRACK, run: track });
    parts.push({ priority: NAT_DST, run: (journey, passage) => translate(journey, passage, nat, 'destination') });
  } else if (hook === 'input' || hook === 'postrouting') {
    parts.push({ priority: NAT_SRC, run: (journey, passage) => translate(journey, passage, nat, 'source') });
    parts.push({ priority: CONFIRM, run: confirm });
  }
  return pass(journey, passage, parts);
}

/** Of a bridge's frames, which only chains see: there conntrack would need a module of its own. */
export function passBridgeHook(journey: Journey, passage: Passage): Over | undefined {
  return pass(journey, passage, passage.place.kernel.atHook(passage.hook, ['bridge']).map(part));
}

/** Of all frames of one link. */
export function passDeviceHook(journey: Journey, passage: Passage): Over | undefined {
  const device = passage.hook === 'ingress' ? passage.iif : passage.oif;
  const families: readonly TableFamily[] = passage.hook === 'ingress' ? ['netdev', 'inet'] : ['netdev'];
  const chains = passage.place.kernel.atHook(passage.hook, families).filter(chain => chain.base!.device === device);
  return pass(journey, passage, chains.map(part));
}

interface Part {
  readonly priority: number;
  run(journey: Journey, passage: Passage): Over | undefined;
}

function part(chain: NftChain): Part {
  return { priority: chain.base!.priority, run: (journey, passage) => runBaseChain(journey, passage, chain) };
}

function pass(journey: Journey, passage: Passage, parts: Part[]): Over | undefined {
  for (const one of parts.sort((a, b) => a.priority - b.priority)) {
    const end = one.run(journey, passage);
    if (end) return end;
  }
  return undefined;
}

function track(journey: Journey, { place, packet }: Passage): undefined {
  // Set already: `notrack`, or a packet that comes back by the loopback (nf_conntrack_in).
  packet.tracking ??= journey.conntrack.track(place.netns, packet);
}

/**
 * nf_nat_inet_fn: rules are asked for a connection's first packet alone, at the hook's own priority whatever the chains say (theirs
 * orders them among one another), until one decides.
 */
function translate(
  journey: Journey,
  passage: Passage,
  chains: readonly NftChain[],
  end: 'source' | 'destination',
): Over | undefined {
  const { packet, place } = passage;
  const { tracking } = packet;
  if (!tracking || tracking === 'untracked') return undefined;
  const { connection, direction, state } = tracking;
  const kind = end === 'destination' ? 'dnat' : 'snat';
  const asks = state === 'new' && direction === 'original' && !connection.confirmed && !connection.settled[kind];
  for (const chain of asks ? chains : []) {
    const stopped = runBaseChain(journey, passage, chain);
    if (stopped) return stopped;
    if (connection.settled[kind]) break;
  }
  connection.settled[kind] = true;
  if (applyNat(packet, tracking, end) && !asks)
    journey.say(place, 'nat', `conntrack: ${kindOfReply(direction, kind)} of this connection`, addressText(packet));
  return undefined;
}

function kindOfReply(direction: 'original' | 'reply', kind: 'dnat' | 'snat'): string {
  if (direction === 'original') return kind.toUpperCase();
  return kind === 'dnat' ? 'the reverse of SNAT' : 'the reverse of DNAT';
}

function confirm(_: Journey, { packet: { tracking } }: Passage): undefined {
  if (tracking && tracking !== 'untracked') tracking.connection.confirmed = true;
}
