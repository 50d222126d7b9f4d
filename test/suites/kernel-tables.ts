/** The tables of the kernel suite: one pair of contents per kind, one line per refusal, whole states to travel between. */

import type { KernelObject, Operation } from '../../src/kernel/port.js';
import * as o from './kernel-objects.js';

const MAC = '02:00:00:00:00:02';
const OTHER_MAC = '02:00:00:00:00:03';

/** Two links, up, with an address of each family on the first. */
const pair: readonly KernelObject[] = [
  o.veth('pw0', { peer: { name: 'far0' } }),
  o.address('pw0', '10.0.0.1/24'),
  o.address('pw0', 'fd00::1/64'),
];

interface VerbCase {
  readonly title: string;
  readonly given?: readonly KernelObject[];
  readonly first: KernelObject;
  /** The same key with other content. */
  readonly second?: KernelObject;
}

const map = o.set('m', ['ipv4_addr', 'inet_proto', 'inet_service'], { data: ['ipv4_addr', 'inet_service'] });
const web = [o.ip('10.96.0.1'), 6, 80] as const;
const array = o.set('a', ['ipv4_addr', 'inet_proto', 'inet_service', 'mark'], { data: ['ipv4_addr', 'inet_service'] });
const target = (host: number) => [o.ip(`10.244.1.${host}`), 8080] as const;

