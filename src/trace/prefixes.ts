/** Values by prefix of addresses, found by the longest that contains an address. */

import { Cidr } from '../net/cidr.js';
import type { Ip } from '../net/ip.js';

/** One family's; a lookup costs as many steps as there are different lengths of prefixes. */
export class Prefixes<T> {
  readonly #byLength = new Map<number, Map<string, T>>();
  /** Longest first. */
  #lengths: number[] = [];

  get(cidr: Cidr): T | undefined {
    return this.#byLength.get(cidr.prefix)?.get(cidr.ip.toString());
  }

  set(cidr: Cidr, value: T): void {
    let values = this.#byLength.get(cidr.prefix);
    if (!values) {
      this.#byLength.set(cidr.prefix, (values = new Map()));
      this.#lengths = [...this.#byLength.keys()].sort((a, b) => b - a);
    }
    values.set(cidr.ip.toString(), value);
  }

  /** All whose prefix contains the address, longest prefix first. */
  *containing(ip: Ip): Generator<T> {
    for (const length of this.#lengths) {
      const value = this.#byLength.get(length)!.get(Cidr.containing(ip, length).ip.toString());
      if (value !== undefined) yield value;
    }
  }
}
