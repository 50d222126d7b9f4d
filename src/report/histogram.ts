/** How often something took how long, as Prometheus counts it. Knows its buckets; refuses to know what it measures. */

export class Histogram {
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  /** `bounds`: upper bounds in seconds, ascending; beyond the last is +Inf. */
  constructor(readonly bounds: readonly number[]) {
    this.#counts = bounds.map(() => 0);
  }

  observe(seconds: number): void {
    const bucket = this.bounds.findIndex(bound => seconds <= bound);
    if (bucket >= 0) this.#counts[bucket]!++;
    this.#count++;
    this.#sum += seconds;
  }

  /** For each bound, +Inf at the end, how many were at most that; then their sum and number. */
  get values(): {
    readonly buckets: readonly (readonly [string, number])[];
    readonly sum: number;
    readonly count: number;
  } {
    let below = 0;
    const buckets = this.bounds.map((bound, i) => [String(bound), (below += this.#counts[i]!)] as const);
    return { buckets: [...buckets, ['+Inf', this.#count]], sum: this.#sum, count: this.#count };
  }
}

/** `count` bounds, each `factor` times the one before. */
export function exponential(first: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((first * factor ** i).toPrecision(12)));
}

/** `count` bounds, each `step` more than the one before. */
export function linear(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + step * i);
}