export const VERBS: readonly VerbCase[] = [
  {
    title: 'veth',
    first: o.veth('pw0', { peer: { name: 'far0' }, mtu: 1500 }),
    second: o.veth('pw0', { mtu: 1400, alias: 'Pod default/web' }),
  },
  { title: 'link down', first: o.veth('pw0', { peer: { name: 'far0' } }), second: o.veth('pw0', { up: false }) },
  {
    title: 'bridge port',
    given: [o.bridge('pw-br0')],
    first: o.veth('pw0', { peer: { name: 'far0' } }),
    second: o.veth('pw0', { master: 'pw-br0', hairpin: true }),
  },
  { title: 'bridge', first: o.bridge('pw-br0') },
  {
    title: 'vxlan',
    first: o.vxlan('pw-vxlan', { mtu: 1450, mac: MAC }),
    second: o.vxlan('pw-vxlan', { mtu: 1400, mac: OTHER_MAC }),
  },
  { title: 'IPv4 address', given: pair, first: o.address('pw0', '10.1.0.1/24') },
  { title: 'IPv6 address', given: pair, first: o.address('pw0', 'fd01::1/64') },
  {
    title: 'IPv4 route by gateway',
    given: pair,
    first: o.route('10.7.0.0/16', [o.via('10.0.0.2', 'pw0')]),
    second: o.route('10.7.0.0/16', [o.via('10.0.0.3', 'pw0')]),
  },
  {
    title: 'IPv4 route by gateway alone',
    given: pair,
    first: o.route('10.7.0.0/16', [o.via('10.0.0.2')]),
    second: o.route('10.7.0.0/16', [o.dev('pw0')]),
  },
  {
    title: 'IPv6 route by gateway',
    given: pair,
    first: o.route('fd07::/64', [o.via('fd00::2', 'pw0')]),
    second: o.route('fd07::/64', [o.via('fd00::3', 'pw0')]),
  },
  {
    title: 'IPv4 route by two gateways',
    given: pair,
    first: o.route('10.7.0.0/16', [o.via('10.0.0.2', 'pw0'), o.via('10.0.0.3', 'pw0', { weight: 2 })]),
    second: o.route('10.7.0.0/16', [o.via('10.0.0.3', 'pw0')]),
  },
  {
    title: 'IPv6 route by two gateways',
    given: pair,
    first: o.route('fd07::/64', [o.via('fd00::2', 'pw0'), o.via('fd00::3', 'pw0')]),
    second: o.route('fd07::/64', [o.via('fd00::2', 'pw0')]),
  },
  {
    title: 'default route onlink',
    given: pair,
    first: o.route('0.0.0.0/0', [o.via('169.254.1.1', 'pw0', { onlink: true })]),
    second: o.route('0.0.0.0/0', [o.via('10.0.0.2', 'pw0')]),
  },
  {
    title: 'IPv6 default route by a link-local gateway',
    given: pair,
    first: o.route('::/0', [o.via('fe80::1', 'pw0')], { mtu: 1400 }),
    second: o.route('::/0', [o.via('fe80::2', 'pw0')]),
  },
  {
    title: 'host route with a source',
    given: pair,
    first: o.route('10.244.1.2/32', [o.dev('pw0')], { source: o.ip('10.0.0.1') }),
    second: o.route('10.244.1.2/32', [o.dev('pw0')], { mtu: 1300 }),
  },
  {
    title: 'blackhole',
    first: o.route('10.244.1.0/24', [], { type: 'blackhole' }),
    second: o.route('10.244.1.0/24', [], { type: 'unreachable' }),
  },
  { title: 'IPv6 blackhole', first: o.route('fd00:10:244:1::/64', [], { type: 'blackhole' }) },
  {
    title: 'route of another table with a metric',
    given: pair,
    first: o.route('0.0.0.0/0', [o.via('10.0.0.2')], { table: 98, metric: 7 }),
    second: o.route('0.0.0.0/0', [o.via('10.0.0.3')], { table: 98, metric: 7 }),
  },
  { title: 'rule', first: o.rule(100, 98, { from: o.cidr('10.244.0.0/16'), mark: { value: 0x4000, mask: 0xf000 } }) },
  { title: 'IPv6 rule', first: o.rule(100, 98, { family: 6, to: o.cidr('fd00::/64') }) },
  {
    title: 'neighbour',
    given: pair,
    first: o.neighbour('pw0', '10.0.0.2', MAC),
    second: o.neighbour('pw0', '10.0.0.2', OTHER_MAC),
  },
  {
    title: 'IPv6 neighbour',
    given: pair,
    first: o.neighbour('pw0', 'fe80::1', MAC),
    second: o.neighbour('pw0', 'fe80::1', OTHER_MAC),
  },
  {
    title: 'forwarding entry',
    given: [o.vxlan('pw-vxlan')],
    first: o.fdb('pw-vxlan', MAC, '172.30.0.12'),
    second: o.fdb('pw-vxlan', MAC, '172.30.0.13'),
  },
  {
    title: 'flood entry',
    given: [o.vxlan('pw-vxlan'), o.fdb('pw-vxlan', '00:00:00:00:00:00', '172.30.0.12')],
    first: o.fdb('pw-vxlan', '00:00:00:00:00:00', '172.30.0.13'),
  },
  {
    title: 'sysctl',
    given: pair,
    first: o.sysctl('net/ipv4/conf/pw0/forwarding', '1'),
    second: o.sysctl('net/ipv4/conf/pw0/forwarding', '0'),
  },
  { title: 'table', first: o.table },
  { title: 'set', given: [o.table], first: o.set('s', ['ipv4_addr'], { cause: 'Pods' }) },
  { title: 'set of prefixes', given: [o.table], first: o.set('s', ['ipv6_addr'], { interval: true }) },
  {
    title: 'set that rules fill',
    given: [o.table],
    first: o.set('s', ['ipv4_addr'], { dynamic: true, timeout: 10_800 }),
  },
  { title: 'map', given: [o.table], first: map },
  { title: 'verdict map', given: [o.table], first: o.set('v', ['ifname', 'ipv4_addr'], { data: 'verdict' }) },
  {
    title: 'chain',
    given: [o.table],
    first: o.chain('c', o.says(o.accept)),
    second: o.chain('c', o.because('Pod default/web', o.drop)),
  },
  {
    title: 'base chain',
    given: [o.table],
    first: o.baseChain('c', { type: 'filter', hook: 'forward', priority: 0, policy: 'drop' }),
    second: o.baseChain('c', { type: 'filter', hook: 'forward', priority: 0, policy: 'accept' }, o.says(o.accept)),
  },
  { title: 'element', given: [o.table, o.set('s', ['ipv4_addr'])], first: o.element('s', [o.ip('10.0.0.1')]) },
  {
    title: 'slots that grow',
    given: [o.table, array, o.slots('a', [o.ip('10.96.0.2'), 6, 80], target(9))],
    first: o.slots('a', web, target(1)),
    second: o.slots('a', web, target(2), target(1), target(3)),
  },
  {
    title: 'slots that shrink',
    given: [o.table, array],
    first: o.slots('a', web, target(1), target(2), target(3)),
    second: o.slots('a', web, target(1), target(3)),
  },
  {
    title: 'prefix',
    given: [o.table, o.set('s', ['ipv4_addr'], { interval: true })],
    first: o.element('s', [o.cidr('10.0.0.0/8')]),
  },
  {
    title: 'range',
    given: [o.table, o.set('s', ['ipv4_addr'], { interval: true })],
    first: o.element('s', [{ from: o.ip('10.0.0.1'), to: o.ip('10.0.0.6') }]),
  },
  {
    title: 'name of a link',
    given: [o.table, o.set('s', ['ifname', 'ether_addr'])],
    first: o.element('s', ['pw0', MAC]),
  },
  {
    title: 'map element',
    given: [o.table, map],
    first: o.element('m', web, [o.ip('10.244.1.2'), 8080]),
    second: o.element('m', web, [o.ip('10.244.2.2'), 8080]),
  },
  {
    title: 'verdict element',
    given: [o.table, o.chain('a'), o.chain('b'), o.set('v', ['mark'], { data: 'verdict' })],
    first: o.element('v', [1], o.goto('a')),
    second: o.element('v', [1], o.goto('b')),
  },
];

