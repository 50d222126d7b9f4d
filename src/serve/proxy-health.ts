/** /healthz and /livez with the words of kube-proxy's own health server. Knows its format; refuses to know what is healthy. */

import { type Answer, type Listen, type Page, type PageServer, servePages } from './pages.js';

export interface ProxyHealth {
  /** Whether changes reach the kernel in time. */
  readonly healthy: boolean;
  /** Whether the node is to stay: a node about to be deleted lives, but wants no new connections (KEP-3836). */
  readonly eligible: boolean;
  /** When the kernel last was as it should be, milliseconds since the epoch; 0: never. */
  readonly lastUpdated: number;
}

/** `told` hears of every answer. */
export function serveProxyHealth(
  listen: Listen,
  state: () => ProxyHealth,
  told: (page: 'healthz' | 'livez', status: number) => void,
): Promise<PageServer> {
  const page =
    (name: 'healthz' | 'livez'): Page =>
    () => {
      const answer = name === 'healthz' ? healthz(state()) : livez(state());
      told(name, answer.status);
      return answer;
    };
  const pages: Record<string, Page> = { '/healthz': page('healthz'), '/livez': page('livez') };
  return servePages(listen, path => (Object.hasOwn(pages, path) ? pages[path] : undefined));
}

const healthz = (state: ProxyHealth): Answer =>
  answer(state.healthy && state.eligible, state, { nodeEligible: state.eligible });
const livez = (state: ProxyHealth): Answer => answer(state.healthy, state, {});

/** A healthy proxy is up to date now, as clients have always read it. */
function answer(well: boolean, { lastUpdated }: ProxyHealth, more: object): Answer {
  const now = new Date().toISOString();
  const body = { lastUpdated: well ? now : new Date(lastUpdated).toISOString(), currentTime: now, ...more };
  return { status: well ? 200 : 503, body: JSON.stringify(body), type: 'application/json' };
}
