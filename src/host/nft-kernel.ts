/** The nftables half of the KernelPort: batches that happen whole or not at all, and what is made of the kernel's refusals. */

import { TABLE } from '../kernel/kind.js';
import { equal, key } from '../kernel/kinds.js';
import type { NftElement, NftObject, NftSlots } from '../kernel/nft-objects.js';
import type { KernelFailure } from '../kernel/port.js';
import { errnoName } from './libc.js';
import type { NetlinkSocket } from './netlink-socket.js';
import { BadOperation, NftBatch, type NftOperation } from './nft/batch.js';
import { dumpNft, generation, readShape } from './nft/dump.js';
import type { SetShape } from './nft/sets.js';

const ATTEMPTS = 10;

interface Refusal {
  readonly operation: NftOperation;
  readonly errno: string;
  readonly message: string;
}

export class NftKernel {
  /** Shapes of sets that were seen or made, so that one element's change needs no question. */
  #shapes = new Map<string, SetShape>();
  /** The ruleset's generation if nobody else changed it, since that was asked. */
  #generation: number | undefined;
  #foreign = 0;

  constructor(readonly socket: NetlinkSocket) {}

  /** Everything in podwire's tables, by key. */
  read(): Map<string, NftObject> {
    for (let attempt = 1; ; attempt++) {
      const { objects, shapes, torn } = dumpNft(this.socket, TABLE);
      this.#shapes = new Map(shapes);
      const state = new Map(objects.map(object => [key(object), object]));
      // A hash table that just grew is still moving its elements: a dump then has some twice, and as many not at all.
      if ((state.size === objects.length && !torn) || attempt === ATTEMPTS) return state;
    }
  }

  /** See KernelPort. A batch of ours makes one generation; with any other difference somebody else was here. */
  foreignChanges(): number {
    const now = generation(this.socket);
    if (now === undefined || now !== this.#generation) this.#foreign++;
    this.#generation = now;
    return this.#foreign;
  }

  /** One batch. The kernel's word on what is there already or not is looked into; anything else is returned. */
  apply(operations: readonly NftOperation[]): readonly KernelFailure[] {
    if (!operations.length || !this.#send(operations).length) return [];
    const settled = settle(operations, this.read());
    if (!Array.isArray(settled)) return cancelled(operations, [settled as Refusal]);
    const refusals = settled.length ? this.#send(settled as NftOperation[]) : [];
    return refusals.length ? cancelled(operations, refusals) : [];
  }

  /** Undone as a whole unless the result is empty. */
  #send(operations: readonly NftOperation[]): readonly Refusal[] {
    let batch: NftBatch;
    try {
      batch = new NftBatch(operations, element => this.#shape(element));
    } catch (error) {
      if (!(error instanceof BadOperation)) throw error;
      const { code: errno, message } = error;
      return [{ operation: error.operation, errno, message }];
    }
    const refusals: Refusal[] = [];
    for (const [seq, ack] of this.socket.exchange(batch.datagram)) {
      if (!ack.errno) continue;
      const operation = batch.culprit(seq, ack.offset) ?? operations[0]!;
      const errno = errnoName(ack.errno);
      refusals.push({ operation, errno, message: ack.message ?? errno });
    }
    if (refusals.length) this.#shapes.clear();
    else {
      if (this.#generation !== undefined) this.#generation++;
      for (const operation of operations) this.#remember(operation);
    }
    return refusals;
  }

  #remember({ verb, object }: NftOperation): void {
    if (object.kind === 'set' && verb !== 'delete')
      this.#shapes.set(shapeKey(object.family, object.table, object.name), object);
    else if (verb === 'delete' && (object.kind === 'set' || object.kind === 'table')) this.#shapes.clear();
  }

  #shape({ family, table, set }: NftElement | NftSlots): SetShape | undefined {
    const name = shapeKey(family, table, set);
    const known = this.#shapes.get(name) ?? readShape(this.socket, family, table, set);
    if (known) this.#shapes.set(name, known);
    return known;
  }
}

const shapeKey = (family: string, table: string, set: string) => `${family} ${table} ${set}`;

/** The operations that are left to do, given what is there; or the first that cannot be. */
function settle(
  operations: readonly NftOperation[],
  present: ReadonlyMap<string, NftObject>,
): NftOperation[] | Refusal {
  const state = new Map(present);
  const left: NftOperation[] = [];
  for (const operation of operations) {
    const { verb, object } = operation;
    const name = key(object);
    const there = state.get(name);
    if (verb === 'delete') {
      if (there) left.push({ verb, object, present: there });
      forget(state, name, object);
      continue;
    }
    if (there && equal(object, there)) continue;
    if (there && (verb === 'add' || object.kind === 'set'))
      return { operation, errno: 'EEXIST', message: `${name} is there with other content` };
    left.push(there ? { verb: 'replace', object, present: there } : { verb: 'add', object });
    state.set(name, object);
  }
  return left;
}

/** With a table or a set goes what is in it. */
function forget(state: Map<string, NftObject>, name: string, gone: NftObject): void {
  state.delete(name);
  if (gone.kind !== 'table' && gone.kind !== 'set') return;
  for (const [other, object] of state) {
    if (object.kind === 'table' || object.family !== gone.family) continue;
    if (gone.kind === 'table' ? object.table === gone.name : 'set' in object && object.set === gone.name)
      state.delete(other);
  }
}

/** All operations failed: the culprits for their own reasons, the others with them. */
function cancelled(operations: readonly NftOperation[], refusals: readonly Refusal[]): KernelFailure[] {
  const reasons = new Map(refusals.map(refusal => [refusal.operation.object, refusal]));
  return operations.map(operation => {
    const own = reasons.get(operation.object);
    if (own) return { operation, errno: own.errno, message: own.message };
    return { operation, errno: 'ECANCELED', message: `with its batch: ${refusals[0]!.message}` };
  });
}
