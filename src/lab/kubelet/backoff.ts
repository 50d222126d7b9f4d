/** How long a container that ended waits for its next start: 10 s, doubled up to 5 min, forgotten after 10 min of running. Pure. */

const FIRST = 10_000;
const LONGEST = 300_000;
const FORGET = 2 * LONGEST;

export interface Backoff {
  /** Milliseconds; 0 before the first failure. */
  readonly delay: number;
  /** Milliseconds of Date.now(): the start that this delay counts from the end of. */
  readonly since: number;
}

export const NO_BACKOFF: Backoff = { delay: 0, since: 0 };

/** After an end at `ended` of a run that began at `began`. The first restart is immediate. */
export function afterEnd(backoff: Backoff, began: number, ended: number): Backoff {
  if (ended - began >= FORGET) return { delay: 0, since: ended };
  return { delay: backoff.since === 0 ? 0 : Math.min(LONGEST, Math.max(FIRST, backoff.delay * 2)), since: ended };
}

/** When the next start may be, milliseconds of Date.now(). */
export function nextStart(backoff: Backoff): number {
  return backoff.since + backoff.delay;
}

/** After a start that was refused before anything ran: no attempt is immediate. */
export function afterRefusal(backoff: Backoff, now: number): Backoff {
  return { delay: Math.min(LONGEST, Math.max(FIRST, backoff.delay * 2)), since: now };
}
