/** How the names that a Pod asks for come about: what its resolver puts behind them. Knows Pods, and no questions. */

import type { Pod } from '../objects/pod.js';
import type { Name } from '../wire/dns-name.js';
import { podResolver, type ResolverConfig } from './resolv-conf.js';

export interface SearchPath {
  /** What is put behind a name first: `shop.svc.cluster.local.` */
  readonly first: Name;
  /** What comes next, in this order; last comes the name as it is. */
  readonly rest: readonly Name[];
  /** A name with so many dots is asked for as it is first. */
  readonly ndots: number;
}

/** Undefined for a Pod whose names are not looked for in the cluster first. `domain` is a key, `machine` the text of the node's own resolv.conf. */
export function searchPathOf(pod: Pod, domain: Name, machine: string): SearchPath | undefined {
  const { policy, searches, options } = podResolver(pod, { servers: [], domain: domain.slice(0, -1) }, machine);
  if (!policy.startsWith('ClusterFirst')) return undefined;
  const [first, ...rest] = searches.map(name => `${name.replace(/\.$/, '').toLowerCase()}.`);
  return first === undefined ? undefined : { first, rest, ndots: Number(options.get('ndots')) };
}

/** The names that a resolver asks for in turn to find one, as res_search(3) does; absolute. */
export function searchOrder(name: string, { searches, options }: ResolverConfig): readonly Name[] {
  if (name.endsWith('.')) return [name];
  const listed = searches.map(domain => `${name}.${domain}.`);
  const asIs = `${name}.`;
  return name.split('.').length - 1 >= Number(options.get('ndots') ?? 1) ? [asIs, ...listed] : [...listed, asIs];
}
