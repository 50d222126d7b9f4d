/** What netfilter does to a packet at one hook: chains by priority, connection tracking and NAT at their places among them. */

import type { Chance } from './chance.js';
import { applyNat, type Conntrack } from './conntrack.js';
import type { Namespace } from './machine.js';
import { addressText, type InFlight } from './packet.js';
import { type Deed, type Outcome, runChain } from './rules.js';

export type HookName = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

export interface Place {
  readonly netns: string;
  readonly namespace: Namespace;
  readonly iif?: string;
  readonly oif?: string;
}

// NF_IP_PRI_* of linux/netfilter_ipv4.h.
const CONNTRACK = -200;
const NAT = {
  prerouting: -100,
  output: -100,
  postrouting: 100,
  input: 100,
  forward: Number.POSITIVE_INFINITY,
} as const;
/** Which end of the packet NAT of that hook changes. */
const CHANGES = { prerouting: 'destination', output: 'destination', postrouting: 'source', input: 'source' } as const;

/** Runs a packet of IP through the hook; `deeds` takes what happened. */
export function runHook(
  hook: HookName,
  place: Place,
  packet: InFlight,
  conntrack: Conntrack,
  chance: Chance,
  deeds: Deed[],
): Outcome {
  const { namespace, netns, iif, oif } = place;
  const begins = hook === 'prerouting' || hook === 'output';
  let tracked = !begins;
  let translated = hook === 'forward';
  const reach = (priority: number) => {
    if (!tracked && priority >= CONNTRACK) {
      tracked = true;
      packet.tracking ??= conntrack.track(netns, packet);
    }
    if (!translated && priority > NAT[hook]) {
      translated = true;
      translate(hook as keyof typeof CHANGES, packet, deeds);
    }
  };
  for (const chain of namespace.baseChains(hook, false, packet.family)) {
    const { priority, type } = chain.base!;
    reach(priority);
    if (type === 'nat' && !isOpen(hook, packet)) continue;
    const outcome = runChain(chain, { namespace, packet, iif, oif, chance }, deeds);
    if (outcome !== 'accept') return outcome;
  }
  reach(Number.POSITIVE_INFINITY);
  if ((hook === 'postrouting' || hook === 'input') && typeof packet.tracking === 'object')
    packet.tracking.connection.confirmed = true;
  return 'accept';
}

/** Runs a frame through the chains of family bridge. */
export function runBridgeHook(hook: HookName, place: Place, packet: InFlight, chance: Chance, deeds: Deed[]): Outcome {
  const { namespace, iif, oif } = place;
  for (const chain of namespace.baseChains(hook, true, packet.family)) {
    const outcome = runChain(chain, { namespace, packet, iif, oif, chance }, deeds);
    if (outcome !== 'accept') return outcome;
  }
  return 'accept';
}

/** Whether NAT is still to be decided here: by the first packet alone, and once. */
function isOpen(hook: HookName, { tracking }: InFlight): boolean {
  if (typeof tracking !== 'object' || tracking.direction !== 'original') return false;
  const { settled } = tracking.connection;
  return hook === 'prerouting' || hook === 'output' ? !settled.dnat : !settled.snat;
}

function translate(hook: keyof typeof CHANGES, packet: InFlight, deeds: Deed[]): void {
  const { tracking } = packet;
  if (typeof tracking !== 'object') return;
  const end = CHANGES[hook];
  if (tracking.direction === 'original') tracking.connection.settled[end === 'destination' ? 'dnat' : 'snat'] = true;
  if (applyNat(packet, tracking, end) && tracking.direction === 'reply')
    deeds.push({ text: `translated back: ${addressText(packet)}` });
}
