/** Looks keys up in one set or map, whatever its number of elements: prefixes and slots, too. Knows no packet. */

import type { DataType, NftElement, NftSet, NftSlots, Value } from '../kernel/nft-objects.js';
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import { canonical, isIn, type Known, Unknowable } from './values.js';

export interface Found {
  readonly data?: NftElement['data'];
  readonly cause?: string;
}

/** Of each part of a key its prefix length, where it is shorter than an address: elements of one shape are in one table. */
type Shape = readonly (number | undefined)[];

export class Elements {
  readonly #tables = new Map<string, { readonly shape: Shape; readonly elements: Map<string, Found> }>();
  readonly #slots = new Map<string, NftSlots>();
  /** Keys with a range in them: compared one by one. */
  readonly #ranges: NftElement[] = [];
  #otherwise: Found | undefined;

  constructor(
    readonly set: NftSet,
    readonly contents: readonly (NftElement | NftSlots)[],
  ) {
    for (const one of contents) {
      if (one.kind === 'slots') this.#slots.set(this.#text(one.key), one);
      else if (one.key[0] === '*') this.#otherwise = one;
      else if (one.key.some(isRange)) this.#ranges.push(one);
      else {
        const shape = one.key.map(shapeOf);
        const id = shape.join();
        let table = this.#tables.get(id);
        if (!table) this.#tables.set(id, (table = { shape, elements: new Map() }));
        table.elements.set(this.#text(one.key), one);
      }
    }
  }

  /** The element of that key; of a key with a part that cannot be known 'cannot tell' unless no element fits the rest of it. */
  find(key: readonly (Known | Unknowable)[]): Found | undefined | 'cannot tell' {
    if (key.some(part => part instanceof Unknowable)) return this.#mayHave(key) ? 'cannot tell' : undefined;
    const known = key as readonly Known[];
    for (const { shape, elements } of this.#tables.values()) {
      const found = elements.get(this.#text(known.map((part, i) => shortened(part, shape[i]))));
      if (found) return found;
    }
    const slots = this.#slots.get(this.#text(known.slice(0, -1)));
    const data = slots?.data[known.at(-1) as number];
    if (slots && data) return { data, cause: slots.cause };
    return this.#ranges.find(one => this.#fits(one.key, known)) ?? this.#otherwise;
  }

  #mayHave(key: readonly (Known | Unknowable)[]): boolean {
    return this.#otherwise !== undefined || this.contents.some(one => this.#fits(one.key, key));
  }

  #fits(wanted: readonly Value[], key: readonly (Known | Unknowable)[]): boolean {
    return wanted.every((value, i) => {
      const part = key[i]!;
      return part instanceof Unknowable || isIn(part, value, this.set.key[i]!);
    });
  }

  #text(key: readonly Value[]): string {
    let text = '';
    for (let i = 0; i < key.length; i++) text += `${valueText(key[i]!, this.set.key[i]!)} `;
    return text;
  }
}

function isRange(value: Value): boolean {
  return typeof value === 'object' && 'from' in value;
}

function shapeOf(value: Value): number | undefined {
  return value instanceof Cidr && value.prefix < value.ip.bytes.length * 8 ? value.prefix : undefined;
}

function shortened(part: Known, prefix: number | undefined): Value {
  return prefix !== undefined && part instanceof Ip && prefix <= part.bytes.length * 8
    ? Cidr.containing(part, prefix)
    : part;
}

function valueText(value: Value, type: DataType): string {
  if (value instanceof Cidr) return shapeOf(value) === undefined ? value.ip.toString() : value.toString();
  return canonical(value as Known, type);
}
