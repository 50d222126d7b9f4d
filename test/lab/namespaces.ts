/** Fresh network namespaces for tests, and why there may be none. */

import { createNamespace, removeNamespace } from '../../src/host/namespace.js';

let count = 0;

/** Removed by `close`; the name says whose test left it, should one be killed. */
export function freshNamespace(topic: string): { readonly path: string; readonly name: string; close(): void } {
  const name = `pwt-${topic}-${process.pid}-${++count}`;
  const path = `/run/netns/${name}`;
  createNamespace(path);
  return { path, name, close: () => removeNamespace(path) };
}

/** The reason to skip, false where the test can run: `describe('…', { skip: noNamespaces() }, …)`. */
export function noNamespaces(): string | false {
  try {
    freshNamespace('probe').close();
    return false;
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message}`;
  }
}
