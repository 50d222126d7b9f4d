/** What the trace does not understand, and so must not pass over. */

/** Thrown inside trace/ only: it ends one walk as 'cannot tell'. */
export class CannotTell extends Error {}
