/** Who owns an address when several objects claim it. Knows no kind of object; the order among claimants is given. */

import type { Ip } from '../net/ip.js';

interface Claimant {
  readonly key: string;
}

/** Owners by address text. The owner is the first claimant in the given order, whatever the order of arrival. */
export class Claims<E extends Claimant> {
  readonly owners = new Map<string, E>();
  /** Only addresses with more than one claimant, which a healthy cluster has none of. */
  readonly #contested = new Map<string, readonly E[]>();

  constructor(private readonly order: (a: E, b: E) => number) {}

  /** Exchanges a claimant's entry for its next one; either may be missing. */
  replace(old: E | undefined, oldIps: readonly Ip[], next: E | undefined, nextIps: readonly Ip[]): void {
    for (const ip of oldIps) {
      if (old)
        this.#set(
          ip.toString(),
          this.claimants(ip).filter(other => other.key !== old.key),
        );
    }
    for (const ip of nextIps) {
      if (!next) continue;
      const others = this.claimants(ip);
      if (others.length) this.#set(ip.toString(), [...others, next].sort(this.order));
      else this.owners.set(ip.toString(), next);
    }
  }

  /** All that claim it, the owner first. */
  claimants(ip: Ip): readonly E[] {
    const text = ip.toString();
    const owner = this.owners.get(text);
    return owner ? (this.#contested.get(text) ?? [owner]) : [];
  }

  #set(ip: string, claimants: readonly E[]): void {
    if (claimants.length > 1) this.#contested.set(ip, claimants);
    else this.#contested.delete(ip);
    if (claimants[0]) this.owners.set(ip, claimants[0]);
    else this.owners.delete(ip);
  }
}
