/** /livez, /readyz and /metrics of a process. Knows how to say how it is; refuses to know what is checked. */

import { type Answer, type Listen, type Page, type PageServer, servePages } from './pages.js';

/** By name of the check: true, or in a few words what is wrong. */
export type Checks = Readonly<Record<string, true | string>>;

export interface HealthOptions {
  readonly listen: Listen;
  readonly live: () => Checks;
  readonly ready: () => Checks;
  /** Prometheus text. */
  readonly metrics: () => string;
  /** What else there is, by path. */
  readonly more?: Readonly<Record<string, Page>>;
}

export function startHealth({ listen, live, ready, metrics, more }: HealthOptions): Promise<PageServer> {
  const pages: Record<string, Page> = {
    '/livez': query => report(live(), query),
    '/readyz': query => report(ready(), query),
    '/healthz': query => report(live(), query),
    '/metrics': metricsPage(metrics),
    ...more,
  };
  const others: Page = () => ({ status: 404, body: `there are ${Object.keys(pages).join(' ')}\n` });
  return servePages(listen, path => (Object.hasOwn(pages, path) ? pages[path] : others));
}

/** Prometheus asks for the version of its text format. */
export const metricsPage =
  (metrics: () => string): Page =>
  () => ({ status: 200, body: metrics(), type: 'text/plain; version=0.0.4; charset=utf-8' });

/** As kube-apiserver writes it: a line for each check where one failed or `?verbose` asks. */
function report(checks: Checks, query: URLSearchParams): Answer {
  const failed = Object.values(checks).some(result => result !== true);
  const lines = Object.entries(checks).map(([name, result]) =>
    result === true ? `[+]${name} ok` : `[-]${name} failed: ${result}`,
  );
  if (failed) return { status: 503, body: `${lines.join('\n')}\ncheck failed\n` };
  return { status: 200, body: query.has('verbose') ? `${lines.join('\n')}\ncheck passed\n` : 'ok' };
}
