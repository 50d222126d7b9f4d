/** The one interface between what is wanted and one network namespace's kernel; the real one and the fake are the same to its users. */

import type { NetObject } from './net-objects.js';
import type { NftObject } from './nft-objects.js';

export type KernelObject = NetObject | NftObject;

/** All objects of one namespace by their keys. Desired and observed state are of this one type. */
export type KernelState = ReadonlyMap<string, KernelObject>;

/** `replace` gives an existing key its new content, atomically where the kernel can. */
export interface Operation {
  readonly verb: 'add' | 'replace' | 'delete';
  readonly object: KernelObject;
  /** What is under the key, as far as the caller knows: of a large object a port then sends only what differs. */
  readonly present?: KernelObject;
}

/** What the kernel said no to. `errno` is its name: 'EEXIST', 'ENOENT', 'EINVAL'. */
export interface KernelFailure {
  readonly operation: Operation;
  readonly errno: string;
  readonly message: string;
}

/**
 * Synchronous: a netlink request takes micro- to milliseconds, and nothing else on a node may happen between its parts.
 */
export interface KernelPort {
  /** Everything of the given kinds (all when left out) that is in the namespace now, ours or not. nftables: podwire's table alone. */
  read(kinds?: readonly KernelObject['kind'][]): KernelState;
  /**
   * In the given order. All nftables operations of one call are one atomic batch at the place of the first of them:
   * they all happen or none does, and then the culprits have their own errno and the others ECANCELED.
   * The others each succeed or fail alone; what failed is returned and stops nothing.
   * Adding what is there (equal), replacing and deleting what is not there succeed; adding what is there
   * otherwise is EEXIST. Within one call a chain may jump to one that comes later; nothing is deleted that is in use (EBUSY).
   */
  apply(operations: readonly Operation[]): readonly KernelFailure[];
  /**
   * How often, as far as was seen, others than this port changed nftables: the same number twice means that what was
   * read before, and applied since, is what is there. Costs one small request. Left out: the port cannot tell.
   */
  foreignChanges?(): number;
  close(): void;
}
