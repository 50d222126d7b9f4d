/** What all owners want, as one state of slots. Knows who wants which key; knows nothing of the kernel. */

import { equal, key as keyOf } from '../kernel/kinds.js';
import type { KernelObject } from '../kernel/port.js';

/** Who wants a group of objects: `service default/web`, `pod <uid>`, `base`. */
export type Owner = string;

/** One key: what is wanted there, by whom, and what the kernel has. */
export interface Slot {
  readonly key: string;
  wanted: KernelObject | undefined;
  present: KernelObject | undefined;
  /** The first who wants it, and the others of the few that are shared. */
  owner: Owner | undefined;
  others: Set<Owner> | undefined;
  /** The latest `set` that named it. */
  round: number;
}

/** What a call changed in the common state, or why it changed nothing. */
export interface Outcome {
  readonly changed: readonly Slot[];
  readonly conflict?: { readonly key: string; readonly owner: Owner };
}

/** Owners may want one and the same object; wanting one key with different contents is the later owner's error. */
export class Wishes {
  readonly #slots = new Map<string, Slot>();
  readonly #fragments = new Map<Owner, readonly Slot[]>();
  readonly #refused = new Map<Owner, readonly KernelObject[]>();
  #round = 0;

  /** All or nothing: on a conflict the owner's former objects stay wanted, and the new ones are kept for `retry`. */
  set(owner: Owner, objects: readonly KernelObject[]): Outcome {
    this.#refused.delete(owner);
    // Counted loops: an agent starts with 60,000 objects, and every iterator's pair would be garbage.
    const slots: Slot[] = new Array(objects.length);
    for (let i = 0; i < objects.length; i++) {
      const slot = this.slot(keyOf(objects[i]!));
      const rival = slot.owner === undefined ? undefined : rivalOf(slot, owner);
      if (rival !== undefined && !equal(objects[i]!, slot.wanted!)) {
        this.#refused.set(owner, objects);
        return { changed: [], conflict: { key: slot.key, owner: rival } };
      }
      slots[i] = slot;
    }
    const changed: Slot[] = [];
    const round = ++this.#round;
    for (let i = 0; i < objects.length; i++) {
      const slot = slots[i]!;
      slot.round = round;
      if (want(slot, objects[i]!, owner)) changed.push(slot);
    }
    for (const slot of this.#fragments.get(owner) ?? [])
      if (slot.round !== round && release(slot, owner)) changed.push(slot);
    this.#fragments.set(owner, slots);
    return { changed };
  }

  /** The slots that nobody wants any more. */
  remove(owner: Owner): readonly Slot[] {
    this.#refused.delete(owner);
    const changed = (this.#fragments.get(owner) ?? []).filter(slot => release(slot, owner));
    this.#fragments.delete(owner);
    return changed;
  }

  /** Whether the owner's latest objects are in conflict with another's. */
  refused(owner: Owner): boolean {
    return this.#refused.has(owner);
  }

  /** Sets again what was refused; calls back for each owner whose conflict is over. */
  retry(accepted: (owner: Owner, changed: readonly Slot[]) => void): void {
    for (const [owner, objects] of [...this.#refused]) {
      const { changed, conflict } = this.set(owner, objects);
      if (!conflict) accepted(owner, changed);
    }
  }

  all(): Iterable<Slot> {
    return this.#slots.values();
  }

  slot(key: string): Slot {
    let slot = this.#slots.get(key);
    if (!slot) {
      slot = { key, wanted: undefined, present: undefined, owner: undefined, others: undefined, round: 0 };
      this.#slots.set(key, slot);
    }
    return slot;
  }

  /** Forgets a slot that is neither wanted nor present. */
  tidy(slot: Slot): void {
    if (!slot.wanted && !slot.present) this.#slots.delete(slot.key);
  }
}

/** Somebody else who wants the slot. */
function rivalOf({ owner, others }: Slot, not: Owner): Owner | undefined {
  if (owner !== not) return owner;
  return others?.values().next().value;
}

/** True when the slot is wanted otherwise than before. */
function want(slot: Slot, object: KernelObject, owner: Owner): boolean {
  if (slot.owner === undefined) slot.owner = owner;
  else if (slot.owner !== owner) (slot.others ??= new Set()).add(owner);
  if (slot.wanted && equal(object, slot.wanted)) return false;
  slot.wanted = object;
  return true;
}

/** True when the owner was the last to want it. */
function release(slot: Slot, owner: Owner): boolean {
  if (slot.owner !== owner) {
    slot.others?.delete(owner);
    return false;
  }
  const heir = slot.others?.values().next().value;
  slot.owner = heir;
  if (heir !== undefined) {
    slot.others!.delete(heir);
    return false;
  }
  slot.wanted = undefined;
  return true;
}