interface Refusal {
  readonly title: string;
  readonly given?: readonly KernelObject[];
  readonly operation: Operation;
  readonly errno: string;
  /** What older kernels say. */
  readonly formerly?: string;
}

const add = (object: KernelObject): Operation => ({ verb: 'add', object });
const remove = (object: KernelObject): Operation => ({ verb: 'delete', object });
const jumper = o.chain('a', o.says(o.jump('b')));

export const REFUSALS: readonly Refusal[] = [
  { title: 'an address on no link', operation: add(o.address('nowhere', '10.0.0.1/24')), errno: 'ENODEV' },
  { title: 'a route over no link', operation: add(o.route('10.7.0.0/16', [o.dev('nowhere')])), errno: 'ENODEV' },
  { title: 'a neighbour on no link', operation: add(o.neighbour('nowhere', '10.0.0.2', MAC)), errno: 'ENODEV' },
  {
    title: 'a port of no bridge',
    operation: add(o.veth('pw0', { peer: { name: 'far0' }, master: 'nowhere' })),
    errno: 'ENODEV',
  },
  { title: 'a setting of no link', operation: add(o.sysctl('net/ipv4/conf/nowhere/forwarding', '1')), errno: 'ENOENT' },
  {
    title: 'the other type of link',
    given: [o.bridge('pw0')],
    operation: { verb: 'replace', object: o.veth('pw0') },
    errno: 'EEXIST',
  },
  {
    title: 'an IPv4 gateway behind another',
    given: pair,
    operation: add(o.route('10.7.0.0/16', [o.via('10.99.0.1')])),
    errno: 'ENETUNREACH',
  },
  {
    title: 'an IPv6 gateway behind another',
    given: pair,
    operation: add(o.route('fd07::/64', [o.via('fd99::1')])),
    errno: 'EHOSTUNREACH',
  },
  {
    title: 'a route over a link that is down',
    given: [o.veth('pw0', { peer: { name: 'far0' }, up: false })],
    operation: add(o.route('10.7.0.0/16', [o.dev('pw0')])),
    errno: 'ENETDOWN',
  },
  {
    title: 'a source that is no address here',
    given: pair,
    operation: add(o.route('10.7.0.0/16', [o.dev('pw0')], { source: o.ip('10.0.0.77') })),
    errno: 'EINVAL',
  },
  {
    title: 'the loopback deleted',
    operation: remove({ kind: 'link', type: 'other', driver: '', name: 'lo', up: false }),
    errno: 'EOPNOTSUPP',
  },
  { title: 'a set without its table', operation: add(o.set('s', ['ipv4_addr'])), errno: 'ENOENT' },
  { title: 'a chain without its table', operation: add(o.chain('c')), errno: 'ENOENT' },
  {
    title: 'an element without its set',
    given: [o.table],
    operation: add(o.element('s', [o.ip('10.0.0.1')])),
    errno: 'ENOENT',
  },
  {
    title: 'a set with other types',
    given: [o.table, o.set('s', ['ipv4_addr'])],
    operation: { verb: 'replace', object: o.set('s', ['ipv6_addr']) },
    errno: 'EEXIST',
  },
  { title: 'a jump to no chain', given: [o.table], operation: add(jumper), errno: 'ENOENT' },
  {
    title: 'a look into no map',
    given: [o.table],
    operation: add(o.chain('a', o.says({ vmap: [{ field: 'ip daddr' }], map: { set: 'v' } }))),
    errno: 'ENOENT',
  },
  {
    title: 'a verdict to no chain',
    given: [o.table, o.set('v', ['ipv4_addr'], { data: 'verdict' })],
    operation: add(o.element('v', [o.ip('10.0.0.1')], o.goto('b'))),
    errno: 'ENOENT',
  },
  {
    title: 'a jump to a base chain',
    given: [o.table, o.baseChain('b', { type: 'filter', hook: 'input', priority: 0 })],
    operation: add(jumper),
    errno: 'EOPNOTSUPP',
  },
  {
    title: 'a circle of jumps that packets can reach',
    given: [
      o.table,
      o.chain('b'),
      jumper,
      o.baseChain('in', { type: 'filter', hook: 'input', priority: 0 }, o.says(o.jump('a'))),
    ],
    operation: { verb: 'replace', object: o.chain('b', o.says(o.jump('a'))) },
    errno: 'EMLINK',
  },
  {
    title: 'a chain in use by a rule',
    given: [o.table, o.chain('b'), jumper],
    operation: remove(o.chain('b')),
    errno: 'EBUSY',
  },
  {
    title: 'a chain in use by an element',
    given: [
      o.table,
      o.chain('b'),
      o.set('v', ['ipv4_addr'], { data: 'verdict' }),
      o.element('v', [o.ip('10.0.0.1')], o.goto('b')),
    ],
    operation: remove(o.chain('b')),
    errno: 'EBUSY',
  },
  {
    title: 'a map in use by a rule',
    given: [
      o.table,
      o.set('v', ['ipv4_addr'], { data: 'verdict' }),
      o.chain('a', o.says({ vmap: [{ field: 'ip daddr' }], map: { set: 'v' } })),
    ],
    operation: remove(o.set('v', ['ipv4_addr'], { data: 'verdict' })),
    errno: 'EBUSY',
  },
  {
    title: 'an element twice with different data',
    given: [o.table, map, o.element('m', web, [o.ip('10.244.1.2'), 8080])],
    operation: add(o.element('m', web, [o.ip('10.244.1.2'), 8081])),
    errno: 'EEXIST',
  },
  {
    title: 'destination NAT after routing',
    given: [o.table],
    operation: add(
      o.baseChain(
        'c',
        { type: 'nat', hook: 'postrouting', priority: 100 },
        o.says({ nat: 'dnat', family: 'ip', to: { ip: o.ip('10.0.0.1') } }),
      ),
    ),
    errno: 'EOPNOTSUPP',
  },
];

