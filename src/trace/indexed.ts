/** One namespace's kernel state arranged for looking things up, once per state and only what is asked for. Decides nothing. */

import type { Address, Fdb, Link, PolicyRule, Route } from '../kernel/net-objects.js';
import type { Hook, NftChain, NftElement, NftSet, NftSlots, TableFamily } from '../kernel/nft-objects.js';
import type { KernelState } from '../kernel/port.js';
import type { Family, Ip } from '../net/ip.js';
import type { Mac } from '../net/mac.js';
import { Elements } from './elements.js';
import { Fib } from './fib.js';

const states = new WeakMap<KernelState, IndexedState>();

/** States are taken for immutable: what changes in one after it was looked at is not seen. */
export function indexed(state: KernelState): IndexedState {
  let index = states.get(state);
  if (!index) states.set(state, (index = new IndexedState(state)));
  return index;
}

interface InTable {
  readonly family: TableFamily;
  readonly table: string;
}

export class IndexedState {
  readonly links = new Map<string, Link>();
  /** In the state's order, per link. */
  readonly addresses = new Map<string, Address[]>();
  /** The ports of each bridge. */
  readonly ports = new Map<string, Link[]>();
  readonly baseChains: NftChain[] = [];
  readonly #rules: PolicyRule[] = [];
  readonly #routes: Route[] = [];
  readonly #neighbours = new Map<string, Mac>();
  readonly #fdb = new Map<string, Fdb[]>();
  readonly #sysctls = new Map<string, string>();
  readonly #chains = new Map<string, NftChain>();
  readonly #sets = new Map<string, NftSet>();
  readonly #contents = new Map<string, (NftElement | NftSlots)[]>();
  readonly #elements = new Map<string, Elements>();
  #fib: Fib | undefined;

  constructor(state: KernelState) {
    for (const object of state.values()) {
      switch (object.kind) {
        case 'link':
          this.links.set(object.name, object);
          if (object.master !== undefined) append(this.ports, object.master, object);
          break;
        case 'address':
          append(this.addresses, object.link, object);
          break;
        case 'route':
          this.#routes.push(object);
          break;
        case 'rule':
          this.#rules.push(object);
          break;
        case 'neighbour':
          this.#neighbours.set(`${object.link} ${object.ip}`, object.mac.toLowerCase());
          break;
        case 'fdb':
          append(this.#fdb, `${object.link} ${object.mac.toLowerCase()}`, object);
          break;
        case 'sysctl':
          this.#sysctls.set(object.name, object.value.trim());
          break;
        case 'chain':
          this.#chains.set(named(object, object.name), object);
          if (object.base) this.baseChains.push(object);
          break;
        case 'set':
          this.#sets.set(named(object, object.name), object);
          break;
        case 'element':
        case 'slots':
          append(this.#contents, named(object, object.set), object);
          break;
      }
    }
    // Chains of one priority have an order only the kernel knows, that of their making.
    this.baseChains.sort((a, b) => a.base!.priority - b.base!.priority);
  }

  get fib(): Fib {
    return (this.#fib ??= new Fib(this.#routes, this.#rules, this.addresses, this.links));
  }

  /** An address of the namespace; of the link when one is named. */
  isOwn(ip: Ip, link?: string): boolean {
    const lists = link === undefined ? [...this.addresses.values()] : [this.addresses.get(link) ?? []];
    return lists.some(list => list.some(address => address.ip.equals(ip)));
  }

  neighbour(link: string, ip: Ip): Mac | undefined {
    return this.#neighbours.get(`${link} ${ip}`);
  }

  forwarding(link: string, mac: Mac): readonly Fdb[] {
    return this.#fdb.get(`${link} ${mac}`) ?? [];
  }

  sysctl(name: string): string | undefined {
    return this.#sysctls.get(name);
  }

  /** Of the link itself, else of all: what the kernel copies to each link when `all` is written. */
  isForwarding(family: Family, link: string): boolean {
    const value =
      family === 4
        ? (this.sysctl(`net/ipv4/conf/${link}/forwarding`) ?? this.sysctl('net/ipv4/ip_forward'))
        : this.sysctl('net/ipv6/conf/all/forwarding');
    return value !== undefined && value !== '0';
  }

  chain(at: InTable, name: string): NftChain | undefined {
    return this.#chains.get(named(at, name));
  }

  set(at: InTable, name: string): Elements | undefined {
    const key = named(at, name);
    const set = this.#sets.get(key);
    if (!set) return undefined;
    let elements = this.#elements.get(key);
    if (!elements) this.#elements.set(key, (elements = new Elements(set, this.#contents.get(key) ?? [])));
    return elements;
  }

  /** The base chains of a hook that see such packets, in the order of their priority. */
  atHook(hook: Hook['hook'], families: readonly TableFamily[]): readonly NftChain[] {
    return this.baseChains.filter(chain => chain.base!.hook === hook && families.includes(chain.family));
  }
}

function named({ family, table }: InTable, name: string): string {
  return `${family} ${table} ${name}`;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
