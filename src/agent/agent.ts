/** The agent of one node: puts the parts together and takes them apart again. Decides nothing. */

import { join } from 'node:path';
import type { Api } from '../client/api.js';
import { eventRecorder } from '../client/events.js';
import { installConfig, installPlugin } from '../cni/install.js';
import { serveCni } from '../cni/server.js';
import type { FlowPort } from '../kernel/flows.js';
import type { KernelPort } from '../kernel/port.js';
import type { ClusterEvent } from '../model/cluster.js';
import type { Problem } from '../model/problem.js';
import type { KubeObject } from '../objects/meta.js';
import type { Node as FlowNode } from '../plan/services/stale.js';
import { logger } from '../report/log.js';
import { startHealth } from '../serve/health.js';
import { Attachments } from './attachments.js';
import type { AgentConfig } from './config.js';
import { type Dns, dnsOf } from './dns.js';
import { followDnsConfig } from './dns-config.js';
import { dnsPages } from './dns-pages.js';
import { Journal } from './journal.js';
import { lockNode } from './lock.js';
import { metricsText } from './metrics.js';
import { NodeNetwork } from './node-network.js';
import { type Namespaces, podSides } from './pod-side.js';
import { policyMetrics } from './policy-metrics.js';
import { ProblemReporter } from './problems.js';
import { proxyMetrics } from './proxy-metrics.js';
import { ProxyServer } from './proxy-server.js';
import { regardingConfigMap, regardingNode } from './regarding.js';
import { ServiceHealth } from './service-health.js';
import { StaleFlows } from './stale-flows.js';
import { isEligible, SyncState } from './sync-state.js';
import { watchCluster } from './watch.js';

const log = logger('agent');

const RESYNC = 30_000;

/** What the agent stands on: the real things, or a test's. */
export interface Surroundings {
  readonly api: Api;
  /** This node's kernel. */
  readonly kernel: KernelPort;
  /** What packets left behind in it; left out: nothing is forgotten. */
  readonly flows?: FlowPort;
  readonly namespaces: Namespaces;
  /** Whether the kernel tracks SCTP connections; left out: it does. */
  readonly sctp?: () => boolean;
  /** Milliseconds between two looks at what others did to the kernel and to namespaces; 30 s when left out. */
  readonly resync?: number;
}

export interface Agent {
  /** Stops; what is in the kernel stays, so that traffic goes on. */
  close(): Promise<void>;
}

/**
 * Starts the agent: the plugin's socket answers when this resolves, ADD waits until the cluster is known. Throws
 * PW-N301 when another agent has the node and PW-N302 on a damaged journal, and has changed nothing then.
 */
