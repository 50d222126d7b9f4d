/** The agent's own numbers as Prometheus text. Knows the names; keeps only what is counted nowhere else. */

import type { Pools } from '../ipam/pools.js';
import { metric } from '../report/metrics.js';
import type { NodeNetwork } from './node-network.js';

export interface MetricSources {
  readonly node: string;
  readonly network: NodeNetwork;
  attachments(): number;
  pools(): Pools;
  /** Prometheus text of other parts, as it is. */
  others(): readonly string[];
}

/** Names as Prometheus' conventions have them; no metric's labels grow with the cluster. */
export function metricsText(sources: MetricSources): string {
  const { flushes, operations, failures, repairs } = sources.network.counters;
  const pools = sources.pools().map(pool => ({ labels: { cidr: String(pool.cidr) }, pool }));
  return [
    metric('podwire_build_info', 'gauge', 'Always 1; what runs here.', [[{ node: sources.node }, 1]]),
    metric('podwire_attachments', 'gauge', 'Containers attached to this node.', [[{}, sources.attachments()]]),
    metric(
      'podwire_ipam_addresses_used',
      'gauge',
      'Addresses in use.',
      pools.map(({ labels, pool }) => [labels, pool.used]),
    ),
    metric(
      'podwire_ipam_addresses_total',
      'gauge',
      'Addresses that can be given out.',
      pools.map(({ labels, pool }) => [labels, pool.capacity]),
    ),
    metric('podwire_reconcile_flushes_total', 'counter', 'Times that changes were brought into the kernel.', [
      [{}, flushes],
    ]),
    metric('podwire_reconcile_operations_total', 'counter', 'Operations that the kernel took.', [[{}, operations]]),
    metric('podwire_reconcile_failures_total', 'counter', 'Operations that the kernel refused.', [[{}, failures]]),
    metric('podwire_reconcile_repairs_total', 'counter', 'Operations that undid what somebody else changed.', [
      [{}, repairs],
    ]),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', [[{}, process.memoryUsage.rss()]]),
    metric('process_cpu_seconds_total', 'counter', 'User and system time.', [[{}, cpuSeconds()]]),
    ...sources.others(),
  ].join('');
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
