/** The health check ports of this node: one listener for each Service that load balancers must ask about. Knows when; how is serve's. */

import type { EventRecorder } from '../client/events.js';
import type { Change, Cluster, ServiceEntry } from '../model/cluster.js';
import { problem } from '../model/problem.js';
import type { Ip } from '../net/ip.js';
import { logger } from '../report/log.js';
import { serveServiceHealth } from '../serve/service-health.js';
import { regardingService } from './regarding.js';

const log = logger('agent');

export interface NodeState {
  /** The node's own addresses, on which node ports are answered; undefined while they are not known. */
  addresses(): readonly Ip[] | undefined;
  /** Whether this node programs what it is told. */
  healthy(): boolean;
}

interface Wanted {
  readonly service: ServiceEntry;
  readonly port: number;
  readonly localEndpoints: number;
}

interface Open {
  readonly port: number;
  close(): Promise<void>;
}

export class ServiceHealth {
  readonly #wanted = new Map<string, Wanted>();
  readonly #open = new Map<string, Open>();
  /** Ports that could not be opened, by Service: said once, tried again. */
  readonly #refused = new Map<string, number>();
  #work = Promise.resolve();

  constructor(
    private readonly node: string,
    private readonly events: EventRecorder,
    private readonly own: NodeState,
  ) {}

  changed(change: Change, cluster: Cluster): void {
    let moved = false;
    for (const { kind, key } of change) {
      if (kind !== 'Service') continue;
      const service = cluster.services.get(key);
      const port = service && healthCheckPort(service);
      moved ||= port !== this.#wanted.get(key)?.port;
      if (!service || port === undefined) this.#wanted.delete(key);
      else this.#wanted.set(key, { service, port, localEndpoints: localEndpoints(service, this.node) });
    }
    if (moved) this.settle();
  }

  /** Opens and closes what changed, and tries again what was refused. One at a time: a port may go from one Service to another. */
  settle(): void {
    this.#work = this.#work.then(() => this.#settle());
  }

  /** Resolves when nothing is being opened or closed any more. */
  settled(): Promise<void> {
    return this.#work;
  }

  async close(): Promise<void> {
    this.#wanted.clear();
    this.settle();
    await this.settled();
  }

  async #settle(): Promise<void> {
    for (const [key, { port, close }] of [...this.#open]) {
      if (this.#wanted.get(key)?.port === port) continue;
      this.#open.delete(key);
      await close();
    }
    for (const key of this.#refused.keys()) if (!this.#wanted.has(key)) this.#refused.delete(key);
    const ips = this.own.addresses();
    // In the order of age, so that of two that want one port it is always the same which gets it.
    const waiting = [...this.#wanted].filter(([key]) => ips && !this.#open.has(key));
    waiting.sort(([a, { service: one }], [b, { service: other }]) => one.created - other.created || (a < b ? -1 : 1));
    for (const [key, { port }] of waiting) {
      try {
        const { close } = await serveServiceHealth(ips!, port, () => this.#state(key));
        this.#open.set(key, { port, close });
        this.#refused.delete(key);
      } catch (error) {
        if (this.#refused.get(key) !== port) this.#complain(key, port, error as Error);
        this.#refused.set(key, port);
      }
    }
  }

  #state(key: string) {
    const wanted = this.#wanted.get(key);
    const [namespace = '', name = ''] = key.split('/');
    return {
      namespace,
      name,
      localEndpoints: wanted?.localEndpoints ?? 0,
      proxyHealthy: this.own.healthy(),
    };
  }

  #complain(key: string, port: number, error: Error): void {
    const service = this.#wanted.get(key)?.service;
    if (!service) return;
    const reason = (error as NodeJS.ErrnoException).code ?? error.message;
    const { code, message, advice } = problem(`Service ${key}`, 'PW-S416', { port, node: this.node, reason });
    log.warn(message, { reason });
    // kube-proxy's reason, so that whoever waits for it hears it.
    const text = `${code} ${message}; ${advice}`;
    this.events.record(regardingService(service), 'Warning', 'FailedToStartServiceHealthcheck', text);
  }
}

/** Undefined where no balancer has a reason to ask. */
function healthCheckPort({ healthCheckNodePort, externalTrafficPolicy }: ServiceEntry): number | undefined {
  return externalTrafficPolicy === 'Local' ? healthCheckNodePort : undefined;
}

/** Each Pod once, whatever its families. A terminating endpoint still serves, but must not attract anybody (KEP-1669). */
function localEndpoints({ slices, publishNotReadyAddresses }: ServiceEntry, node: string): number {
  const found = new Set<string>();
  for (const { endpoints } of slices)
    for (const { nodeName, ready, ip, pod } of endpoints)
      if (nodeName === node && (ready || publishNotReadyAddresses)) found.add(pod ?? ip.toString());
  return found.size;
}
