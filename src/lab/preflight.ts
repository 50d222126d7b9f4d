/** What must be true of the machine before a lab may start: root, free ranges, a free port. Looks, and changes nothing. */

import { createServer } from 'node:net';
import { openKernel } from '../host/kernel-port.js';
import type { Route } from '../kernel/net-objects.js';
import type { Cidr } from '../net/cidr.js';
import { PodwireError } from '../report/errors.js';
import { type LabConfig, ranges } from './config.js';
import type { Places } from './places.js';

/** Throws the first PodwireError: PW-K101, PW-L803 or PW-L804. */
export async function checkHost(config: LabConfig, at: Places): Promise<void> {
  requireRoot('podwire up');
  const [collision] = overlaps(config, at);
  if (collision)
    throw new PodwireError('PW-L803', { range: String(collision.range), route: routeText(collision.route) });
  if (await portTaken(config.apiPort))
    throw new PodwireError('PW-L804', { port: config.apiPort, address: '127.0.0.1' });
}

export function requireRoot(action: string): void {
  if (process.getuid?.() !== 0) throw new PodwireError('PW-K101', { action });
}

export interface Overlap {
  readonly range: Cidr;
  readonly route: Route;
}

/** Routes of this machine that share addresses with the lab's ranges. Default routes do not count, nor do the lab's own. */
export function overlaps(config: LabConfig, at: Places): readonly Overlap[] {
  // The Internet range exists only inside the lab: the machine gets no route to it, and may use it otherwise.
  const { pods, services, nodes } = ranges(config);
  const port = openKernel();
  try {
    const routes = [...port.read(['route']).values()].filter((object): object is Route => object.kind === 'route');
    const foreign = routes.filter(
      route =>
        route.destination.prefix > 0 &&
        route.type === 'unicast' &&
        !route.nexthops.some(hop => hop.link === at.hostLink),
    );
    return [...pods, ...services, ...nodes].flatMap(range =>
      foreign.filter(route => route.destination.overlaps(range)).map(route => ({ range, route })),
    );
  } finally {
    port.close();
  }
}

function routeText(route: Route): string {
  return [String(route.destination), ...route.nexthops.flatMap(hop => (hop.link ? [`dev ${hop.link}`] : []))].join(' ');
}

export function portTaken(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
