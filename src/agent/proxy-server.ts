/** The node's two open ports: /healthz and /livez as kube-proxy has them, and /metrics; each only where the configuration says so. */

import type { EventRecorder } from '../client/events.js';
import { socketAddress } from '../net/socket-address.js';
import { PodwireError } from '../report/errors.js';
import { logger } from '../report/log.js';
import { metricsPage } from '../serve/health.js';
import { type PageServer, servePages } from '../serve/pages.js';
import { type ProxyHealth, serveProxyHealth } from '../serve/proxy-health.js';
import type { AgentConfig } from './config.js';
import { regardingNode } from './regarding.js';

const log = logger('agent');

interface Port {
  readonly what: string;
  readonly where: NonNullable<AgentConfig['healthz']>;
  open(): Promise<PageServer>;
  server?: PageServer;
  refused?: true;
}

export class ProxyServer {
  /** Answers so far, by status. */
  readonly answers = { healthz: new Map<number, number>(), livez: new Map<number, number>() };
  readonly #ports: readonly Port[];
  #work = Promise.resolve();

  constructor(
    { healthz, metrics }: Pick<AgentConfig, 'healthz' | 'metrics'>,
    private readonly node: string,
    private readonly events: EventRecorder,
    health: () => ProxyHealth,
    text: () => string,
  ) {
    const told = (page: 'healthz' | 'livez', status: number) =>
      void this.answers[page].set(status, (this.answers[page].get(status) ?? 0) + 1);
    const page = metricsPage(text);
    const find = (path: string) => (path === '/metrics' ? page : undefined);
    this.#ports = [
      ...(healthz ? [{ what: '/healthz', where: healthz, open: () => serveProxyHealth(healthz, health, told) }] : []),
      ...(metrics ? [{ what: '/metrics', where: metrics, open: () => servePages(metrics, find) }] : []),
    ];
  }

  /** Opens what is not open; a port that is taken is said once, and tried again at the next call. */
  start(): void {
    this.#work = this.#work.then(async () => {
      for (const port of this.#ports) await this.#open(port);
    });
  }

  /** Resolves when nothing is being opened any more. */
  settled(): Promise<void> {
    return this.#work;
  }

  async close(): Promise<void> {
    await this.#work;
    await Promise.all(this.#ports.map(({ server }) => server?.close()));
  }

  async #open(port: Port): Promise<void> {
    if (port.server) return;
    try {
      port.server = await port.open();
    } catch (error) {
      if (port.refused) return;
      port.refused = true;
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      const { ip, port: number } = port.where;
      const address = socketAddress(ip, number);
      const { message, advice } = new PodwireError('PW-A203', { what: port.what, address, reason });
      log.warn(message);
      const text = `${message}; ${advice}`;
      this.events.record(regardingNode(this.node), 'Warning', 'FailedToStartProxierHealthcheck', text);
    }
  }
}
