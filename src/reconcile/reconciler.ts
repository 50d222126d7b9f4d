/** Keeps one namespace's kernel as its owners want it. Knows who wants what and what was applied; makes no difference between kinds but in what it need not read. */

import { type Step, steps } from '../kernel/diff.js';
import { NET_KINDS, NFT_KINDS } from '../kernel/kinds.js';
import type { KernelFailure, KernelObject, KernelPort } from '../kernel/port.js';
import { type Owner, type Slot, Wishes } from './wishes.js';

export type { Owner } from './wishes.js';

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
  /** Slots whose kernel object may not be what is wanted; as long as nothing is known, any may. */
  #dirty = new Set<Slot>();
  /** Whether the slots know what the kernel has. */
  #known = false;
  /** The port's count of foreign changes at the last whole read. */
  #foreign: number | undefined;
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
    this.#touch(this.#wishes.remove(owner));
    this.#status.delete(owner);
    this.#open.delete(owner);
  }

  /** Every owner and how it stands. */
  get statuses(): ReadonlyMap<Owner, Status> {
    return this.#status;
  }

  /** Forgets what is known of the kernel, reads it again and repairs it. What is right is not touched. */
  resync(): FlushResult {
    this.#known = false;
    return this.flush();
  }

  flush(): FlushResult {
    this.#wishes.retry((owner, changed) => this.#changed(owner, changed));
    const known = this.#known;
    let attempt = this.#attempt();
    if (known && attempt.failures.length) {
      // Perhaps somebody else changed the kernel: only what fails on its true state is a failure.
      this.#known = false;
      this.#foreign = undefined;
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

  #changed(owner: Owner, slots: readonly Slot[]): void {
    this.#touch(slots);
    if (slots.length || this.#status.get(owner)?.state !== 'done') this.#mark(owner, 'pending');
  }

  #touch(slots: readonly Slot[]): void {
    if (this.#known) for (const slot of slots) this.#dirty.add(slot);
  }

  #attempt(): Attempt {
    if (this.#known) return this.#apply(steps(this.#dirty, this.#wishes.all()));
    this.#read();
    return this.#apply(steps(this.#wishes.all(), this.#wishes.all()));
  }

  /** Of 60,000 elements nothing is read when all their changes were ours: an agent would stand still for it. */
  #read(): void {
    const foreign = this.port.foreignChanges?.();
    const kept = foreign !== undefined && foreign === this.#foreign;
    this.#foreign = foreign;
    for (const slot of this.#wishes.all())
      if (!kept || (slot.present && !NFT_KINDS.has(slot.present.kind))) slot.present = undefined;
    for (const [key, object] of this.port.read(kept ? NET_KINDS : undefined)) this.#wishes.slot(key).present = object;
    for (const slot of this.#wishes.all()) this.#wishes.tidy(slot);
    this.#known = true;
  }

  /**
   * One apply; when the atomic part was refused, again without all that the culprits' owners changed, so that one
   * owner's mistake stops no other's change. What is left out stays as the kernel has it.
   */
  #apply(all: readonly Step<Slot>[]): Attempt {
    const failures: Failure[] = [];
    const left = new Set<Step<Slot>>();
    let next = all;
    for (let round = 0; next.length && round < ROUNDS; round++) {
      const refused = this.port.apply(next) as readonly Failure[];
      for (const { operation } of refused) left.add(operation);
      for (const step of next) if (refused.length === 0 || !left.has(step)) this.#done(step);
      const culprits = refused.filter(failure => failure.errno !== 'ECANCELED');
      failures.push(...culprits);
      next = culprits.length ? without(refused, culprits) : [];
      for (const step of next) left.delete(step);
    }
    for (const step of next) left.add(step);
    return { applied: all.length - left.size, failures, left: [...left] };
  }

  #done(step: Step<Slot>): void {
    step.pair.present = step.verb === 'delete' ? undefined : step.object;
    if (step.verb === 'delete') this.#wishes.tidy(step.pair);
  }

  /** What was left out stays dirty; an owner with nothing dirty is done. */
  #settle({ failures, left }: Attempt): void {
    this.#dirty = new Set(left.map(step => step.pair));
    const waiting = new Set(left.map(step => step.pair.owner));
    for (const { operation, errno } of failures) {
      const { owner, key } = operation.pair;
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

/** A port names the very operation that it was given. */
type Failure = KernelFailure & { readonly operation: Step<Slot> };

interface Attempt {
  readonly applied: number;
  readonly failures: readonly Failure[];
  /** Refused, cancelled or held back. */
  readonly left: readonly Step<Slot>[];
}

/** The cancelled steps that none of the culprits' owners wants. */
function without(refused: readonly Failure[], culprits: readonly Failure[]): Step<Slot>[] {
  const guilty = new Set(culprits.map(({ operation }) => operation.pair.owner));
  guilty.delete(undefined);
  return refused
    .filter(({ errno, operation }) => errno === 'ECANCELED' && !guilty.has(operation.pair.owner))
    .map(failure => failure.operation);
}
