/** The node's DNS server: listeners on its addresses, UDP and TCP, in front of the table and the chain of handlers. */

import type { Answer } from '../dns/answer.js';
import { answer } from '../dns/chain.js';
import type { ClusterZone } from '../dns/cluster-zone.js';
import type { DnsConfig } from '../dns/config.js';
import { type Told, ToldNames } from '../dns/told.js';
import type { Upstream } from '../dns/upstream.js';
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import type { PodwireError } from '../report/errors.js';
import type { Question } from '../wire/dns.js';
import { bindWithPatience } from './bind.js';
import { createForwarder } from './dns-forwarder.js';
import { DnsMetrics } from './dns-metrics.js';
import { completed, createResponder, type Observation } from './dns-responder.js';
import { DnsTail } from './dns-tail.js';
import { listenTcp } from './dns-tcp.js';
import { type LoopTask, serveUdp, type UdpHost } from './dns-udp.js';
import { UpstreamMetrics } from './dns-upstream-metrics.js';

export interface DnsOptions {
  /** In the network namespace of this process; port 0 lets the kernel choose. */
  readonly listen: readonly { readonly ip: Ip; readonly port: number }[];
  /** Where it says that it is alive: the first of `listen` to the first of these, and so on. */
  readonly beat?: LoopTask['beat'];
  readonly zone: ClusterZone;
  readonly host: UdpHost;
  /** Asked in this order about names that are not the cluster's, where the zone's configuration names no others. */
  readonly upstreams: readonly Upstream[];
  /** Clients beside this machine and those in the zone's ranges; left out: none. */
  readonly isNode?: (ip: Ip) => boolean;
  /** Hears of what is wrong with an upstream and must be mended. */
  readonly report?: (error: PodwireError) => void;
  /** How long to wait for addresses that are held by another process or not there yet, in milliseconds. */
  readonly patienceMs?: number;
}

export interface DnsServer {
  readonly listening: readonly { readonly ip: Ip; readonly port: number }[];
  /** Answers so from now on, to questions under way as before. */
  configure(config: DnsConfig): void;
  /** Prometheus text. */
  metrics(): string;
  /** Hears of every question with its answer, until what is returned is called. `listener` must not throw. */
  tail(listener: (seen: Observation) => void): () => void;
  /** What the address was told of names outside, as long as it holds; `until` is on the clock of performance.now(), in seconds. */
  told(client: string): readonly Told[];
  /** What is answered to the address now, upstream resolvers asked where it needs them. */
  explain(question: Question, client: string): Promise<Answer>;
  close(): Promise<void>;
}

/** This machine's own: nobody else can send from there. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'].map(Cidr.of);

const PLAIN = { dnssecOk: false, checkingDisabled: false } as const;

/** Longer than a forwarder takes for an answer. */
const LAST_ANSWERS_MS = 5000;

/** Resolves when every address answers; rejects, with nothing left open, when one cannot be bound. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const { listen, zone, host, upstreams, report = () => {}, beat, patienceMs } = options;
  const metrics = new DnsMetrics();
  const upstreamMetrics = new UpstreamMetrics();
  const tail = new DnsTail(zone);
  const told = new ToldNames();
  const inside = [...zone.ranges, ...LOOPBACK];
  let forwarder = createForwarder({ upstreams, report, metrics: upstreamMetrics, config: zone.config });
  const configure = (config: DnsConfig) => {
    zone.config = config;
    setTimeout(forwarder.close, LAST_ANSWERS_MS).unref();
    forwarder = createForwarder({ upstreams, report, metrics: upstreamMetrics, config });
  };
  const responder = createResponder(
    zone,
    (question, flags) => forwarder.resolve(question, flags),
    address => {
      const ip = Ip.parse(address);
      return ip !== undefined && (inside.some(range => range.contains(ip)) || (options.isNode?.(ip) ?? false));
    },
    seen => {
      metrics.observe(seen);
      tail.observe(seen);
    },
    (client, name, answers) => told.tell(client, name, answers),
  );
  const closers: (() => void | Promise<void>)[] = [() => forwarder.close()];
  const close = async () => {
    for (const close of closers) await close();
  };
  try {
    const listening = [];
    const sockets: number[] = [];
    for (const { ip, port } of listen) {
      const udp = await bindWithPatience(async () => host.open(ip, port), patienceMs);
      sockets.push(udp.fd);
      closers.push(() => host.close(udp.fd));
      const tcp = await bindWithPatience(() => listenTcp(ip, udp.port, responder), patienceMs);
      closers.push(() => tcp.close());
      listening.push({ ip, port: udp.port });
    }
    const udp = serveUdp({
      host,
      sockets,
      zone,
      inside,
      beat,
      responder,
      answered: (client, reply) => tail.answered(client, reply),
    });
    // Before its sockets.
    closers.unshift(() => udp.close());
    return {
      listening,
      configure,
      metrics: () => metrics.text(udp.counters) + upstreamMetrics.text(),
      tail: listener => tail.listen(listener),
      told: client => told.of(client),
      explain: (question, client) =>
        completed(answer(zone, question, client), question => forwarder.resolve(question, PLAIN)),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
