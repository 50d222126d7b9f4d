/** Keeps this machine's routes to the nodes' Pod ranges, so that its browser and curl reach every Pod. Knows Nodes and routes. */

import type { Api } from '../client/api.js';
import { reflect } from '../client/reflector.js';
import { openKernel } from '../host/kernel-port.js';
import { Cidr } from '../net/cidr.js';
import { Ip } from '../net/ip.js';
import { resources } from '../objects/resources.js';
import { logger } from '../report/log.js';
import type { Places } from './places.js';
import { route } from './topology.js';

const log = logger('lab');

/** Runs until the process ends; the routes go with the link into the fabric. */
export async function keepHostRoutes(api: Api, at: Places): Promise<void> {
  const port = openKernel();
  for await (const event of reflect(api, resources.nodes, { signal: new AbortController().signal })) {
    if (event.type === 'synced') continue;
    const { metadata, spec, status } = event.object;
    const nodeIps = (status?.addresses ?? []).flatMap(({ type, address }) =>
      type === 'InternalIP' ? (Ip.parse(address) ?? []) : [],
    );
    const routes = (spec?.podCIDRs ?? []).flatMap(text => {
      const cidr = Cidr.parse(text);
      const via = nodeIps.find(ip => ip.family === cidr?.family);
      return cidr && via ? [{ ...route(cidr, { via }), nexthops: [{ via, link: at.hostLink }] }] : [];
    });
    const verb = event.type === 'delete' ? 'delete' : 'replace';
    for (const failure of port.apply(routes.map(object => ({ verb, object }))))
      log.warn('no route from this machine', { node: metadata.name, errno: failure.errno });
  }
}
