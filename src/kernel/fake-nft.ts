/** nftables in memory: one batch happens as a whole or not at all. Knows what refers to what, and evaluates no packet. */

import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import { equal, key as keyOf, needs } from './kinds.js';
import { chainKey, elementsOf, setKey, tableKey } from './nft-kinds.js';
import type { DataType, NftChain, NftElement, NftSet, NftSlots, Value } from './nft-objects.js';
import { references } from './nft-text.js';
import type { KernelObject, Operation } from './port.js';

export interface Culprit {
  readonly operation: Operation;
  readonly errno: string;
}

type Errno = string | undefined;

export class FakeNft {
  readonly state = new Map<string, KernelObject>();
  /** How many rules and elements refer to a chain, how many rules to a set. */
  readonly #uses = new Map<string, number>();
  #journal: (readonly [key: string, before: KernelObject | undefined])[] = [];

  /** Undefined when the whole batch happened. */
  apply(batch: readonly Operation[], fault: (operation: Operation) => Errno): Culprit | undefined {
    this.#journal = [];
    for (const operation of batch) {
      const errno = fault(operation) ?? this.#one(operation);
      if (errno) return this.#undo({ operation, errno });
    }
    // References to chains are looked at when all chains of the batch are there.
    for (const operation of batch) {
      const errno = operation.verb === 'delete' ? undefined : this.#dangling(operation.object);
      if (errno) return this.#undo({ operation, errno });
    }
    return undefined;
  }

  #one({ verb, object }: Operation): Errno {
    const key = keyOf(object);
    const present = this.state.get(key);
    if (verb === 'delete') return present && this.#delete(key, present);
    if (present && equal(object, present)) return undefined;
    if (present && verb === 'add') return 'EEXIST';
    const errno = this.#refuse(object, present);
    if (!errno) this.#put(key, object);
    return errno;
  }

  /** What the kernel sees at once; references from rules and verdicts come later. */
  #refuse(object: KernelObject, present: KernelObject | undefined): Errno {
    if (object.kind === 'set' || object.kind === 'chain' || object.kind === 'element' || object.kind === 'slots') {
      if (!this.state.has(tableKey(object.family, object.table))) return 'ENOENT';
    }
    if (object.kind === 'set') return present && 'EEXIST';
    if (object.kind === 'element') return this.#refuseElement(object);
    if (object.kind === 'slots')
      return elementsOf(object)
        .map(one => this.#refuseElement(one))
        .find(Boolean);
    if (object.kind === 'chain') return refuseChain(object, present as NftChain | undefined);
    return undefined;
  }

  #refuseElement(element: NftElement): Errno {
    const set = this.state.get(setKey(element, element.set)) as NftSet | undefined;
    if (!set) return 'ENOENT';
    if (!fits(element.key, set.key, set.interval === true) || !element.data !== !set.data) return 'EINVAL';
    if (!element.data || !set.data) return undefined;
    if ('verdict' in element.data) return set.data === 'verdict' ? undefined : 'EINVAL';
    return set.data !== 'verdict' && fits(element.data, set.data, false) ? undefined : 'EINVAL';
  }

  #dangling(object: KernelObject): Errno {
    if (object.kind === 'element' && object.data && 'chain' in object.data)
      return this.#jump(object, object.data.chain);
    if (object.kind !== 'chain' || this.state.get(keyOf(object)) !== object) return undefined;
    for (const rule of object.rules) {
      const { chains, sets } = references(rule);
      if (sets.some(name => !this.state.has(setKey(object, name)))) return 'ENOENT';
      for (const name of chains) {
        const errno = this.#jump(object, name);
        if (errno) return errno;
      }
    }
    return this.#isEntered(object) && this.#loops(object, []) ? 'EMLINK' : undefined;
  }

  /** A base chain is entered by the kernel alone. */
  #jump(from: NftChain | NftElement, name: string): Errno {
    const target = this.state.get(chainKey(from, name)) as NftChain | undefined;
    if (!target) return 'ENOENT';
    return target.base && 'EOPNOTSUPP';
  }

  /** Whether a base chain leads to it: the kernel only follows what packets can follow. */
  #isEntered(chain: NftChain): boolean {
    for (const object of this.state.values()) {
      if (object.kind === 'chain' && object.base && this.#leadsTo(object, chain, new Set())) return true;
    }
    return false;
  }

  #leadsTo(from: NftChain, target: NftChain, seen: Set<NftChain>): boolean {
    if (from === target) return true;
    seen.add(from);
    return this.#targets(from).some(next => !seen.has(next) && this.#leadsTo(next, target, seen));
  }

  /** A circle is an endless descent, and the kernel's stack has room for NFT_JUMP_STACK_SIZE jumps. */
  #loops(chain: NftChain, path: readonly NftChain[]): boolean {
    if (path.includes(chain) || path.length >= 16) return true;
    return this.#targets(chain).some(next => this.#loops(next, [...path, chain]));
  }

  #targets(chain: NftChain): NftChain[] {
    const names = chain.rules.flatMap(rule => references(rule).chains);
    return names.flatMap(name => (this.state.get(chainKey(chain, name)) as NftChain | undefined) ?? []);
  }

  #delete(key: string, object: KernelObject): Errno {
    if (this.#uses.get(key)) return 'EBUSY';
    if (object.kind === 'table') this.#deleteIn(other => isIn(other, object.family, object.name));
    if (object.kind === 'set') {
      const { family, table, name } = object;
      this.#deleteIn(other => isElement(other) && other.set === name && isIn(other, family, table));
    }
    this.#put(key, undefined);
    return undefined;
  }

  #deleteIn(inside: (object: KernelObject) => boolean): void {
    for (const [key, object] of this.state) if (inside(object)) this.#put(key, undefined);
  }

  #put(key: string, object: KernelObject | undefined): void {
    const before = this.state.get(key);
    this.#journal.push([key, before]);
    this.#set(key, before, object);
  }

  #set(key: string, before: KernelObject | undefined, after: KernelObject | undefined): void {
    if (before) this.#count(before, -1);
    if (after) this.#count(after, 1);
    if (after) this.state.set(key, after);
    else this.state.delete(key);
  }

  #count(object: KernelObject, by: number): void {
    if (object.kind === 'slots' || (object.kind === 'element' && !(object.data && 'chain' in object.data))) return;
    for (const need of needs(object)) {
      // An element goes with its set, and all goes with its table.
      if (need.startsWith('table ') || (object.kind === 'element' && need.startsWith('set '))) continue;
      this.#uses.set(need, (this.#uses.get(need) ?? 0) + by);
    }
  }

  #undo(culprit: Culprit): Culprit {
    for (const [key, before] of this.#journal.reverse()) this.#set(key, this.state.get(key), before);
    return culprit;
  }
}

