/** The list of all kinds of kernel objects, and the questions one can ask of any object. Adding a kind is one line here. */

import type { Kind } from './kind.js';
import { addressKind, fdbKind, linkKind, neighbourKind, routeKind, ruleKind, sysctlKind } from './net-kinds.js';
import { chainKind, elementKind, setKind, slotsKind, tableKind } from './nft-kinds.js';
import type { KernelObject } from './port.js';

const NFT: readonly Kind<KernelObject>[] = [tableKind, setKind, chainKind, elementKind, slotsKind];
const NET: readonly Kind<KernelObject>[] = [
  linkKind,
  sysctlKind,
  addressKind,
  ruleKind,
  neighbourKind,
  fdbKind,
  routeKind,
];
export const KINDS: readonly Kind<KernelObject>[] = [...NFT, ...NET];

/** The kinds that nftables has, and those that rtnetlink and /proc have. */
export const NFT_KINDS: ReadonlySet<string> = new Set(NFT.map(kind => kind.kind));
export const NET_KINDS: readonly KernelObject['kind'][] = NET.map(kind => kind.kind);

const byName = new Map(KINDS.map(kind => [kind.kind as string, kind]));

/** The declaration of an object's kind. */
export function kindOf(object: KernelObject): Kind<KernelObject> {
  return byName.get(object.kind)!;
}

export const key = (object: KernelObject): string => kindOf(object).key(object);
export const format = (object: KernelObject): string => kindOf(object).format(object);
export const ours = (object: KernelObject): boolean => kindOf(object).ours(object);
export const needs = (object: KernelObject): readonly string[] => kindOf(object).needs(object);

/** Whether what the kernel has is what was wanted; both have the same key. */
export function equal(wanted: KernelObject, observed: KernelObject): boolean {
  return wanted === observed || kindOf(wanted).equal(wanted, observed);
}

/** A state of these objects; of several with one key the last remains. */
export function stateOf(objects: Iterable<KernelObject>): Map<string, KernelObject> {
  const state = new Map<string, KernelObject>();
  for (const object of objects) state.set(key(object), object);
  return state;
}

/** Where a kind stands in the order of creation: after all that its declaration names. */
export const RANK: ReadonlyMap<string, number> = rank();

function rank(): Map<string, number> {
  const order = new Map<string, number>();
  const visit = (name: string): void => {
    if (order.has(name)) return;
    for (const earlier of byName.get(name)!.after) if (earlier !== name) visit(earlier);
    order.set(name, order.size);
  };
  for (const kind of KINDS) visit(kind.kind);
  return order;
}
