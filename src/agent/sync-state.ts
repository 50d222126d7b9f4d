/** How this node keeps up with Services and their endpoints: what waits, how long programming took, and since when something is late. */

import { NFT_KINDS } from '../kernel/kinds.js';
import type { KernelFailure } from '../kernel/port.js';
import type { ClusterEvent } from '../model/cluster.js';
import { list, text } from '../model/read.js';
import { exponential, Histogram, linear } from '../report/histogram.js';
import { TriggerTimes } from './trigger-times.js';

/** The bounds of kube-proxy's histograms, in seconds: dashboards have them in their queries. */
const DURATIONS = exponential(0.001, 2, 15);
const LATENCIES = [...linear(0.25, 0.25, 2), ...linear(1, 1, 59), ...linear(60, 5, 12), ...linear(120, 30, 7)];

/** Milliseconds that a change may wait before the node counts as unhealthy: twice kube-proxy's period of 30 s. */
const PATIENCE = 60_000;

export type FamilyName = 'IPv4' | 'IPv6';

/** One bringing of changes into the kernel. */
export interface Flush {
  readonly seconds: number;
  /** Operations that the kernel took. */
  readonly applied: number;
  readonly failures: readonly KernelFailure[];
}

/** Times are milliseconds since the epoch, 0 for never. */
export class SyncState {
  readonly durations = new Histogram(DURATIONS);
  /** From the moment that a controller wrote down to the rule in the kernel. */
  readonly latencies: Readonly<Record<FamilyName, Histogram>> = {
    IPv4: new Histogram(LATENCIES),
    IPv6: new Histogram(LATENCIES),
  };
  readonly counts = { services: 0, endpoints: 0, syncFailures: 0, cleanupFailures: 0 };
  lastQueued = 0;
  lastSynced = 0;
  readonly #pending = { Service: new Set<string>(), EndpointSlice: new Set<string>() };
  readonly #triggers = new TriggerTimes();
  #oldest: number | undefined;

  get pending(): { readonly services: number; readonly endpoints: number } {
    return { services: this.#pending.Service.size, endpoints: this.#pending.EndpointSlice.size };
  }

  /** A watch's word, before it is planned. */
  seen(event: ClusterEvent): void {
    const { object } = event;
    const { kind } = object;
    if (kind !== 'Service' && kind !== 'EndpointSlice') return;
    const key = `${text(object, 'metadata', 'namespace')}/${text(object, 'metadata', 'name')}`;
    this.#pending[kind].add(key);
    this.counts[kind === 'Service' ? 'services' : 'endpoints']++;
    this.lastQueued = Date.now();
    this.#oldest ??= this.lastQueued;
    if (kind === 'EndpointSlice') this.#triggers.seen(event);
  }

  flushed({ seconds, applied, failures }: Flush): void {
    this.durations.observe(seconds);
    const rules = failures.filter(({ operation }) => NFT_KINDS.has(operation.object.kind));
    if (rules.some(({ operation }) => operation.verb !== 'delete')) this.counts.syncFailures++;
    if (rules.some(({ operation }) => operation.verb === 'delete')) this.counts.cleanupFailures++;
    // What the kernel refuses of one Service is that one's trouble; nothing taken at all is the node's.
    if (failures.length > 0 && applied === 0) return;
    this.lastSynced = Date.now();
    this.#oldest = undefined;
    this.#pending.Service.clear();
    this.#pending.EndpointSlice.clear();
    this.#triggers.settle((seconds, family) => this.latencies[family].observe(seconds));
  }

  /** Nothing waits for longer than it should. */
  get healthy(): boolean {
    return this.#oldest === undefined || Date.now() - this.#oldest < PATIENCE;
  }
}

const TAINT = 'ToBeDeletedByClusterAutoscaler';

/** Whether a Node is to stay: neither being deleted nor marked by the cluster autoscaler (KEP-3836). */
export function isEligible(node: unknown): boolean {
  if (text(node, 'metadata', 'deletionTimestamp') !== undefined) return false;
  return !list(node, 'spec', 'taints').some(taint => text(taint, 'key') === TAINT);
}
