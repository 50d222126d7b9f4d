/** Binding an address that may still be held by the process being replaced, or not yet be on the node. */

const RETRY_MS = 50;
const PASSING: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);

/** Tries until it succeeds; after `patienceMs`, or on any other failure, rejects with the last error. */
export async function bindWithPatience<T>(bind: () => Promise<T>, patienceMs = 10_000): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await bind();
    } catch (error) {
      if (!PASSING.has((error as NodeJS.ErrnoException).code) || performance.now() > end) throw error;
      await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
  }
}
