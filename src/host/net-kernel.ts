/** The rtnetlink half of the KernelPort, and sysctls: which call makes, changes, deletes and reads each kind. */

import { equal, key, kindOf } from '../kernel/kinds.js';
import type { Link, NetObject } from '../kernel/net-objects.js';
import type { KernelFailure, Operation } from '../kernel/port.js';
import type { NetlinkSocket } from './netlink-socket.js';
import { addAddress, deleteAddress, readAddresses } from './rt/addresses.js';
import { addLink, changeLink, deleteLink, deleteLinks, LinkTable, readLinks } from './rt/links.js';
import { addNeighbour, deleteNeighbour, readFdb, readNeighbours, replaceNeighbour } from './rt/neighbours.js';
import { addRoute, deleteRoute, readRoutes, replaceRoute } from './rt/routes.js';
import { addRule, deleteRule, readRules } from './rt/rules.js';
import { readSysctls, writeSysctl } from './sysctl.js';

export interface NetOperation extends Operation {
  readonly object: NetObject;
}

type Inside = <T>(work: () => T) => T;

/** What the kernel says when what is to be deleted is not there. */
const ABSENT: ReadonlySet<string> = new Set(['ENODEV', 'ENOENT', 'ESRCH', 'EADDRNOTAVAIL']);

export class NetKernel {
  constructor(
    readonly socket: NetlinkSocket,
    /** Runs with the thread in the namespace: sysctls are files, and know no socket. */
    readonly inside: Inside,
  ) {}

  /** Everything of these kinds; of sysctls those that podwire has an opinion of. */
  read(kinds: ReadonlySet<NetObject['kind']>): NetObject[] {
    const table = new LinkTable(this.socket);
    const links = readLinks(table, table.all());
    const readers: { readonly [K in NetObject['kind']]: () => readonly NetObject[] } = {
      link: () => links,
      address: () => readAddresses(table),
      route: () => readRoutes(table),
      rule: () => readRules(this.socket),
      neighbour: () => readNeighbours(table),
      fdb: () => readFdb(table),
      sysctl: () => this.inside(() => readSysctls(links.map(link => link.name))),
    };
    return [...kinds].flatMap(kind => readers[kind]());
  }

  /** Each by itself, in order, many in a datagram; deletions of links that follow each other in one request. */
  apply(operations: readonly NetOperation[]): KernelFailure[] {
    const table = new LinkTable(this.socket);
    const begun: { readonly first: number; readonly operation: NetOperation }[] = [];
    const errors = new Map<NetOperation, Failed>();
    for (let i = 0; i < operations.length; ) {
      const run = linkDeletions(operations, i);
      const failed =
        run.length > 1 &&
        attempt(() =>
          deleteLinks(
            table,
            run.map(({ object }) => object.name),
          ),
        );
      if (run.length > 1 && !failed) i += run.length;
      else {
        // Alone, or the group was refused: then one by one, to say which.
        const operation = operations[i++]!;
        begun.push({ first: this.socket.next, operation });
        const error = attempt(() => this.#one(table, operation));
        if (error) errors.set(operation, error);
      }
    }
    for (const [seq, error] of this.socket.settle()) {
      const { operation } = begun.findLast(({ first }) => first <= seq)!;
      if (!errors.has(operation)) errors.set(operation, error);
    }
    return [...errors].flatMap(([operation, error]) =>
      this.#asWanted(operation, error) ? [] : { operation, errno: error.code, message: error.message },
    );
  }

  #one(table: LinkTable, { verb, object }: NetOperation): void {
    if (verb === 'add') this.#add(table, object);
    else if (verb === 'replace') this.#replace(table, object);
    else this.#delete(table, object);
  }

  /** Whether what was refused is there, or gone, all the same. */
  #asWanted({ verb, object }: NetOperation, { code }: Failed): boolean {
    if (verb === 'delete') return ABSENT.has(code);
    const there = code === 'EEXIST' ? this.#present(object) : undefined;
    return there !== undefined && equal(object, there);
  }

  #present(object: NetObject): NetObject | undefined {
    const name = key(object);
    return this.read(new Set([object.kind])).find(other => key(other) === name);
  }

  #add(table: LinkTable, object: NetObject): void {
    switch (object.kind) {
      case 'link':
        return addLink(table, object);
      case 'address':
        return addAddress(table, object);
      case 'route':
        return addRoute(table, object);
      case 'rule':
        return addRule(this.socket, object);
      case 'neighbour':
      case 'fdb':
        return addNeighbour(table, object);
      case 'sysctl':
        this.socket.flush();
        return this.inside(() => writeSysctl(object));
    }
  }

  #replace(table: LinkTable, object: NetObject): void {
    switch (object.kind) {
      case 'link':
        return this.#replaceLink(table, object);
      case 'route':
        return replaceRoute(table, object);
      case 'neighbour':
      case 'fdb':
        return replaceNeighbour(table, object);
      case 'rule':
        // Their protocol is all that can differ.
        attempt(() => deleteRule(this.socket, object));
        return addRule(this.socket, object);
      default:
        return this.#add(table, object);
    }
  }

  #replaceLink(table: LinkTable, object: Link): void {
    // Whatever type it has: nothing has to be asked first.
    if (object.type === 'other') return changeLink(table, object);
    const link = table.find(object.name);
    if (!link) return addLink(table, object);
    const [there] = readLinks(table, [link]);
    if (there && kindOf(object).replaceable?.(object, there) === false) throw exists(key(object));
    changeLink(table, object);
  }

  #delete(table: LinkTable, object: NetObject): void {
    switch (object.kind) {
      case 'link':
        return deleteLink(table, object.name);
      case 'address':
        return deleteAddress(table, object);
      case 'route':
        return deleteRoute(table, object);
      case 'rule':
        return deleteRule(this.socket, object);
      case 'neighbour':
      case 'fdb':
        return deleteNeighbour(table, object);
      case 'sysctl':
        // A setting cannot be removed.
        return;
    }
  }
}

interface Failed extends Error {
  readonly code: string;
}

/** The error of a call that has a code, which is the kernel's; others are our mistakes and go on up. */
function attempt(call: () => void): Failed | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (typeof (error as Failed).code === 'string') return error as Failed;
    throw error;
  }
}

function exists(name: string): Failed {
  return Object.assign(new Error(`${name} is there as another type`), { code: 'EEXIST' });
}

type LinkDeletion = NetOperation & { readonly object: { readonly kind: 'link'; readonly name: string } };

function linkDeletions(operations: readonly NetOperation[], start: number): readonly LinkDeletion[] {
  let end = start;
  while (end < operations.length && operations[end]!.verb === 'delete' && operations[end]!.object.kind === 'link')
    end++;
  return operations.slice(start, end) as readonly NetOperation[] as readonly LinkDeletion[];
}
