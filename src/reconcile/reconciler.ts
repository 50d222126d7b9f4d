/** Keeps one namespace's kernel as its owners want it. Knows who wants what and what was applied; knows no kind of object. */

import { diff } from '../kernel/diff.js';
import { key as keyOf } from '../kernel/kinds.js';
import type { KernelFailure, KernelObject, KernelPort, Operation } from '../kernel/port.js';
import { Wishes } from './wishes.js';

/** Who wants a group of objects: `service default/web`, `pod <uid>`, `base`. */
export type Owner = string;

/** How an owner's objects stand in the kernel; `since` in milliseconds of the clock given. */
export type Status =
  | { readonly state: 'pending' | 'done'; readonly since: number }
  | { readonly state: 'error'; readonly error: string; readonly since: number };

export interface FlushResult {
  /** How many operations the kernel took. */
  readonly applied: number;
  readonly failures: readonly KernelFailure[];
  /** When something failed: after how many milliseconds another flush makes sense (100 ms, doubled up to 30 s). */
  readonly retryIn?: number;
}

const FIRST_RETRY = 100;
const LAST_RETRY = 30_000;
/** How often one flush sends the atomic part again without those whom the kernel named. */
const ROUNDS = 16;

/**
 * `set` and `remove` only take note; `flush` brings what changed into the kernel in one ordered apply, at a cost that
 * follows the change. The first flush reads the whole state, adopts what is already right and removes what of ours
 * nobody wants: so all owners should be set before it.
 */
export class Reconciler {
  readonly #wishes = new Wishes();
  readonly #status = new Map<Owner, Status>();
  /** Owners whose status is not `done`. */
  readonly #open = new Set<Owner>();
  /** Keys whose kernel object may not be what is wanted. */
  #dirty = new Set<string>();
  /** What the kernel holds, as far as is known; undefined until it was read. */
  #observed: Map<string, KernelObject> | undefined;
  #failedFlushes = 0;

  constructor(
    readonly port: KernelPort,
    readonly now: () => number = Date.now,
  ) {}

  /** The owner wants these objects and, of those it wanted before, no others. An empty list is `remove`. */
  set(owner: Owner, objects: readonly KernelObject[]): void {
    if (objects.length === 0) {
      this.remove(owner);
      return;
    }
    const { changed, conflict } = this.#wishes.set(owner, objects);
    if (conflict) this.#mark(owner, 'error', `${conflict.key} is wanted otherwise by ${conflict.owner}`);
    else this.#changed(owner, changed);
  }

  remove(owner: Owner): void {
    for (const key of this.#wishes.remove(owner)) this.#dirty.add(key);
    this.#status.delete(owner);
    this.#open.delete(owner);
  }

  /** Every owner and how it stands. */
  get statuses(): ReadonlyMap<Owner, Status> {
    return this.#status;
  }

  /** Forgets what is known of the kernel, reads it again and repairs it. What is right is not touched. */
  resync(): FlushResult {
    this.#observed = undefined;
    return this.flush();
  }

  flush(): FlushResult {
    this.#wishes.retry((owner, changed) => this.#changed(owner, changed));
    const known = this.#observed !== undefined;
    let attempt = this.#attempt();
    if (known && attempt.failures.length) {
      // Perhaps somebody else changed the kernel: only what fails on its true state is a failure.
      this.#observed = undefined;
      const again = this.#attempt();
      attempt = { ...again, applied: attempt.applied + again.applied };
    }
    this.#settle(attempt);
    const { applied, failures } = attempt;
    if (failures.length) {
      return { applied, failures, retryIn: Math.min(FIRST_RETRY * 2 ** this.#failedFlushes++, LAST_RETRY) };
    }
    this.#failedFlushes = 0;
    return { applied, failures };
  }

  #changed(owner: Owner, keys: readonly string[]): void {
    for (const key of keys) this.#dirty.add(key);
    if (keys.length || this.#status.get(owner)?.state !== 'done') this.#mark(owner, 'pending');
  }

  #attempt(): Attempt {
    const keys = this.#observed && this.#dirty;
    this.#observed ??= new Map(this.port.read());
    return this.#apply(diff(this.#wishes.objects, this.#observed, keys && { keys }), this.#observed);
  }

  /**
   * One apply; when the atomic part was refused, again without all that the culprits' owners changed, so that one
   * owner's mistake stops no other's change. What is left out stays as the kernel has it.
   */
  #apply(operations: readonly Operation[], observed: Map<string, KernelObject>): Attempt {
    const failures: KernelFailure[] = [];
    const done = new Set<Operation>();
    let next = operations;
    for (let round = 0; next.length && round < ROUNDS; round++) {
      const refused = this.port.apply(next);
      const no = new Set(refused.map(failure => failure.operation));
      for (const operation of next) {
        if (no.has(operation)) continue;
        done.add(operation);
        note(observed, operation);
      }
      const culprits = refused.filter(failure => failure.errno !== 'ECANCELED');
      failures.push(...culprits);
      next = culprits.length ? this.#without(refused, culprits) : [];
    }
    return { applied: done.size, failures, left: operations.filter(operation => !done.has(operation)) };
  }

  /** The cancelled operations that none of the culprits' owners wants. */
  #without(refused: readonly KernelFailure[], culprits: readonly KernelFailure[]): Operation[] {
    const guilty = new Set(culprits.map(({ operation }) => this.#wishes.owner(keyOf(operation.object))));
    guilty.delete(undefined);
    return refused
      .filter(
        ({ errno, operation }) => errno === 'ECANCELED' && !guilty.has(this.#wishes.owner(keyOf(operation.object))),
      )
      .map(failure => failure.operation);
  }

  /** What was left out stays dirty; an owner with nothing dirty is done. */
  #settle({ failures, left }: Attempt): void {
    this.#dirty = new Set(left.map(operation => keyOf(operation.object)));
    const waiting = new Set([...this.#dirty].map(key => this.#wishes.owner(key)));
    for (const { operation, errno } of failures) {
      const key = keyOf(operation.object);
      const owner = this.#wishes.owner(key);
      if (owner !== undefined) this.#mark(owner, 'error', `${operation.verb} ${key}: ${errno}`);
    }
    for (const owner of this.#open) if (!waiting.has(owner) && !this.#wishes.refused(owner)) this.#mark(owner, 'done');
  }

  #mark(owner: Owner, state: Status['state'], error = ''): void {
    const before = this.#status.get(owner);
    if (before?.state === state && (before.state !== 'error' || before.error === error)) return;
    if (state === 'done') this.#open.delete(owner);
    else this.#open.add(owner);
    const since = this.now();
    this.#status.set(owner, state === 'error' ? { state, error, since } : { state, since });
  }
}

interface Attempt {
  readonly applied: number;
  readonly failures: readonly KernelFailure[];
  /** Refused, cancelled or held back. */
  readonly left: readonly Operation[];
}

function note(observed: Map<string, KernelObject>, { verb, object }: Operation): void {
  if (verb === 'delete') observed.delete(keyOf(object));
  else observed.set(keyOf(object), object);
}