export async function startAgent(
  config: AgentConfig,
  { api, kernel, flows, namespaces, sctp, resync = RESYNC }: Surroundings,
): Promise<Agent> {
  const unlock = lockNode(config.stateDir);
  const stop = new AbortController();
  const journal = new Journal(join(config.stateDir, 'attachments'));
  const events = eventRecorder(api, { component: 'podwire-agent', host: config.node });
  const problems = new ProblemReporter(config.node, events, sctp);
  const dns: Dns = dnsOf(config, error => {
    log.error('DNS cannot ask upstream', { error });
    events.record(regardingNode(config.node), 'Warning', 'DnsProblem', `${error.message}; ${error.advice}`);
  });

  const living = Attachments.living(journal).map(record => record.attachment);
  const sync = new SyncState();
  const staleFlows = flows && new StaleFlows(flows, kernel);
  const here = (): FlowNode | undefined =>
    network.settings && { cluster: network.cluster, nodeName: config.node, settings: network.settings };
  const network: NodeNetwork = new NodeNetwork(config, kernel, living, {
    changed(change, cluster) {
      problems.changed(change, cluster);
      dns.changed(change, cluster);
      serviceHealth.changed(change, cluster);
      staleFlows?.changed(change);
    },
    flushed(flush) {
      sync.flushed(flush);
      const node = here();
      if (node) staleFlows?.flushed(node);
    },
    ready() {
      staleFlows?.sweep(here()!);
      serviceHealth.settle();
      attachments.recover();
      if (config.cniConfDir) installConfig(config.cniConfDir);
      log.info('ready', { node: config.node, attachments: journal.records.size });
      void dns.start(network.settings!.addresses);
    },
  });
  const attachments = new Attachments(config.profile, journal, network, podSides(namespaces), {
    exhausted({ pod }, pool) {
      if (!pod) return;
      const regarding = { apiVersion: 'v1', kind: 'Pod', ...pod };
      events.record(regarding, 'Warning', 'AddressesExhausted', `node ${config.node} has no address left in ${pool}`);
    },
    moved: attachment => staleFlows?.moved(attachment, here()!),
  });

  const serviceHealth = new ServiceHealth(config.node, events, {
    addresses: () => network.settings?.addresses,
    healthy: () => sync.healthy,
  });
  const families = config.families.map(family => `IPv${family}` as const);
  const kubeProxyMetrics = () => {
    const { cluster } = network;
    const here = { node: config.node, zone: cluster.nodes.get(config.node)?.zone };
    return proxyMetrics({ sync, staleFlows, families, cluster, here, ...proxy.answers });
  };
  const metrics = () =>
    metricsText({
      node: config.node,
      network,
      attachments: () => journal.records.size,
      pools: () => (network.settings ? attachments.pools : []),
      others: () => [...dns.metrics(), kubeProxyMetrics(), ...(flows ? [policyMetrics(flows)] : [])],
    });
  const state = () => ({
    healthy: sync.healthy,
    eligible: isEligible(network.cluster.nodes.get(config.node)?.object),
    lastUpdated: sync.lastSynced,
  });
  const proxy = new ProxyServer(config, config.node, events, state, metrics);

  if (config.cniBinDir) installPlugin(config.cniBinDir, config.cniSocket);
  const cni = await serveCni(config.cniSocket, attachments);
  const health = await startHealth({
    listen: { socket: config.healthSocket },
    live: () => ({ agent: true }),
    ready: () => ({
      cluster: network.settings
        ? true
        : 'no Node with a pod CIDR and an address of this machine yet, or no first lists',
      kernel: network.failures.length === 0 || `${network.failures.length} operations were refused`,
      dns: dns.state(),
    }),
    metrics,
    more: dnsPages(dns, () => network.cluster),
  });
  const dnsConfig = {
    configure: dns.configure,
    refused({ code, message, advice }: Problem, object: KubeObject) {
      const on = regardingConfigMap(object);
      if (problems.speaks) events.record(on, 'Warning', 'DnsConfigProblem', `${code} ${message}; ${advice}`);
    },
  };
  const sink = {
    apply(event: ClusterEvent) {
      if (!network.apply(event)) return;
      sync.seen(event);
      dns.seen(event, network.cluster);
    },
    synced() {
      dns.synced();
      problems.synced();
      network.synced();
      // Not before: who speaks of it is known by the Nodes.
      if (config.dns.addresses.length) void followDnsConfig(api, dns.domain, dnsConfig, stop.signal);
    },
  };
  watchCluster(api, sink, stop.signal);
  proxy.start();
  const sweeping = setInterval(() => {
    proxy.start();
    if (!network.settings) return;
    if (dns.state() !== true) void dns.start(network.settings.addresses);
    serviceHealth.settle();
    staleFlows?.sweep(here()!);
    try {
      attachments.sweep();
    } catch (error) {
      log.error('cannot look after attachments', { error });
    }
  }, resync);

  return {
    async close() {
      stop.abort();
      clearInterval(sweeping);
      await cni.close();
      attachments.close();
      problems.stop();
      network.stop();
      await Promise.all([dns.close(), proxy.close(), serviceHealth.close()]);
      await events.close();
      await health.close();
      journal.close();
      unlock();
    },
  };
}
