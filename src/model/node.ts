/** A Node as the network sees it: its addresses and pod CIDRs. Decides who has a pod CIDR or an address that two Nodes claim. */

import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import type { Node } from '../objects/node.js';
import type { NodeEntry } from './cluster.js';
import { type Problem, problem } from './problem.js';
import { at, list, text, texts } from './read.js';

/** All Nodes. Of two that claim the same range or address the first by name has it, so that the order of arrival does not matter. */
export class NodeIndex {
  readonly entries = new Map<string, NodeEntry>();
  readonly #written = new Map<string, NodeEntry>();

  /** Sets or removes a Node; the names of the entries that changed. Costs one comparison per Node. */
  set(name: string, object: Node | undefined): string[] {
    const old = this.#written.get(name);
    const next = object && nodeEntry(name, object);
    if (!old && !next) return [];
    if (next) this.#written.set(name, next);
    else this.#written.delete(name);
    const claimed = [...claims(old), ...claims(next)];
    for (const other of this.#written.values()) {
      if (other.name !== name && overlap(claims(other), claimed)) return this.#resolveAll(name);
    }
    if (next) this.entries.set(name, next);
    else this.entries.delete(name);
    return [name];
  }

  #resolveAll(changed: string): string[] {
    const names = new Set([changed]);
    this.entries.delete(changed);
    for (const entry of withoutOverlaps(this.#written.values())) {
      const before = this.entries.get(entry.name);
      if (before && `${claims(before)}` === `${claims(entry)}` && sameProblems(before, entry)) continue;
      this.entries.set(entry.name, entry);
      names.add(entry.name);
    }
    return [...names];
  }
}

/** The entry of that Node as written, before it is compared with the others. */
function nodeEntry(name: string, object: Node): NodeEntry {
  const problems: Problem[] = [];
  const podCidrs: Cidr[] = [];
  const written = texts(object, 'spec', 'podCIDRs');
  const single = text(object, 'spec', 'podCIDR');
  for (const item of written.length ? written : single ? [single] : []) {
    const cidr = Cidr.parse(item);
    if (!cidr) problems.push(problem(`Node ${name}`, 'PW-N312', { cidr: item }));
    else if (podCidrs.some(other => other.overlaps(cidr))) {
      problems.push(problem(`Node ${name}`, 'PW-N313', { cidr: item, other: `Node ${name}` }));
    } else podCidrs.push(cidr);
  }
  if (!podCidrs.length && !problems.length) problems.push(problem(`Node ${name}`, 'PW-N311'));
  const zone = text(at(object, 'metadata', 'labels'), 'topology.kubernetes.io/zone');
  return { name, object, podCidrs, addresses: internalAddresses(object), zone, problems };
}

function withoutOverlaps(entries: Iterable<NodeEntry>): NodeEntry[] {
  const taken: { readonly cidr: Cidr; readonly name: string }[] = [];
  const owners = new Map<string, string>();
  return [...entries]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(entry => {
      const problems: Problem[] = [];
      const podCidrs = entry.podCidrs.filter(cidr => {
        const clash = taken.find(other => other.cidr.overlaps(cidr));
        if (clash)
          problems.push(problem(`Node ${entry.name}`, 'PW-N313', { cidr: `${cidr}`, other: `Node ${clash.name}` }));
        else taken.push({ cidr, name: entry.name });
        return !clash;
      });
      const addresses = entry.addresses.filter(ip => {
        const owner = owners.get(`${ip}`);
        if (owner) problems.push(problem(`Node ${entry.name}`, 'PW-N314', { ip: `${ip}`, other: `Node ${owner}` }));
        else owners.set(`${ip}`, entry.name);
        return !owner;
      });
      return problems.length ? { ...entry, podCidrs, addresses, problems: [...entry.problems, ...problems] } : entry;
    });
}

/** What no two Nodes may both have. */
function claims(entry: NodeEntry | undefined): readonly Cidr[] {
  return entry ? [...entry.podCidrs, ...entry.addresses.map(ip => Cidr.host(ip))] : [];
}

function sameProblems(a: NodeEntry, b: NodeEntry): boolean {
  return JSON.stringify(a.problems) === JSON.stringify(b.problems);
}

function overlap(a: readonly Cidr[], b: readonly Cidr[]): boolean {
  return a.some(one => b.some(other => one.overlaps(other)));
}

function internalAddresses(object: Node): readonly Ip[] {
  const found: Ip[] = [];
  for (const item of list(object, 'status', 'addresses')) {
    if (text(item, 'type') !== 'InternalIP') continue;
    const ip = Ip.parse(text(item, 'address') ?? '');
    if (ip && !found.some(other => other.equals(ip))) found.push(ip);
  }
  return found;
}
