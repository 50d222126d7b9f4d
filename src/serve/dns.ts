/** The node's DNS server: listeners on its addresses, UDP and TCP, in front of the chain of handlers. */

import type { DnsView } from '../dns/view.js';
import type { Ip } from '../net/ip.js';
import { bindWithPatience } from './bind.js';
import type { Upstream } from './dns-exchange.js';
import { createForwarder } from './dns-forwarder.js';
import { DnsMetrics } from './dns-metrics.js';
import { createResponder, type Observation } from './dns-responder.js';
import { listenTcp } from './dns-tcp.js';
import { listenUdp } from './dns-udp.js';

export interface DnsOptions {
  /** In the network namespace of this process. */
  readonly addresses: readonly Ip[];
  /** 53 when left out; 0 lets the kernel choose, for each address. */
  readonly port?: number;
  readonly view: DnsView;
  /** Asked in this order about names that are not the cluster's. */
  readonly upstreams: readonly Upstream[];
  /** Called after every reply; must not throw. */
  readonly observe?: (seen: Observation) => void;
  /** How long to wait for addresses that are held by another process or not there yet, in milliseconds. */
  readonly patienceMs?: number;
}

export interface DnsServer {
  readonly listening: readonly { readonly ip: Ip; readonly port: number }[];
  /** Prometheus text. */
  metrics(): string;
  close(): Promise<void>;
}

/** Resolves when every address answers; rejects, with nothing left open, when one cannot be bound. */
export async function startDns(options: DnsOptions): Promise<DnsServer> {
  const { addresses, port = 53, view, upstreams, patienceMs } = options;
  const metrics = new DnsMetrics();
  const forwarder = createForwarder({ upstreams });
  const responder = createResponder(view, forwarder, seen => {
    metrics.observe(seen);
    options.observe?.(seen);
  });
  const closers: (() => void)[] = [() => forwarder.close()];
  const close = async () => {
    for (const close of closers) close();
  };
  try {
    const listening = [];
    for (const ip of addresses) {
      const udp = await bindWithPatience(() => listenUdp(ip, port, responder), patienceMs);
      closers.push(() => udp.close());
      const bound = udp.address().port;
      const tcp = await bindWithPatience(() => listenTcp(ip, bound, responder), patienceMs);
      closers.push(() => tcp.close());
      listening.push({ ip, port: bound });
    }
    return { listening, metrics: () => metrics.text(), close };
  } catch (error) {
    await close();
    throw error;
  }
}
