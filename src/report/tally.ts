/** How often something happened, by labels. Knows no format. */

import type { Labels } from './metrics.js';

export class Tally {
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>();

  /** What is in `begun` counts, too. */
  constructor(begun?: Tally) {
    for (const [labels, count] of begun?.values ?? []) this.add(labels, count);
  }

  add(labels: Labels, by = 1): void {
    if (!by) return;
    const key = Object.values(labels).join('\n');
    const known = this.#counts.get(key);
    if (known) known.count += by;
    else this.#counts.set(key, { labels, count: by });
  }

  /** In the order of their first time. */
  get values(): readonly (readonly [Labels, number])[] {
    return [...this.#counts.values()].map(({ labels, count }) => [labels, count]);
  }
}
