/** What all owners want, as one state. Knows who wants which key; knows nothing of the kernel. */

import { equal, key as keyOf } from '../kernel/kinds.js';
import type { KernelObject } from '../kernel/port.js';

type Owner = string;

/** What a call changed in the common state, or why it changed nothing. */
export interface Outcome {
  readonly changed: readonly string[];
  readonly conflict?: { readonly key: string; readonly owner: Owner };
}

/** Owners may want one and the same object; wanting one key with different contents is the later owner's error. */
export class Wishes {
  readonly objects = new Map<string, KernelObject>();
  readonly #keys = new Map<Owner, readonly string[]>();
  /** The first owner of a key, and the others of the few that are shared. */
  readonly #first = new Map<string, Owner>();
  readonly #others = new Map<string, Set<Owner>>();
  readonly #refused = new Map<Owner, readonly KernelObject[]>();

  /** All or nothing: on a conflict the owner's former objects stay wanted, and the new ones are kept for `retry`. */
  set(owner: Owner, objects: readonly KernelObject[]): Outcome {
    this.#refused.delete(owner);
    const wanted = new Map(objects.map(object => [keyOf(object), object]));
    for (const [key, object] of wanted) {
      const rival = this.#rival(key, owner);
      if (rival === undefined || equal(object, this.objects.get(key)!)) continue;
      this.#refused.set(owner, objects);
      return { changed: [], conflict: { key, owner: rival } };
    }
    const changed: string[] = [];
    for (const key of this.#keys.get(owner) ?? []) if (!wanted.has(key) && this.#release(key, owner)) changed.push(key);
    for (const [key, object] of wanted) if (this.#want(key, object, owner)) changed.push(key);
    this.#keys.set(owner, [...wanted.keys()]);
    return { changed };
  }

  /** The keys that nobody wants any more. */
  remove(owner: Owner): readonly string[] {
    this.#refused.delete(owner);
    const changed = (this.#keys.get(owner) ?? []).filter(key => this.#release(key, owner));
    this.#keys.delete(owner);
    return changed;
  }

  /** Whether the owner's latest objects are in conflict with another's. */
  refused(owner: Owner): boolean {
    return this.#refused.has(owner);
  }

  /** Sets again what was refused; calls back for each owner whose conflict is over. */
  retry(accepted: (owner: Owner, changed: readonly string[]) => void): void {
    for (const [owner, objects] of [...this.#refused]) {
      const { changed, conflict } = this.set(owner, objects);
      if (!conflict) accepted(owner, changed);
    }
  }

  owner(key: string): Owner | undefined {
    return this.#first.get(key);
  }

  /** Somebody else who wants the key. */
  #rival(key: string, owner: Owner): Owner | undefined {
    const first = this.#first.get(key);
    if (first !== owner) return first;
    return this.#others.get(key)?.values().next().value;
  }

  #want(key: string, object: KernelObject, owner: Owner): boolean {
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, owner);
    else if (first !== owner) this.#share(key, owner);
    const present = this.objects.get(key);
    if (present && equal(object, present)) return false;
    this.objects.set(key, object);
    return true;
  }

  #share(key: string, owner: Owner): void {
    const others = this.#others.get(key);
    if (others) others.add(owner);
    else this.#others.set(key, new Set([owner]));
  }

  /** True when the owner was the last to want it. */
  #release(key: string, owner: Owner): boolean {
    const others = this.#others.get(key);
    if (!others) {
      this.#first.delete(key);
      return this.objects.delete(key);
    }
    if (!others.delete(owner)) {
      const [heir] = others;
      this.#first.set(key, heir!);
      others.delete(heir!);
    }
    if (others.size === 0) this.#others.delete(key);
    return false;
  }
}
