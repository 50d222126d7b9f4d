/** What is wrong with an object, as a value: shown as an Event and in `status`. Knows no cluster. */

import { type ErrorCode, PodwireError } from '../report/errors.js';

/** A fault of one object that is left out of the network in part or whole; its neighbours never notice. */
export interface Problem {
  /** `Service default/web`. */
  readonly object: string;
  readonly code: ErrorCode;
  /** Cause, without the code. */
  readonly message: string;
  readonly advice: string;
}

/** The problem with that code, its text filled with the details. */
export function problem(object: string, code: ErrorCode, details: Record<string, string | number> = {}): Problem {
  const { message, advice } = new PodwireError(code, { object, ...details });
  return { object, code, message: message.slice(code.length + 1), advice };
}
