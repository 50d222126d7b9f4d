/** The namespaces of one machine and the wires between them: who is at the other end of a link. */

import type { Link } from '../kernel/net-objects.js';
import type { KernelState } from '../kernel/port.js';
import { type Mac, parseMac } from '../net/mac.js';
import { type IndexedState, indexed } from './indexed.js';

/** The state of every namespace that a packet may come to, by path. Veths name their other ends. */
export type Machine = ReadonlyMap<string, KernelState>;

/** A namespace. */
export interface Place {
  readonly netns: string;
  readonly kernel: IndexedState;
}

/** One end of a wire. */
export interface End {
  readonly place: Place;
  readonly link: string;
}

const machines = new WeakMap<Machine, Wiring>();

export function wiring(machine: Machine): Wiring {
  let index = machines.get(machine);
  if (!index) machines.set(machine, (index = new Wiring(machine)));
  return index;
}

export class Wiring {
  readonly #places = new Map<string, Place>();
  readonly #peers = new Map<string, End>();

  constructor(machine: Machine) {
    for (const [netns, state] of machine) this.#places.set(netns, { netns, kernel: indexed(state) });
    // Either end may be the one that names the other.
    for (const place of this.#places.values())
      for (const link of place.kernel.links.values()) {
        const there = link.type === 'veth' && link.peer ? this.#places.get(link.peer.netns ?? place.netns) : undefined;
        if (link.type !== 'veth' || !link.peer || !there) continue;
        const [near, far] = [
          { place, link: link.name },
          { place: there, link: link.peer.name },
        ];
        this.#peers.set(id(near), far);
        this.#peers.set(id(far), near);
      }
  }

  place(netns: string): Place | undefined {
    return this.#places.get(netns);
  }

  all(): readonly Place[] {
    return [...this.#places.values()];
  }

  peer(end: End): End | undefined {
    return this.#peers.get(id(end));
  }
}

function id({ place, link }: End): string {
  return `${place.netns} ${link}`;
}

/** The link's Ethernet address; where the state does not say it, a word that no other link has. */
export function macOf({ place, link }: End): Mac {
  const mac = place.kernel.links.get(link)?.mac;
  return mac?.toLowerCase() ?? `(${id({ place, link })})`;
}

export function isKnownMac(mac: Mac): boolean {
  return parseMac(mac) !== undefined;
}

export function linkOf({ place, link }: End): Link | undefined {
  return place.kernel.links.get(link);
}
