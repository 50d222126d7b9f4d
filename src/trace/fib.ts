/**
 * The forwarding information base: policy rules, tables of routes, longest prefix. Also the routes that the kernel makes by itself
 * for addresses, which a plan does not have. Knows no packet's past.
 */

import type { Address, Link, PolicyRule, Route } from '../kernel/net-objects.js';
import { Cidr } from '../net/cidr.js';
import { type Family, Ip } from '../net/ip.js';
import { Prefixes } from './prefixes.js';

/** What the answer may depend on. */
export interface Question {
  readonly destination: Ip;
  readonly source?: Ip;
  readonly mark: number;
  /** The link it came in by; `lo` for what the namespace itself sends. */
  readonly iif: string;
}

/** A route as the kernel has it: every next hop with its link, and that link up. */
export interface UsableRoute extends Route {
  readonly nexthops: readonly UsableHop[];
}

export interface UsableHop {
  readonly link: string;
  readonly via?: Ip;
  readonly weight?: number;
}

/** RT_TABLE_* of linux/rtnetlink.h. */
const MAIN = 254;
const LOCAL = 255;
const KERNEL = 2;

export class Fib {
  readonly #tables = new Map<string, Prefixes<readonly UsableRoute[]>>();
  readonly #rules: Record<Family, readonly PolicyRule[]>;

  constructor(
    routes: readonly Route[],
    rules: readonly PolicyRule[],
    addresses: ReadonlyMap<string, readonly Address[]>,
    private readonly links: ReadonlyMap<string, Link>,
  ) {
    this.#rules = { 4: rulesOf(4, rules), 6: rulesOf(6, rules) };
    const all = [...routes, ...[...addresses.values()].flat().flatMap(kernelRoutes)];
    if (links.get('lo')?.up) all.push(...LOOPBACK);
    // Gateways are found by the routes that have none.
    for (const route of all)
      if (!route.nexthops.some(isByGateway)) this.#add(route, hop => this.#isUp(hop.link) && hop.link);
    for (const route of all)
      if (route.nexthops.some(isByGateway))
        this.#add(route, hop => this.#isUp(hop.link ?? this.#linkTo(hop.via!)) && (hop.link ?? this.#linkTo(hop.via!)));
  }

  /** The route that the kernel takes, of whatever type. */
  find(question: Question): UsableRoute | undefined {
    const { destination } = question;
    for (const rule of this.#rules[destination.family]) {
      if (!applies(rule, question)) continue;
      const found = this.#tables.get(`${destination.family} ${rule.table}`)?.containing(destination).next();
      if (found && !found.done) return found.value[0];
    }
    return undefined;
  }

  /** Whether the namespace takes packets to that address for its own. */
  isLocal(ip: Ip): boolean {
    const found = this.#tables.get(`${ip.family} ${LOCAL}`)?.containing(ip).next();
    return found !== undefined && !found.done && found.value[0]!.type === 'local';
  }

  #add(route: Route, linkOf: (hop: Route['nexthops'][number]) => string | false | undefined): void {
    const nexthops = route.nexthops.flatMap(({ via, weight, ...hop }) => {
      const link = linkOf({ via, weight, ...hop });
      return link ? [{ link, ...(via && { via }), ...(weight && { weight }) }] : [];
    });
    const leads = route.type === 'unicast' || route.type === 'local';
    // With its last link goes the route.
    if (leads && nexthops.length === 0) return;
    const id = `${route.destination.family} ${route.table}`;
    let table = this.#tables.get(id);
    if (!table) this.#tables.set(id, (table = new Prefixes()));
    const others = table.get(route.destination) ?? [];
    // What is in the state already, the kernel need not make.
    if (
      others.some(other => route.protocol === KERNEL && other.type === route.type && metricOf(other) <= metricOf(route))
    )
      return;
    const routes = [...others, { ...route, nexthops }].sort((a, b) => metricOf(a) - metricOf(b));
    table.set(route.destination, routes);
  }

  #isUp(link: string | undefined): boolean {
    return link !== undefined && this.links.get(link)?.up === true;
  }

  /** The link on which a gateway is a neighbour. */
  #linkTo(gateway: Ip): string | undefined {
    for (const routes of this.#tables.get(`${gateway.family} ${MAIN}`)?.containing(gateway) ?? []) {
      const hop = routes.find(({ type }) => type === 'unicast')?.nexthops.find(({ via }) => !via);
      if (hop) return hop.link;
    }
    return undefined;
  }
}

function isByGateway({ via, link }: Route['nexthops'][number]): boolean {
  return via !== undefined && link === undefined;
}

function metricOf(route: Route): number {
  return route.metric || (route.destination.family === 6 ? 1024 : 0);
}

function applies(rule: PolicyRule, { destination, source, mark, iif }: Question): boolean {
  if (rule.to && !rule.to.contains(destination)) return false;
  // An unbound source is the unspecified address, which only the whole range contains.
  if (rule.from && !(source ? rule.from.contains(source) : rule.from.prefix === 0)) return false;
  if (rule.mark && ((mark ^ rule.mark.value) & rule.mark.mask) !== 0) return false;
  return rule.iif === undefined || rule.iif === iif;
}

/** With those that every namespace begins with: a plan adds to them, and does not name them. */
function rulesOf(family: Family, rules: readonly PolicyRule[]): readonly PolicyRule[] {
  const own = rules.filter(rule => rule.family === family);
  for (const [priority, table] of [
    [0, LOCAL],
    [32766, MAIN],
    [32767, 253],
  ] as const)
    if (!own.some(rule => rule.table === table && !rule.from && !rule.to && !rule.mark && !rule.iif))
      own.push({ kind: 'rule', family, priority, table, protocol: KERNEL });
  return own.sort((a, b) => a.priority - b.priority);
}

/** Of an address: itself in the table `local`, and its network in `main` (fib_add_ifaddr; RFC 4861 for IPv6 alike). */
function kernelRoutes({ ip, prefix, link }: Address): Route[] {
  const base = { kind: 'route', nexthops: [{ link }], protocol: KERNEL } as const;
  const local: Route = { ...base, destination: Cidr.host(ip), table: LOCAL, type: 'local', source: ip };
  if (link === 'lo' || prefix === ip.bytes.length * 8) return [local];
  const network: Route = { ...base, destination: Cidr.containing(ip, prefix), table: MAIN, type: 'unicast' };
  return [local, ip.family === 4 ? { ...network, source: ip } : { ...network, metric: 256 }];
}

/** What a loopback that is up has, be it in the state or not. */
const LOOPBACK: readonly Route[] = [
  ['127.0.0.0/8', '127.0.0.1'],
  ['::1/128', '::1'],
].map(([destination, source]) => ({
  kind: 'route',
  destination: Cidr.of(destination!),
  table: LOCAL,
  type: 'local',
  nexthops: [{ link: 'lo' }],
  source: Ip.of(source!),
  protocol: KERNEL,
}));
