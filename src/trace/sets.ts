/** Look-ups in one set or map of nftables: by text where values are single, by search where they are ranges. */

import type { NftElement, NftSet, NftSlots, Value, Verdict } from '../kernel/nft-objects.js';
import { numberOf } from '../kernel/nft-values.js';
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';

/** What a packet has where a set has values: addresses, numbers, names. */
export type Seen = Ip | number | string;

export interface Found {
  readonly data?: readonly Value[] | Verdict;
  readonly cause?: string;
}

export class SetIndex {
  readonly #single = new Map<string, Found>();
  readonly #ranges: NftElement[] = [];
  #otherwise: Found | undefined;

  constructor(readonly set: NftSet) {}

  add(content: NftElement | NftSlots): void {
    if (content.kind === 'slots') {
      const { cause } = content;
      for (const [slot, data] of content.data.entries())
        if (data) this.#single.set(this.#text([...content.key, slot]), { data, cause });
    } else if (content.key[0] === '*') this.#otherwise = content;
    else if (this.set.interval) this.#ranges.push(content);
    else this.#single.set(this.#text(content.key), content);
  }

  find(seen: readonly Seen[]): Found | undefined {
    const found = this.set.interval
      ? this.#ranges.find(({ key }) => key.every((value, i) => includes(value, seen[i]!, this.set.key[i])))
      : this.#single.get(this.#text(seen));
    return found ?? this.#otherwise;
  }

  #text(values: readonly Value[]): string {
    return values.map((value, i) => canonical(value, this.set.key[i])).join(' . ');
  }
}

/** Whether the packet's value is what the rule says, or lies in it. */
export function includes(wanted: Value, seen: Seen, type: Parameters<typeof numberOf>[1]): boolean {
  if (wanted instanceof Cidr) return seen instanceof Ip && wanted.contains(seen);
  if (wanted instanceof Ip) return seen instanceof Ip && wanted.equals(seen);
  if (typeof wanted === 'object') {
    const { from, to } = wanted;
    if (from instanceof Ip) return seen instanceof Ip && seen.compare(from) >= 0 && seen.compare(to as Ip) <= 0;
    return typeof seen === 'number' && seen >= (from as number) && seen <= (to as number);
  }
  // nft's wildcard: names that begin so.
  if (type === 'ifname' && String(wanted).endsWith('*')) return String(seen).startsWith(String(wanted).slice(0, -1));
  return canonical(wanted, type) === canonical(seen, type);
}

function canonical(value: Value | Seen, type: Parameters<typeof numberOf>[1]): string {
  if (typeof value === 'object') return value instanceof Cidr ? value.ip.toString() : String(value);
  if (type === 'ifname' || type === 'ether_addr') return String(value);
  return String(numberOf(value, type) ?? value);
}