function isElement(object: KernelObject): object is NftElement | NftSlots {
  return object.kind === 'element' || object.kind === 'slots';
}

function isIn(object: KernelObject, family: string, table: string): boolean {
  if (object.kind !== 'set' && object.kind !== 'chain' && !isElement(object)) return false;
  return object.family === family && object.table === table;
}

/** The hooks where the kernel's NAT can change which address (net/netfilter/nft_nat.c). */
const NAT_HOOKS = { dnat: ['prerouting', 'output'], snat: ['postrouting', 'input'] } as const;

function refuseChain(chain: NftChain, present: NftChain | undefined): Errno {
  if (present && !present.base !== !chain.base) return 'EEXIST';
  if (
    present?.base &&
    chain.base &&
    (present.base.hook !== chain.base.hook || present.base.priority !== chain.base.priority)
  ) {
    return 'EEXIST';
  }
  const { base } = chain;
  if (!base) return undefined;
  for (const statement of chain.rules.flatMap(rule => rule.statements)) {
    const nat = 'nat' in statement ? statement.nat : 'masquerade' in statement ? 'snat' : undefined;
    if (!nat) continue;
    const hooks: readonly string[] = 'masquerade' in statement ? ['postrouting'] : NAT_HOOKS[nat];
    if (base.type !== 'nat' || !hooks.includes(base.hook)) return 'EOPNOTSUPP';
  }
  return undefined;
}

function fits(values: readonly Value[], types: readonly DataType[], interval: boolean): boolean {
  if (values[0] === '*' && values.length === 1) return interval;
  return values.length === types.length && values.every((value, i) => fitsType(value, types[i]!, interval));
}

function fitsType(value: Value, type: DataType, interval: boolean): boolean {
  if (value instanceof Cidr) return interval && fitsType(value.ip, type, interval);
  if (value instanceof Ip) return type === (value.family === 4 ? 'ipv4_addr' : 'ipv6_addr');
  if (typeof value === 'object') return interval && fitsType(value.from, type, interval);
  return type !== 'ipv4_addr' && type !== 'ipv6_addr';
}
