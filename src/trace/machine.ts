/** The namespaces that a packet may pass, each indexed once by what a walk asks for. Knows kernel objects, no packet. */

import type { Address, Fdb, Link, Neighbour, PolicyRule, Route } from '../kernel/net-objects.js';
import type { NftChain, NftElement, NftSet } from '../kernel/nft-objects.js';
import type { KernelState } from '../kernel/port.js';
import type { Ip } from '../net/ip.js';
import { SetIndex } from './sets.js';

/** Kernel state by path of the namespace; desired, observed or dumped, in any mixture. */
export type Machine = ReadonlyMap<string, KernelState>;

/** One link in one namespace. */
export interface End {
  readonly netns: string;
  readonly link: string;
}

export class Namespace {
  readonly links = new Map<string, Link>();
  readonly addresses: Address[] = [];
  readonly routes: Route[] = [];
  readonly rules: PolicyRule[] = [];
  readonly neighbours = new Map<string, Neighbour>();
  readonly fdb: Fdb[] = [];
  readonly sysctls = new Map<string, string>();
  readonly #chains = new Map<string, NftChain>();
  readonly #sets = new Map<string, SetIndex>();

  constructor(state: KernelState) {
    const contents: (NftElement | Extract<Parameters<SetIndex['add']>[0], { kind: 'slots' }>)[] = [];
    for (const object of state.values()) {
      if (object.kind === 'link') this.links.set(object.name, object);
      else if (object.kind === 'address') this.addresses.push(object);
      else if (object.kind === 'route') this.routes.push(object);
      else if (object.kind === 'rule') this.rules.push(object);
      else if (object.kind === 'neighbour') this.neighbours.set(`${object.link} ${object.ip}`, object);
      else if (object.kind === 'fdb') this.fdb.push(object);
      else if (object.kind === 'sysctl') this.sysctls.set(object.name, object.value);
      else if (object.kind === 'chain') this.#chains.set(nameIn(object, object.name), object);
      else if (object.kind === 'set') this.#sets.set(nameIn(object, object.name), new SetIndex(object as NftSet));
      else if (object.kind === 'element' || object.kind === 'slots') contents.push(object);
    }
    for (const content of contents) this.#sets.get(nameIn(content, content.set))?.add(content);
    this.rules.sort((a, b) => a.priority - b.priority);
  }

  owns(ip: Ip): Address | undefined {
    return this.addresses.find(address => address.ip.equals(ip));
  }

  /** Base chains of that hook in the order in which the kernel calls them; those of `bridge` see frames, all others packets. */
  baseChains(hook: string, frames: boolean, family: 4 | 6): NftChain[] {
    const families = frames ? ['bridge'] : ['inet', family === 4 ? 'ip' : 'ip6'];
    return [...this.#chains.values()]
      .filter(chain => chain.base?.hook === hook && families.includes(chain.family))
      .sort((a, b) => a.base!.priority - b.base!.priority);
  }

  chain(from: NftChain, name: string): NftChain | undefined {
    return this.#chains.get(nameIn(from, name));
  }

  set(from: NftChain, name: string): SetIndex | undefined {
    return this.#sets.get(nameIn(from, name));
  }
}

/** All namespaces, and how their links are joined. */
export class Network {
  readonly #namespaces = new Map<string, Namespace>();
  readonly #peers = new Map<string, End>();

  constructor(machine: Machine) {
    for (const [netns, state] of machine) this.#namespaces.set(netns, indexed(state));
    for (const [netns, { links }] of this.#namespaces)
      for (const link of links.values()) {
        if (link.type !== 'veth' || !link.peer) continue;
        const [here, there] = [
          { netns, link: link.name },
          { netns: link.peer.netns ?? netns, link: link.peer.name },
        ];
        this.#peers.set(`${here.netns} ${here.link}`, there);
        this.#peers.set(`${there.netns} ${there.link}`, here);
      }
  }

  namespace(netns: string): Namespace | undefined {
    return this.#namespaces.get(netns);
  }

  /** The other end of a veth, where it is in one of the namespaces. */
  peer({ netns, link }: End): End | undefined {
    const peer = this.#peers.get(`${netns} ${link}`);
    return peer && this.#namespaces.get(peer.netns)?.links.has(peer.link) ? peer : undefined;
  }
}

const known = new WeakMap<KernelState, Namespace>();

function indexed(state: KernelState): Namespace {
  let namespace = known.get(state);
  if (!namespace) known.set(state, (namespace = new Namespace(state)));
  return namespace;
}

function nameIn(at: { readonly family: string; readonly table: string }, name: string): string {
  return `${at.family} ${at.table} ${name}`;
}