const nat = (hook: 'prerouting' | 'postrouting') =>
  ({ type: 'nat', hook, priority: hook === 'prerouting' ? -100 : 100, policy: 'accept' }) as const;
const service = [{ field: 'ip daddr' }, { field: 'meta l4proto' }, { field: 'th dport' }] as const;

/** A Service with two endpoints in the map shape, and what a node says beside it. */
const services: readonly KernelObject[] = [
  o.table,
  o.set('endpoints', ['ipv4_addr', 'inet_proto', 'inet_service', 'mark'], { data: ['ipv4_addr', 'inet_service'] }),
  o.set('services', ['ipv4_addr', 'inet_proto', 'inet_service'], { data: 'verdict' }),
  o.chain(
    'choose-2',
    o.says({
      nat: 'dnat',
      family: 'ip',
      to: { key: [...service, { numgen: 'random', mod: 2 }], map: { set: 'endpoints' }, port: true },
    }),
  ),
  o.baseChain('prerouting', nat('prerouting'), o.because('Services', { vmap: service, map: { set: 'services' } })),
  o.element('services', web, o.goto('choose-2')),
  o.slots('endpoints', web, [o.ip('10.244.1.2'), 8080], [o.ip('10.244.2.2'), 8080]),
];

export const STATES: Readonly<Record<string, readonly KernelObject[]>> = {
  nothing: [],
  links: [
    o.bridge('pw-br0'),
    o.veth('pw0', { peer: { name: 'far0' }, mtu: 1450, alias: 'Pod default/web-0' }),
    o.address('pw0', '10.0.0.1/24'),
    o.address('pw0', 'fd00::1/64'),
    o.neighbour('pw0', '10.0.0.2', MAC),
    o.route('10.7.0.0/16', [o.via('10.0.0.2', 'pw0')]),
    o.route('fd07::/64', [o.via('fd00::2', 'pw0')]),
    o.route('10.244.1.0/24', [], { type: 'blackhole' }),
    o.rule(100, 98, { from: o.cidr('10.244.0.0/16') }),
  ],
  'bridge and overlay': [
    o.bridge('pw-br0'),
    o.veth('pw0', { peer: { name: 'far0' }, master: 'pw-br0', hairpin: true }),
    o.address('pw-br0', '10.244.1.1/24'),
    o.vxlan('pw-vxlan', { mac: MAC, local: o.ip('172.30.0.11') }),
    o.fdb('pw-vxlan', OTHER_MAC, '172.30.0.12'),
    o.neighbour('pw-vxlan', '10.244.2.0', OTHER_MAC),
    o.route('10.244.2.0/24', [o.via('10.244.2.0', 'pw-vxlan', { onlink: true })]),
  ],
  services,
  // The same names with other contents: sets of another type, a chain that became a base chain, jumps turned round.
  'services otherwise': [
    o.table,
    o.set('endpoints', ['ipv6_addr', 'inet_proto', 'inet_service', 'mark'], { data: ['ipv6_addr', 'inet_service'] }),
    o.set('services', ['ipv6_addr', 'inet_proto', 'inet_service'], { data: 'verdict' }),
    o.chain(
      'prerouting',
      o.says({
        vmap: [{ field: 'ip6 daddr' }, { field: 'meta l4proto' }, { field: 'th dport' }],
        map: { set: 'services' },
      }),
    ),
    o.baseChain('choose-2', nat('prerouting'), o.says(o.jump('prerouting'))),
    o.chain('choose-1', o.says({ counter: true }, o.accept)),
    o.element('services', [o.ip('fd00:10:96::1'), 6, 80], o.goto('choose-1')),
    o.slots('endpoints', [o.ip('fd00:10:96::1'), 6, 80], [o.ip('fd00:10:244::2'), 8080]),
  ],
  policy: [
    o.table,
    o.set('pods', ['ipv4_addr'], { interval: true }),
    o.element('pods', [o.cidr('10.244.0.0/16')]),
    o.set('guard', ['ifname', 'ipv4_addr']),
    o.element('guard', ['pw0', o.ip('10.244.1.2')]),
    o.chain('tail', o.says({ reject: 'port-unreachable' })),
    o.baseChain(
      'forward',
      { type: 'filter', hook: 'forward', priority: 0, policy: 'accept' },
      o.says({ match: [{ field: 'ct state' }], op: '==', to: 'established,related' }, o.accept),
      o.says({ match: [{ field: 'meta iifname' }, { field: 'ip saddr' }], op: '!=', to: { set: 'guard' } }, o.drop),
      o.says(
        { match: [{ field: 'ip saddr' }], op: '==', to: { set: 'pods' } },
        { setMark: 'meta', value: 0x4000, mask: 0x4000 },
      ),
      o.says({ match: [{ field: 'th dport' }], op: '==', to: [53, 80] }, o.jump('tail')),
    ),
  ],
  'policy changed': [
    o.table,
    o.set('pods', ['ipv4_addr'], { interval: true }),
    o.element('pods', [o.cidr('10.244.1.0/24')]),
    o.element('pods', [o.cidr('10.244.2.0/24')]),
    o.chain('end', o.says(o.drop)),
    o.chain('tail', o.says(o.jump('end'))),
    o.baseChain(
      'forward',
      { type: 'filter', hook: 'forward', priority: 0, policy: 'drop' },
      o.because(
        'NetworkPolicy default/allow-web',
        { match: [{ field: 'ip saddr' }], op: '!=', to: { set: 'pods' } },
        o.jump('tail'),
      ),
    ),
    o.baseChain(
      'postrouting',
      nat('postrouting'),
      o.says({ match: [{ field: 'ip saddr' }], op: '==', to: { set: 'pods' } }, { masquerade: true }),
    ),
  ],
};
