/** A kernel in memory with the manners of Linux: the same errors, atomic nftables batches, objects that come and go by themselves. */

import { dump } from './dump.js';
import { FakeNet } from './fake-net.js';
import { FakeNft } from './fake-nft.js';
import { NFT_KINDS } from './kinds.js';
import type { KernelFailure, KernelObject, KernelPort, KernelState, Operation } from './port.js';

/** The other namespaces of the same fake machine, by path: where the far ends of veth pairs are made. */
export type FakeNamespaces = ReadonlyMap<string, FakeKernel>;

/** One network namespace; begins as a fresh one does, with a loopback that is down. */
export class FakeKernel implements KernelPort {
  readonly #net: FakeNet;
  readonly #nft = new FakeNft();
  #faults: Fault[] = [];
  /** Every call of `apply`, for tests that count batches. */
  readonly calls: (readonly Operation[])[] = [];

  constructor(namespaces: FakeNamespaces = new Map()) {
    this.#net = new FakeNet(path => {
      const there = namespaces.get(path);
      return there === undefined ? undefined : there.#net;
    });
  }

  read(kinds?: readonly KernelObject['kind'][]): KernelState {
    const wanted = kinds && new Set<string>(kinds);
    const state = new Map<string, KernelObject>();
    for (const part of [this.#nft.state, this.#net.state]) {
      for (const [key, object] of part) if (!wanted || wanted.has(object.kind)) state.set(key, object);
    }
    return state;
  }

  apply(operations: readonly Operation[]): readonly KernelFailure[] {
    this.calls.push(operations);
    const failures: KernelFailure[] = [];
    const batch = operations.filter(isNft);
    let sent = false;
    for (const operation of operations) {
      if (!isNft(operation)) failures.push(...this.#one(operation));
      else if (!sent) {
        sent = true;
        failures.push(...this.#batch(batch));
      }
    }
    return failures;
  }

  /** The next `times` operations for which `when` holds fail with `errno` and have no effect. */
  failNext(when: (operation: Operation) => boolean, errno: string, times = 1): void {
    this.#faults.push({ when, errno, times });
  }

  /** Everything that is in the namespace, as text. */
  dump(): string {
    return dump(this.read());
  }

  close(): void {
    this.#faults = [];
  }

  #one(operation: Operation): KernelFailure[] {
    const errno = this.#fault(operation) ?? this.#net.apply(operation);
    return errno ? [failure(operation, errno)] : [];
  }

  #batch(batch: readonly Operation[]): KernelFailure[] {
    const culprit = this.#nft.apply(batch, operation => this.#fault(operation));
    if (!culprit) return [];
    return batch.map(operation => failure(operation, operation === culprit.operation ? culprit.errno : 'ECANCELED'));
  }

  #fault(operation: Operation): string | undefined {
    const fault = this.#faults.find(({ when }) => when(operation));
    if (!fault) return undefined;
    if (--fault.times === 0) this.#faults = this.#faults.filter(other => other !== fault);
    return fault.errno;
  }
}

interface Fault {
  readonly when: (operation: Operation) => boolean;
  readonly errno: string;
  times: number;
}

function isNft(operation: Operation): boolean {
  return NFT_KINDS.has(operation.object.kind);
}

function failure(operation: Operation, errno: string): KernelFailure {
  return { operation, errno, message: `${operation.verb} ${operation.object.kind}: ${errno}` };
}
