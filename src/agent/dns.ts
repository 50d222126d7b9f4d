/** The node's name server as a part of the agent: fed with changed Services, started when its addresses are there. */

import { readFileSync } from 'node:fs';
import type { Answer } from '../dns/answer.js';
import { ClusterZone } from '../dns/cluster-zone.js';
import type { DnsConfig } from '../dns/config.js';
import { searchPathOf } from '../dns/search-path.js';
import type { Told } from '../dns/told.js';
import { sockaddr } from '../host/sockaddr.js';
import type { Change, Cluster, ClusterEvent } from '../model/cluster.js';
import type { Ip } from '../net/ip.js';
import { BEAT_PORT, DNS_PEER_PORT, DNS_PORT } from '../plan/dns/survival.js';
import type { PodwireError } from '../report/errors.js';
import { logger } from '../report/log.js';
import { type DnsServer, startDns } from '../serve/dns.js';
import type { Observation } from '../serve/dns-responder.js';
import type { Question } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';
import type { AgentConfig } from './config.js';
import { DnsLatency } from './dns-latency.js';
import { udpHost } from './dns-udp.js';

const log = logger('agent');

/** Three in the second that each holds. */
const BEAT_MS = 300;

/** Services brought into the zone in one turn of the event loop: of 10,000 at the start none keeps the node waiting. */
const AT_ONCE = 256;

export interface Dns {
  /** As a key. */
  readonly domain: Name;
  changed(change: Change, cluster: Cluster): void;
  /** A watch's word, once the cluster has it. */
  seen(event: ClusterEvent, cluster: Cluster): void;
  /** Every first list is in: a name that is not known does not exist. */
  synced(): void;
  /** Holds from the next question on. */
  configure(config: DnsConfig): void;
  /**
   * Binds the addresses, which the plan put on `lo`, and the node's own for other nodes whose server is away; a failure is shown
   * by `state`, and may be mended by another call.
   */
  start(node: readonly Ip[]): Promise<void>;
  /** True, or what is wrong. */
  state(): true | string;
  metrics(): readonly string[];
  /** Hears of every question that is answered here, until what is returned is called; of none before DNS runs. */
  tail(listener: (seen: Observation) => void): () => void;
  /** What the address was told of names outside, as long as it holds; `until` is on the clock of performance.now(), in seconds. */
  told(client: string): readonly Told[];
  /** What the address is answered now; undefined while DNS does not run. */
  explain(question: Question, client: string): Promise<Answer> | undefined;
  close(): Promise<void>;
}

/** Without addresses in the configuration: nothing, which is always well. */
export function dnsOf({ dns, podCidrs, serviceCidrs }: AgentConfig, report: (error: PodwireError) => void): Dns {
  const domain = `${dns.clusterDomain}.`.toLowerCase();
  const machine = resolvConf();
  const zone = new ClusterZone({
    domain,
    addresses: dns.addresses,
    ranges: [...podCidrs, ...serviceCidrs],
    searchPath(client) {
      const pod = known?.podsByIp.get(client);
      return pod && searchPathOf(pod.object, domain, machine);
    },
  });
  const wanted = dns.addresses.length > 0;
  let server: DnsServer | undefined;
  let starting = false;
  let state: true | string = wanted ? 'not started' : true;
  const latency = new DnsLatency();
  const publish = publisher(zone, () => latency.published());
  /** What the zone was last told of. */
  let known: Cluster | undefined;
  const nodes = new Map<string, readonly Ip[]>();
  const isNode = (ip: Ip) => [...nodes.values()].some(addresses => addresses.some(own => own.equals(ip)));
  return {
    domain: zone.domain,
    changed(change, cluster) {
      known = cluster;
      for (const { kind, key } of change) {
        if (kind === 'Service') publish.changed(key, cluster);
        if (kind === 'Node') nodes.set(key, cluster.nodes.get(key)?.addresses ?? []);
      }
    },
    seen: (event, cluster) => latency.seen(event, cluster),
    synced: publish.synced,
    configure(config) {
      if (server) server.configure(config);
      else zone.config = config;
      for (const { key } of zone.outdated) publish.changed(key, known!);
    },
    async start(node) {
      if (!wanted || server || starting) return;
      starting = true;
      try {
        const { addresses, upstreams } = dns;
        const listen = [
          ...addresses.map(ip => ({ ip, port: DNS_PORT })),
          ...node.map(ip => ({ ip, port: DNS_PEER_PORT })),
        ];
        const beat = { peers: addresses.map(ip => sockaddr(ip, BEAT_PORT)), milliseconds: BEAT_MS };
        server = await startDns({ listen, beat, zone, host: udpHost, upstreams, isNode, report });
        state = true;
      } catch (error) {
        state = (error as Error).message;
        log.error('DNS does not run', { error });
      } finally {
        starting = false;
      }
    },
    state: () => state,
    metrics: () => (server ? [server.metrics(), latency.text()] : []),
    tail: listener => server?.tail(listener) ?? (() => {}),
    told: client => server?.told(client) ?? [],
    explain: (question, client) => server?.explain(question, client),
    close: async () => server?.close(),
  };
}

/** The node's, whose search path kubelet puts behind that of the cluster. */
function resolvConf(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}

/** Changes of one turn are published together, a Service once however often it changed. */
function publisher(zone: ClusterZone, published: () => void) {
  const waiting = new Map<string, Cluster>();
  let complete = false;
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    let left = AT_ONCE;
    for (const [key, cluster] of waiting) {
      if (left-- === 0) return schedule();
      waiting.delete(key);
      const service = cluster.services.get(key);
      if (service) zone.set(service);
      else zone.delete(key);
    }
    if (complete) zone.synced = true;
    published();
  };
  const schedule = () => {
    if (!scheduled) setImmediate(flush);
    scheduled = true;
  };
  return {
    changed(key: string, cluster: Cluster): void {
      waiting.set(key, cluster);
      schedule();
    },
    synced(): void {
      complete = true;
      schedule();
    },
  };
}
