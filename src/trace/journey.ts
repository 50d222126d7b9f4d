/** One walk of one packet: where it is, what was seen of its way so far, and what namespaces remember of it. */

import type { Cause } from '../kernel/kind.js';
import type { Chance } from './chance.js';
import type { Conntrack } from './conntrack.js';
import type { Ending } from './endings.js';
import type { End, Place, Wiring } from './machine.js';
import type { InFlight } from './packet.js';

/** The part of the kernel that a step happens in. */
export type Stage = 'send' | 'rule' | 'nat' | 'route' | 'neighbour' | 'link' | 'bridge' | 'tunnel' | 'deliver';

/** A fact of the kernel's state, and what came of it for the packet. */
export interface Step {
  readonly stage: Stage;
  /** In the words of `ip` and `nft`. */
  readonly fact: string;
  readonly outcome: string;
  /** The whole rule, as nft prints it. */
  readonly rule?: string;
  /** The object that wanted it so. */
  readonly cause?: Cause;
}

/** What happened in one namespace, from coming to leaving. */
export interface Hop {
  readonly netns: string;
  readonly steps: readonly Step[];
}

/** Where the packet is next. Each stage takes one of these and gives another; walk.ts is the list. */
export type Next =
  /** A process or a tunnel of the place sends it. */
  | { readonly to: 'send'; readonly place: Place; readonly packet: InFlight }
  /** It is routed and on its way out of a link, to a neighbour there. */
  | {
      readonly to: 'leave';
      readonly place: Place;
      readonly packet: InFlight;
      readonly iif: string;
      readonly oif: string;
      /** The next hop; left out: the destination itself. */
      readonly via?: InFlight['destination'];
    }
  /** It has its Ethernet header and goes out of a link. */
  | { readonly to: 'transmit'; readonly from: End; readonly packet: InFlight }
  /** A frame comes in by a link. */
  | { readonly to: 'arrive'; readonly at: End; readonly packet: InFlight }
  /** A frame is at a bridge: from one of its ports, or from the bridge's own link when `port` is left out. */
  | { readonly to: 'switch'; readonly bridge: End; readonly port?: string; readonly packet: InFlight }
  /** IP takes it, from that link. */
  | { readonly to: 'receive'; readonly at: End; readonly packet: InFlight }
  | Over;

export interface Over {
  readonly to: 'end';
  readonly ending: Ending;
  readonly why: string;
  readonly cause?: Cause;
  /** Where it came to, and as what; only of a good ending. */
  readonly arrived?: { readonly place: Place; readonly packet: InFlight };
}

/** It got where it was going. */
export function arrived(ending: 'delivered' | 'sent', why: string, place: Place, packet: InFlight): Over {
  return { to: 'end', ending, why, arrived: { place, packet } };
}

export function over(ending: Ending, why: string, cause?: Cause): Over {
  return { to: 'end', ending, why, ...(cause !== undefined && { cause }) };
}

export class Journey {
  readonly #hops: { readonly netns: string; readonly steps: Step[] }[] = [];

  constructor(
    readonly wiring: Wiring,
    readonly chance: Chance,
    readonly conntrack: Conntrack,
  ) {}

  get hops(): readonly Hop[] {
    return this.#hops;
  }

  say({ netns }: Place, stage: Stage, fact: string, outcome: string, cause?: Cause, rule?: string): void {
    let hop = this.#hops.at(-1);
    if (hop?.netns !== netns) this.#hops.push((hop = { netns, steps: [] }));
    hop.steps.push({
      stage,
      fact,
      outcome,
      ...(rule !== undefined && { rule }),
      ...(cause !== undefined && { cause }),
    });
  }
}
