/** Counts of the thread that answers from the table: where each stands in the shared memory. Knows no text format. */

import type { Family } from '../net/ip.js';
import { TYPE_NUMBERS } from '../wire/dns-records.js';

/** Upper bounds in seconds. */
export const SECONDS = [
  0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048,
];
/** Types with a count of their own; the others share the one behind. */
export const TYPES = Object.keys(TYPE_NUMBERS);
const RCODES = 6;

const SLOTS = new Uint8Array(256).fill(TYPES.length);
for (const [i, number] of Object.values(TYPE_NUMBERS).entries()) SLOTS[number] = i;

const AT = {
  requests: 0,
  responses: 2 * (TYPES.length + 1),
  seconds: 2 * (TYPES.length + 1) + RCODES,
  dropped: 2 * (TYPES.length + 1) + RCODES + SECONDS.length + 2,
} as const;
const LENGTH = AT.dropped + 1;

/** One thread counts, any may read. */
export class DnsCounters {
  constructor(readonly counts: Float64Array = new Float64Array(new SharedArrayBuffer(8 * LENGTH))) {}

  answered(family: Family, type: number, rcode: number): void {
    const slot = type < 256 ? SLOTS[type]! : TYPES.length;
    this.counts[AT.requests + (family === 4 ? 0 : TYPES.length + 1) + slot]!++;
    this.counts[AT.responses + rcode]!++;
  }

  /** So many replies that took so long each. */
  took(replies: number, seconds: number): void {
    let bucket = 0;
    while (bucket < SECONDS.length && seconds > SECONDS[bucket]!) bucket++;
    this.counts[AT.seconds + bucket]! += replies;
    this.counts[AT.seconds + SECONDS.length + 1]! += replies * seconds;
  }

  dropped(requests: number): void {
    this.counts[AT.dropped]! += requests;
  }

  requests(family: Family, slot: number): number {
    return this.counts[AT.requests + (family === 4 ? 0 : TYPES.length + 1) + slot]!;
  }

  responses(rcode: number): number {
    return this.counts[AT.responses + rcode]!;
  }

  /** Replies that took more than the bound before and at most this one; the last bucket has no bound. */
  bucket(i: number): number {
    return this.counts[AT.seconds + i]!;
  }

  get seconds(): number {
    return this.counts[AT.seconds + SECONDS.length + 1]!;
  }

  get shed(): number {
    return this.counts[AT.dropped]!;
  }
}
