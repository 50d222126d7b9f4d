/** Keys that wait to be worked on: each at most once at a time, again when it was added meanwhile, later when it failed. */

import { ApiFailure } from '../client/failure.js';
import { logger } from '../report/log.js';

const log = logger('controllers');

/** First and longest pause after a failure, milliseconds. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 30_000;

export class WorkQueue {
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { readonly timer: NodeJS.Timeout; readonly due: number }>();
  #paused = false;
  #scheduled = false;

  /** `work` resolves to the milliseconds after which the key is due again, if it is. */
  constructor(
    readonly work: (key: string) => Promise<number | undefined>,
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => {
      for (const { timer } of this.#timers.values()) clearTimeout(timer);
      this.#timers.clear();
      this.#waiting.clear();
    });
  }

  pause(): void {
    this.#paused = true;
  }

  start(): void {
    this.#paused = false;
    this.#schedule();
  }

  /** Worked on as soon as may be, or after so many milliseconds at the latest. */
  add(key: string, delay = 0): void {
    if (this.signal.aborted) return;
    if (delay > 0) {
      if (!this.#waiting.has(key)) this.#later(key, delay);
      return;
    }
    this.#waiting.add(key);
    this.#schedule();
  }

  /** All keys that were added in one turn of the event loop are begun together: a burst of events is one reconciliation. */
  #schedule(): void {
    if (this.#scheduled || this.#paused || this.#waiting.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const key of [...this.#waiting]) {
        if (this.#running.has(key)) continue;
        this.#waiting.delete(key);
        void this.#run(key);
      }
    });
  }

  async #run(key: string): Promise<void> {
    this.#running.add(key);
    clearTimeout(this.#timers.get(key)?.timer);
    this.#timers.delete(key);
    try {
      const after = await this.work(key);
      this.#failures.delete(key);
      if (after !== undefined) this.#later(key, after);
    } catch (error) {
      this.#failed(key, error);
    } finally {
      this.#running.delete(key);
      if (this.#waiting.has(key)) this.#schedule();
    }
  }

  #failed(key: string, error: unknown): void {
    if (this.signal.aborted) return;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    // A conflict is the ordinary way to learn of a change by somebody else.
    const ordinary = error instanceof ApiFailure && (error.status === 409 || error.status === 404);
    if (!ordinary && failures > 1) log.warn('not reconciled, trying again', { key, failures, error });
    this.#later(key, Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE));
  }

  /** The sooner of two times counts: whoever is worked on says anew when it must be looked at again. */
  #later(key: string, milliseconds: number): void {
    const present = this.#timers.get(key);
    const due = Date.now() + milliseconds;
    if (present && present.due <= due) return;
    clearTimeout(present?.timer);
    // The longest delay that a timer takes is 2^31 - 1 ms.
    const timer = setTimeout(() => this.add(key), Math.min(milliseconds, 2 ** 31 - 1));
    this.#timers.set(key, { timer: timer.unref(), due });
  }
}
