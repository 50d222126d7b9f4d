/** What kube-proxy says of itself, under its names, so that its dashboards go on working. docs/reference.md says where a meaning differs. */

import type { Cluster, ServiceEntry } from '../model/cluster.js';
import { elsewhere, type Here, select } from '../plan/services/select.js';
import { histogram, type Labels, metric } from '../report/metrics.js';
import type { StaleFlows } from './stale-flows.js';
import type { FamilyName, SyncState } from './sync-state.js';

export interface ProxySources {
  readonly sync: SyncState;
  readonly staleFlows?: StaleFlows;
  readonly families: readonly FamilyName[];
  readonly cluster: Cluster;
  readonly here: Here;
  /** Answers of the health server, by status: of /healthz and of /livez. */
  readonly healthz: ReadonlyMap<number, number>;
  readonly livez: ReadonlyMap<number, number>;
}

/** Both families are programmed together: what is measured of that stands under each of them. */
export function proxyMetrics({ sync, staleFlows, families, cluster, here, healthz, livez }: ProxySources): string {
  const { counts, pending } = sync;
  const each = <T>(value: T) => families.map(family => [{ ip_family: family }, value] as const);
  const codes = (answers: ReadonlyMap<number, number>) =>
    [...answers].map(([code, count]) => [{ code: String(code) }, count] as const);
  return [
    histogram(
      'kubeproxy_sync_proxy_rules_duration_seconds',
      'How long it took to plan changes and bring them into the kernel.',
      each(sync.durations),
    ),
    histogram(
      'kubeproxy_network_programming_duration_seconds',
      'From the change of a Pod or Service, as its EndpointSlice dates it in whole seconds, to the kernel.',
      families.map(family => [{ ip_family: family }, sync.latencies[family]]),
    ),
    metric(
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
      'gauge',
      'When changes were last brought into the kernel.',
      each(sync.lastSynced / 1000),
    ),
    metric(
      'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
      'gauge',
      'When a change of a Service or EndpointSlice was last heard of.',
      each(sync.lastQueued / 1000),
    ),
    metric('kubeproxy_sync_proxy_rules_endpoint_changes_pending', 'gauge', 'EndpointSlices that wait for the kernel.', [
      [{}, pending.endpoints],
    ]),
    metric('kubeproxy_sync_proxy_rules_endpoint_changes_total', 'counter', 'Changes of EndpointSlices.', [
      [{}, counts.endpoints],
    ]),
    metric('kubeproxy_sync_proxy_rules_service_changes_pending', 'gauge', 'Services that wait for the kernel.', [
      [{}, pending.services],
    ]),
    metric('kubeproxy_sync_proxy_rules_service_changes_total', 'counter', 'Changes of Services.', [
      [{}, counts.services],
    ]),
    metric(
      'kubeproxy_sync_proxy_rules_nftables_sync_failures_total',
      'counter',
      'Flushes of which the kernel refused something to be added or replaced in nftables.',
      each(counts.syncFailures),
    ),
    metric(
      'kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total',
      'counter',
      'Flushes of which the kernel refused something to be deleted from nftables.',
      each(counts.cleanupFailures),
    ),
    metric(
      'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
      'gauge',
      'Services with traffic policy Local that are served, but not on this node.',
      families.flatMap(family => noLocal(cluster, family, here)),
    ),
    ...(staleFlows ? conntrackMetrics(staleFlows, families) : []),
    metric('kubeproxy_proxy_healthz_total', 'counter', 'Answers of /healthz.', codes(healthz)),
    metric('kubeproxy_proxy_livez_total', 'counter', 'Answers of /livez.', codes(livez)),
  ].join('');
}

function conntrackMetrics({ deleted, durations }: StaleFlows, families: readonly FamilyName[]): string[] {
  return [
    metric(
      'kubeproxy_conntrack_reconciler_deleted_entries_total',
      'counter',
      'Connections and learnt affinities forgotten because their endpoint is gone.',
      families.map(family => [{ ip_family: family }, deleted[family]]),
    ),
    histogram(
      'kubeproxy_conntrack_reconciler_sync_duration_seconds',
      'How long a look for them took.',
      families.map(family => [{ ip_family: family }, durations]),
    ),
  ];
}

function noLocal({ services }: Cluster, family: FamilyName, here: Here): (readonly [Labels, number])[] {
  const counts = { internal: 0, external: 0 };
  for (const service of services.values()) {
    if (service.internalTrafficPolicy === 'Local' && hasClusterIP(service, family) && lacks(service, family, here))
      counts.internal++;
    if (service.externalTrafficPolicy === 'Local' && service.externals.length > 0 && lacks(service, family, here))
      counts.external++;
  }
  return Object.entries(counts).map(([policy, count]) => [{ ip_family: family, traffic_policy: policy }, count]);
}

const numberOf = (family: FamilyName) => (family === 'IPv4' ? 4 : 6);

function hasClusterIP({ clusterIPs }: ServiceEntry, family: FamilyName): boolean {
  return clusterIPs.some(ip => ip.family === numberOf(family));
}

function lacks(service: ServiceEntry, family: FamilyName, here: Here): boolean {
  const number = numberOf(family);
  return service.ports.some(
    port => select(service, number, port, 'Local', here).length === 0 && elsewhere(service, number, port, here),
  );
}
