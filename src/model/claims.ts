/** Who owns what several objects claim: an address, a port. Knows no kind of object; the order among claimants is given. */

const NOBODY: readonly never[] = [];

interface Claimant {
  readonly key: string;
}

/** Owners by the text of what is claimed. The owner is the first claimant in the given order, whatever the order of arrival. */
export class Claims<E extends Claimant> {
  readonly owners = new Map<string, E>();
  /** Only what has more than one claimant, which a healthy cluster has none of. */
  readonly #contested = new Map<string, readonly E[]>();

  constructor(private readonly order: (a: E, b: E) => number) {}

  /**
   * Exchanges a claimant's entry for its next one; either may be missing, and then claims nothing. Returns the keys of the
   * others who claim something of it, before or after.
   */
  replace(
    old: E | undefined,
    oldClaims: readonly string[],
    next: E | undefined,
    nextClaims: readonly string[],
  ): readonly string[] {
    const rivals = new Set<string>();
    for (const claim of oldClaims) {
      const others = this.claimants(claim).filter(other => other.key !== old!.key);
      for (const { key } of others) rivals.add(key);
      this.#set(claim, others);
    }
    for (const claim of nextClaims) {
      const others = this.claimants(claim);
      for (const { key } of others) rivals.add(key);
      if (others.length) this.#set(claim, [...others, next!].sort(this.order));
      else this.owners.set(claim, next!);
    }
    return rivals.size ? [...rivals] : NOBODY;
  }

  /** Whether anything has more than one claimant. */
  get contested(): boolean {
    return this.#contested.size > 0;
  }

  /** All that claim it, the owner first. */
  claimants(claim: string): readonly E[] {
    const owner = this.owners.get(claim);
    return owner ? (this.#contested.get(claim) ?? [owner]) : NOBODY;
  }

  #set(claim: string, claimants: readonly E[]): void {
    if (claimants.length > 1) this.#contested.set(claim, claimants);
    else this.#contested.delete(claim);
    if (claimants[0]) this.owners.set(claim, claimants[0]);
    else this.owners.delete(claim);
  }
}
