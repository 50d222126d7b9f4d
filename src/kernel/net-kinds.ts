/** The rtnetlink kinds: links, addresses, routes, rules, neighbours, forwarding entries, sysctls. Knows their identity and text. */

import { Cidr } from '../net/cidr.js';
import { type Kind, LINK_PREFIX, PROTOCOL } from './kind.js';
import type { Address, Fdb, Link, Neighbour, NextHop, PolicyRule, Route, Sysctl } from './net-objects.js';

export const linkKey = (name: string) => `link ${name}`;
const LINK_LOCAL = Cidr.of('fe80::/10');
const ourName = (name: string) => name.startsWith(LINK_PREFIX);

export const linkKind: Kind<Link> = {
  kind: 'link',
  // A Pod's policy is in force before the Pod has a link: its first packet already meets it.
  after: ['table', 'set', 'chain', 'element', 'slots', 'link'],
  key: link => linkKey(link.name),
  needs: link => (link.master ? [linkKey(link.master)] : []),
  format: link => words('link', link.name, 'type', typeText(link), link.up ? 'up' : 'down', ...linkAttributes(link)),
  equal: (wanted, observed) =>
    linkKind.replaceable!(wanted, observed) &&
    wanted.up === observed.up &&
    wanted.master === observed.master &&
    unlessOther(wanted.mtu, observed.mtu) &&
    unlessOther(wanted.mac, observed.mac) &&
    unlessOther(wanted.hairpin, observed.hairpin ?? false) &&
    unlessOther(wanted.group, observed.group ?? 0) &&
    unlessOther(wanted.alias, observed.alias ?? ''),
  replaceable: (wanted, observed) => wanted.type === 'other' || typeText(wanted, observed) === typeText(observed),
  ours: link => ourName(link.name),
};

export const sysctlKind: Kind<Sysctl> = {
  kind: 'sysctl',
  after: ['link'],
  key: sysctl => `sysctl ${sysctl.name}`,
  // A link's own settings begin anew when it does.
  needs: sysctl => {
    const link = /^net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//.exec(sysctl.name)?.[1];
    return link === undefined || link === 'all' || link === 'default' ? [] : [linkKey(link)];
  },
  format: sysctl => `sysctl ${sysctl.name} = ${sysctl.value}`,
  equal: (wanted, observed) => wanted.value === observed.value,
  ours: () => false,
};

export const addressKind: Kind<Address> = {
  kind: 'address',
  after: ['link', 'sysctl'],
  key: address => `address ${address.link} ${address.ip}/${address.prefix}`,
  needs: address => [linkKey(address.link)],
  format: address => words('address', `${address.ip}/${address.prefix}`, 'dev', address.link),
  equal: () => true,
  // Every link that is up has a link-local address of the kernel's own (RFC 4862 §5.3).
  ours: address => ourName(address.link) && !LINK_LOCAL.contains(address.ip),
};

export const ruleKind: Kind<PolicyRule> = {
  kind: 'rule',
  after: ['link'],
  key: rule => `rule ${rule.family} ${ruleText(rule)}`,
  needs: () => [],
  format: rule => `${words('rule', rule.family === 6 ? '-6' : '', ruleText(rule))}${protocolText(rule.protocol)}`,
  equal: (wanted, observed) => wanted.protocol === observed.protocol,
  ours: rule => rule.protocol === PROTOCOL,
};

export const neighbourKind: Kind<Neighbour> = {
  kind: 'neighbour',
  after: ['link'],
  key: neighbour => `neighbour ${neighbour.link} ${neighbour.ip}`,
  needs: neighbour => [linkKey(neighbour.link)],
  format: ({ ip, link, mac, permanent }) =>
    words('neighbour', `${ip}`, 'dev', link, 'lladdr', mac, permanent ? 'PERMANENT' : ''),
  equal: (wanted, observed) => wanted.mac === observed.mac && wanted.permanent === observed.permanent,
  ours: neighbour => neighbour.permanent && ourName(neighbour.link),
};

const ZERO_MAC = '00:00:00:00:00:00';

export const fdbKind: Kind<Fdb> = {
  kind: 'fdb',
  after: ['link'],
  // The all-zero entry of a VXLAN device is a list of flood destinations, any other address has one destination.
  key: fdb => words('fdb', fdb.link, fdb.mac, fdb.mac === ZERO_MAC && fdb.destination ? `${fdb.destination}` : ''),
  needs: fdb => [linkKey(fdb.link)],
  format: ({ mac, link, destination, permanent }) =>
    words('fdb', mac, 'dev', link, destination ? `dst ${destination}` : '', permanent ? 'permanent' : ''),
  equal: (wanted, observed) =>
    `${wanted.destination}` === `${observed.destination}` && wanted.permanent === observed.permanent,
  // The kernel itself keeps an entry for each port's own address; what podwire plans has a destination.
  ours: fdb => fdb.permanent && fdb.destination !== undefined && ourName(fdb.link),
};

