/** Names and the records they own, changed owner by owner. Knows the tree of names; refuses to know what the records are for. */

import type { ResourceRecord } from '../wire/dns.js';
import { type Name, parent } from '../wire/dns-name.js';

/** What one owner (`Service default/web`) says of one name. */
export interface Part {
  readonly owner: string;
  readonly records: readonly ResourceRecord[];
}

interface Node {
  parts: readonly Part[];
  /** Existing names one label below. A name that only has names below it exists, too (RFC 8020). */
  children: number;
}

/** An index by name: a look-up costs the same however large the zone; a change costs as much as its owner's records. */
export class Zone {
  readonly #nodes = new Map<Name, Node>();
  readonly #owned = new Map<string, readonly Name[]>();

  /** Undefined: no such name. Empty: the name exists, without records of its own. */
  lookup(name: Name): readonly Part[] | undefined {
    return this.#nodes.get(name)?.parts;
  }

  /** How many names exist. */
  get size(): number {
    return this.#nodes.size;
  }

  /** Everything that the owner says from now on; no records: nothing more. */
  replace(owner: string, records: readonly ResourceRecord[]): void {
    const byName = new Map<Name, ResourceRecord[]>();
    for (const record of records) {
      const list = byName.get(record.name);
      if (list) list.push(record);
      else byName.set(record.name, [record]);
    }
    const before = this.#owned.get(owner) ?? [];
    for (const [name, own] of byName) {
      const node = this.#make(name);
      node.parts = [...node.parts.filter(part => part.owner !== owner), { owner, records: own }];
    }
    for (const name of before) if (!byName.has(name)) this.#drop(name, owner);
    if (byName.size) this.#owned.set(owner, [...byName.keys()]);
    else this.#owned.delete(owner);
  }

  #make(name: Name): Node {
    const known = this.#nodes.get(name);
    if (known) return known;
    const node: Node = { parts: [], children: 0 };
    this.#nodes.set(name, node);
    const above = parent(name);
    if (above !== undefined) this.#make(above).children++;
    return node;
  }

  #drop(name: Name, owner: string): void {
    const node = this.#nodes.get(name)!;
    node.parts = node.parts.filter(part => part.owner !== owner);
    for (let at = name, empty: Node = node; !empty.parts.length && !empty.children; ) {
      this.#nodes.delete(at);
      const above = parent(at);
      if (above === undefined) return;
      at = above;
      empty = this.#nodes.get(at)!;
      empty.children--;
    }
  }
}