export const routeKind: Kind<Route> = {
  kind: 'route',
  after: ['address', 'rule', 'neighbour', 'fdb'],
  key: route => `route ${tableText(route.table)} ${route.destination} metric ${metricOf(route)}`,
  needs: route => route.nexthops.flatMap(hop => (hop.link ? [linkKey(hop.link)] : [])),
  format: formatRoute,
  equal: (wanted, observed) =>
    wanted.type === observed.type &&
    wanted.protocol === observed.protocol &&
    unlessOther(wanted.scope, observed.scope ?? 'global') &&
    unlessOther(wanted.mtu, observed.mtu) &&
    (!wanted.source || wanted.source.toString() === observed.source?.toString()) &&
    sameHops(wanted.nexthops, observed.nexthops),
  ours: route => route.protocol === PROTOCOL,
};

/** What was not asked for is the kernel's choice. */
function unlessOther<T>(wanted: T | undefined, observed: T | undefined): boolean {
  return wanted === undefined || wanted === observed;
}

/** Type and what cannot change later; of a VXLAN device, `as` fills in what was not asked for. */
function typeText(link: Link, as: Link = link): string {
  if (link.type === 'other') return link.driver || 'none';
  if (link.type !== 'vxlan') return link.type;
  const local = link.local ?? (as.type === 'vxlan' ? as.local : undefined);
  const learning = link.learning ? '' : 'nolearning';
  return words('vxlan', `id ${link.vni}`, local ? `local ${local}` : '', `dstport ${link.port}`, learning);
}

function linkAttributes(link: Link): string[] {
  return [
    link.mtu === undefined ? '' : `mtu ${link.mtu}`,
    link.mac === undefined ? '' : `address ${link.mac}`,
    link.master === undefined ? '' : `master ${link.master}`,
    link.hairpin ? 'hairpin on' : '',
    link.group ? `group ${link.group}` : '',
    link.alias ? `alias "${link.alias}"` : '',
  ];
}

function ruleText(rule: PolicyRule): string {
  return words(
    `${rule.priority}:`,
    `from ${rule.from ?? 'all'}`,
    rule.to ? `to ${rule.to}` : '',
    rule.mark ? `fwmark 0x${rule.mark.value.toString(16)}/0x${rule.mark.mask.toString(16)}` : '',
    rule.iif ? `iif ${rule.iif}` : '',
    `lookup ${tableText(rule.table)}`,
  );
}

/** RT_TABLE_* of linux/rtnetlink.h. */
function tableText(table: number): string {
  return { 253: 'default', 254: 'main', 255: 'local' }[table] ?? String(table);
}

/** RTPROT_* of linux/rtnetlink.h. */
function protocolText(protocol: number): string {
  const name = { 1: 'redirect', 2: 'kernel', 3: 'boot', 4: 'static', 9: 'ra' }[protocol];
  return protocol === 0 ? '' : ` proto ${name ?? protocol}`;
}

function metricOf(route: Route): number {
  return route.metric || (route.destination.family === 6 ? 1024 : 0);
}

function formatRoute(route: Route): string {
  const several = route.nexthops.length > 1;
  const table = route.table === 254 ? '' : ` table ${tableText(route.table)}`;
  const head = words(
    'route',
    route.type === 'unicast' ? '' : route.type,
    route.destination.prefix ? `${route.destination}` : 'default',
    several ? '' : hopText(route.nexthops[0] ?? {}),
  );
  const tail = words(
    route.source ? `src ${route.source}` : '',
    metricOf(route) ? `metric ${metricOf(route)}` : '',
    route.mtu === undefined ? '' : `mtu ${route.mtu}`,
    !several && route.nexthops[0]?.onlink ? 'onlink' : '',
  );
  const scope = route.scope && route.scope !== 'global' ? `scope ${route.scope}` : '';
  const line = words(`${head}${table}${protocolText(route.protocol)}`, scope, tail);
  if (!several) return line;
  const hops = sortedHops(route.nexthops, route.nexthops[0]!);
  return [line, ...hops.map(hop => `\tnexthop ${hop}`)].join('\n');
}

function hopText(hop: NextHop): string {
  return words(hop.via ? `via ${hop.via}` : '', hop.link ? `dev ${hop.link}` : '');
}

function sameHops(wanted: readonly NextHop[], observed: readonly NextHop[]): boolean {
  // A blackhole has no next hop; the kernel says `dev lo` for IPv6.
  if (wanted.length === 0) return observed.every(hop => !hop.via);
  if (wanted.length !== observed.length) return false;
  const shape = wanted[0]!;
  return sortedHops(wanted, shape).join() === sortedHops(observed, shape).join();
}

/** Their text with what `shape` has: a route by gateway alone gets its link from the kernel. */
function sortedHops(hops: readonly NextHop[], shape: NextHop): string[] {
  return hops
    .map(hop =>
      words(
        hop.via ? `via ${hop.via}` : '',
        shape.link && hop.link ? `dev ${hop.link}` : '',
        hops.length > 1 ? `weight ${hop.weight ?? 1}` : '',
        shape.onlink !== undefined && hop.onlink ? 'onlink' : '',
      ),
    )
    .sort();
}

/** The words that there are, one space between. */
function words(...parts: string[]): string {
  return parts.filter(Boolean).join(' ');
}
