/** Every word of our nftables language, through the kernel and back, with Debian's nft as the witness of what we wrote. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { openKernel } from '../../src/host/kernel-port.js';
import { dump } from '../../src/kernel/dump.js';
import { TABLE } from '../../src/kernel/kind.js';
import { equal, format, key } from '../../src/kernel/kinds.js';
import type {
  DataType,
  Expression,
  Field,
  Hook,
  NftObject,
  NftRule,
  NftSet,
  Statement,
  TableFamily,
  Value,
} from '../../src/kernel/nft-objects.js';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { freshNamespace, noNamespaces } from './namespaces.js';

const ip = Ip.of;
const cidr = Cidr.of;
const is = (field: Field, to: Value | readonly Value[]): Statement => ({ match: [{ field }], op: '==', to });
const isNot = (field: Field, to: Value | readonly Value[]): Statement => ({ match: [{ field }], op: '!=', to });
const fields = (...names: readonly Field[]): Expression[] => names.map(field => ({ field }));
const counter: Statement = { counter: true };

/** Matches on every field, each with the value of its type. */
const MATCHES: readonly Statement[] = [
  is('ip saddr', ip('10.0.0.1')),
  is('ip saddr', cidr('10.0.0.0/8')),
  is('ip daddr', cidr('10.64.0.0/10')),
  isNot('ip daddr', cidr('10.64.0.0/10')),
  is('ip daddr', { from: ip('10.0.0.1'), to: ip('10.0.0.6') }),
  isNot('ip daddr', { from: ip('10.0.0.1'), to: ip('10.0.0.6') }),
  is('ip daddr', [ip('10.0.0.1'), ip('10.0.0.3')]),
  is('ip daddr', [cidr('10.0.0.0/24'), ip('10.0.1.0'), { from: ip('10.0.2.1'), to: ip('10.0.2.6') }]),
  is('ip protocol', 6),
  is('ip6 saddr', ip('fd00::1')),
  is('ip6 daddr', cidr('fd00:10:244::/56')),
  is('ip6 nexthdr', 17),
  is('ether saddr', '02:00:00:00:00:01'),
  isNot('ether daddr', '02:00:00:00:00:01'),
  is('ether type', 'ip'),
  is('th sport', 53),
  is('th dport', [53, 5353]),
  is('tcp sport', 80),
  is('tcp dport', { from: 30000, to: 32767 }),
  isNot('tcp dport', [22, 80]),
  is('tcp flags', 'syn'),
  is('tcp flags', 'syn,ack'),
  { match: [{ field: 'tcp flags', mask: 0x17 }], op: '==', to: 'syn' },
  is('udp sport', 68),
  is('udp dport', 4789),
  { match: fields('udp dport'), op: '>', to: 1023 },
  { match: fields('th dport'), op: '<=', to: 1023 },
  is('icmp type', 'echo-request'),
  is('icmpv6 type', ['nd-router-solicit', 'nd-neighbor-solicit']),
  is('icmpv6 type', 'packet-too-big'),
  is('meta iifname', 'eth0'),
  is('meta iifname', 'pw*'),
  isNot('meta oifname', 'lo'),
  is('meta oifname', ['eth0', 'eth1']),
  is('meta l4proto', 17),
  is('meta l4proto', [6, 17]),
  is('meta nfproto', 'ipv6'),
  is('meta mark', 0x4000),
  { match: [{ field: 'meta mark', mask: 0xff00 }], op: '==', to: 0x4000 },
  { match: [{ field: 'meta mark', mask: 0xff00 }], op: '!=', to: 0 },
  is('meta protocol', 'ip6'),
  is('meta pkttype', 'broadcast'),
  is('ct state', 'new'),
  is('ct state', 'established,related'),
  isNot('ct state', 'new'),
  is('ct state', ['invalid', 'untracked']),
  is('ct status', 'dnat'),
  { match: [{ field: 'ct status', mask: 0x20 }], op: '==', to: 0 },
  is('ct mark', 7),
  is('ct direction', 'reply'),
  is('ct original ip saddr', ip('10.0.0.1')),
  is('ct original ip daddr', cidr('10.96.0.0/16')),
  is('ct original ip6 saddr', ip('fd00::1')),
  is('ct original ip6 daddr', ip('fd00::1')),
  is('ct original protocol', 6),
  is('fib daddr type', 'local'),
  { match: [{ numgen: 'random', mod: 3 }], op: '==', to: 1 },
  { match: [{ numgen: 'inc', mod: 4, offset: 2 }], op: '==', to: 3 },
  { match: fields('ip saddr', 'tcp dport'), op: '==', to: [ip('10.0.0.1'), 80] },
  { match: fields('meta iifname', 'ip saddr'), op: '!=', to: { set: 'guard' } },
  { match: fields('ip daddr'), op: '==', to: { set: 'prefixes' } },
  { match: fields('ip daddr', 'th dport'), op: '==', to: { set: 'ports' } },
];

/** What a filter chain can do. */
const ACTIONS: readonly (readonly Statement[])[] = [
  [{ verdict: 'accept' }],
  [{ verdict: 'drop' }],
  [{ verdict: 'return' }],
  [{ verdict: 'continue' }],
  [{ verdict: 'jump', chain: 'empty' }],
  [{ verdict: 'goto', chain: 'empty' }],
  [{ vmap: fields('ip daddr', 'meta l4proto', 'th dport'), map: { set: 'services' } }],
  [{ vmap: fields('ip saddr'), map: { set: 'zones' } }],
  [{ reject: 'port-unreachable' }],
  [{ reject: 'admin-prohibited' }],
  [is('meta l4proto', 6), { reject: 'tcp-reset' }],
  [is('ip saddr', ip('10.0.0.1')), is('tcp dport', 80), { reject: 'tcp-reset' }],
  [counter, { log: 'refused ' }, { verdict: 'drop' }],
  [{ log: '' }],
  [{ log: 'policy', group: 3 }],
  [{ limit: { rate: 10, per: 'second', burst: 5 } }, { log: 'seldom' }],
  [{ limit: { rate: 400, per: 'minute', burst: 50 } }, { verdict: 'accept' }],
  [{ setMark: 'meta', value: 0x4000 }],
  [{ setMark: 'meta', value: 0x4000, mask: 0x4000 }],
  [{ setMark: 'meta', value: 0x100, mask: 0xff00 }],
  [{ setMark: 'meta', value: 0, mask: 0xff00 }],
  [{ setMark: 'ct', value: 7 }],
  [{ setMark: 'ct', value: 0x100, mask: 0xff00 }],
  [{ update: { set: 'seen' }, key: fields('ip saddr', 'tcp dport') }],
  [
    {
      update: { set: 'affinity' },
      key: fields('ip saddr', 'ip daddr'),
      data: [
        { value: ip('10.0.0.1'), type: 'ipv4_addr' },
        { value: 8080, type: 'inet_service' },
      ],
    },
  ],
  // Explicit, then implied: both are kept.
  [is('meta nfproto', 'ipv4'), counter],
  [is('meta l4proto', 6), is('ct original proto-dst', 80), counter],
  [is('ct original protocol', 6), is('ct reply proto-src', [80, { from: 8000, to: 8010 }]), counter],
  [is('ct reply ip saddr', cidr('10.244.0.0/16')), is('ct reply ip6 saddr', ip('fd00::1')), counter],
];

const NAT: Readonly<Record<'dnat' | 'snat', readonly (readonly Statement[])[]>> = {
  dnat: [
    [{ nat: 'dnat', family: 'ip', to: { ip: ip('10.0.0.1') } }],
    [is('tcp dport', 80), { nat: 'dnat', family: 'ip', to: { ip: ip('10.0.0.1'), port: 8080 } }],
    [is('udp dport', 53), { nat: 'dnat', family: 'ip6', to: { ip: ip('fd00::1'), port: 53 } }],
    [
      {
        nat: 'dnat',
        family: 'ip',
        to: {
          key: [...fields('ip daddr', 'meta l4proto', 'th dport'), { numgen: 'random', mod: 3 }],
          map: { set: 'endpoints4' },
          port: true,
        },
      },
    ],
    [
      {
        nat: 'dnat',
        family: 'ip6',
        to: {
          key: [...fields('ip6 daddr', 'meta l4proto', 'th dport'), { numgen: 'inc', mod: 3, offset: 1 }],
          map: { set: 'endpoints6' },
          port: true,
        },
      },
    ],
    [{ nat: 'dnat', family: 'ip', to: { key: fields('ip daddr'), map: { set: 'public' }, port: false } }],
  ],
  snat: [
    [{ nat: 'snat', family: 'ip', to: { ip: ip('203.0.113.11') } }],
    [{ nat: 'snat', family: 'ip6', to: { ip: ip('2001:db8::11') } }],
    [{ nat: 'snat', family: 'ip', to: { key: fields('ip saddr'), map: { set: 'public' }, port: false } }],
    [is('ip saddr', cidr('10.244.0.0/16')), { masquerade: true }],
    [{ masquerade: true, fullyRandom: true }],
  ],
};

const set = (
  name: string,
  types: readonly DataType[],
  more: Partial<NftSet> = {},
  family: TableFamily = 'inet',
): NftSet => ({
  kind: 'set',
  family,
  table: TABLE,
  name,
  key: types,
  ...more,
});
const service: readonly DataType[] = ['inet_proto', 'inet_service'];
const SETS: readonly NftSet[] = [
  set('affinity', ['ipv4_addr', 'ipv4_addr'], { data: ['ipv4_addr', 'inet_service'], dynamic: true, timeout: 10800 }),
  set('endpoints4', ['ipv4_addr', ...service, 'mark'], { data: ['ipv4_addr', 'inet_service'] }),
  set('endpoints6', ['ipv6_addr', ...service, 'mark'], { data: ['ipv6_addr', 'inet_service'] }),
  set('guard', ['ifname', 'ipv4_addr']),
  set('marks', ['mark', 'nf_proto', 'ct_state', 'ether_addr']),
  set('numbers', ['mark'], { data: ['mark'] }),
  set('ports', ['ipv4_addr', 'inet_service'], { interval: true }),
  set('prefixes', ['ipv4_addr'], { interval: true, cause: 'NetworkPolicy default/web' }),
  set('public', ['ipv4_addr'], { data: ['ipv4_addr'] }),
  set('seen', ['ipv4_addr', 'inet_service'], { dynamic: true, timeout: 90 }),
  set('services', ['ipv4_addr', ...service], { data: 'verdict' }),
  set('states', ['ct_state']),
  set('zones', ['ipv4_addr'], { data: 'verdict', interval: true }),
];

const element = (
  name: string,
  values: readonly Value[],
  data?: Extract<NftObject, { kind: 'element' }>['data'],
): NftObject => ({
  kind: 'element',
  family: 'inet',
  table: TABLE,
  set: name,
  key: values,
  ...(data && { data }),
});
const slots = (name: string, key: readonly Value[], ...data: readonly (readonly Value[])[]): NftObject => ({
  kind: 'slots',
  family: 'inet',
  table: TABLE,
  set: name,
  key,
  data,
});
const ELEMENTS: readonly NftObject[] = [
  slots('endpoints4', [ip('10.96.0.1'), 6, 80], [ip('10.244.1.2'), 8080], [ip('10.244.2.2'), 8080]),
  slots('endpoints6', [ip('fd00:10:96::1'), 17, 53], [ip('fd00:10:244::2'), 5353]),
  element('guard', ['pw0123456789a', ip('10.244.1.2')]),
  element('marks', [0x4000, 'ipv6', 'established', '02:00:00:00:00:01']),
  element('numbers', [7], [0x10000]),
  element('ports', [cidr('10.0.0.0/8'), { from: 80, to: 90 }]),
  element('ports', [ip('192.0.2.1'), 443]),
  element('prefixes', [cidr('10.0.0.0/24')]),
  element('prefixes', [cidr('10.0.1.0/24')]),
  element('prefixes', [{ from: ip('10.0.2.1'), to: ip('10.0.2.6') }]),
  element('prefixes', [ip('255.255.255.255')]),
  element('public', [ip('172.30.0.11')], [ip('203.0.113.11')]),
  element('services', [ip('10.96.0.1'), 6, 80], { verdict: 'goto', chain: 'empty' }),
  element('states', ['new']),
  element('zones', [cidr('10.0.0.0/8')], { verdict: 'jump', chain: 'empty' }),
  element('zones', ['*'], { verdict: 'drop' }),
];

const chain = (name: string, rules: readonly NftRule[], base?: Hook, family: TableFamily = 'inet'): NftObject => ({
  kind: 'chain',
  family,
  table: TABLE,
  name,
  ...(base && { base }),
  rules,
});
const rules = (list: readonly (readonly Statement[])[], cause?: string): NftRule[] =>
  list.map(statements => ({ statements, ...(cause && { cause }) }));
const table = (family: TableFamily): NftObject => ({ kind: 'table', family, name: TABLE });

const RULESET: readonly NftObject[] = [
  table('inet'),
  ...SETS,
  chain('empty', []),
  chain('filter', [...rules(MATCHES.map(match => [match, counter])), ...rules(ACTIONS, 'Service default/web')], {
    type: 'filter',
    hook: 'forward',
    priority: -5,
    policy: 'drop',
  }),
  chain('from', rules([[is('fib saddr . iif oif', 'missing'), { verdict: 'drop' }], [{ notrack: true }]]), {
    type: 'filter',
    hook: 'prerouting',
    priority: -300,
    policy: 'accept',
  }),
  chain('nat-in', rules(NAT.dnat), { type: 'nat', hook: 'prerouting', priority: -100, policy: 'accept' }),
  chain('nat-out', rules(NAT.snat), { type: 'nat', hook: 'postrouting', priority: 100, policy: 'accept' }),
  ...ELEMENTS,
];

/** What only frames have, in the families that see them. */
const FRAMES: readonly Statement[] = [
  is('ether saddr', '02:00:00:00:00:01'),
  is('ether type', 'arp'),
  is('arp saddr ip', ip('10.0.0.1')),
  is('arp daddr ip', ip('10.0.0.1')),
  is('arp saddr ether', '02:00:00:00:00:01'),
  is('arp operation', 'request'),
  is('ip saddr', ip('10.0.0.1')),
  is('ip6 saddr', ip('fd00::1')),
  is('udp dport', 67),
  is('icmpv6 type', 'nd-neighbor-advert'),
  { match: fields('meta iifname', 'arp saddr ip'), op: '!=', to: { set: 'guard' } },
];
const frames = (family: 'bridge' | 'netdev', base: Hook): NftObject[] => [
  table(family),
  set('guard', ['ifname', 'ipv4_addr'], {}, family),
  chain('frames', rules(FRAMES.map(match => [match, counter])), base, family),
];

const noNft = spawnSync('nft', ['--version']).error ? 'nft is not installed' : false;

/** Writes the objects into a fresh namespace, reads them back, and asks nft. */
function check(title: string, objects: readonly NftObject[]): void {
  it(title, { skip: noNft }, () => {
    const namespace = freshNamespace('nft');
    const port = openKernel(namespace.path);
    try {
      const failures = port.apply(objects.map(object => ({ verb: 'add', object })));
      assert.deepEqual(
        failures
          .filter(({ errno }) => errno !== 'ECANCELED')
          .map(({ operation, message }) => [format(operation.object), message]),
        [],
      );
      const read = port.read(['table', 'set', 'chain', 'element', 'slots']);
      for (const object of objects) {
        const there = read.get(key(object));
        assert.ok(there && equal(object, there), `${format(object)}\n was read back as\n${there && format(there)}`);
      }
      assert.equal(read.size, objects.length);
      const listed = execFileSync('ip', ['netns', 'exec', namespace.name, 'nft', '-s', 'list', 'ruleset'], {
        encoding: 'utf8',
      });
      assert.equal(dump(read).trim(), listed.trim());
      assert.deepEqual(port.apply(objects.map(object => ({ verb: 'add', object }))), [], 'once more changes nothing');
    } finally {
      port.close();
      namespace.close();
    }
  });
}

describe('nftables, through the kernel and back', { skip: noNamespaces() }, () => {
  check('everything of family inet', RULESET);
  check(
    'frames in family bridge',
    frames('bridge', { type: 'filter', hook: 'prerouting', priority: -300, policy: 'accept' }),
  );
  check(
    'frames in family netdev',
    frames('netdev', { type: 'filter', hook: 'ingress', device: 'lo', priority: 0, policy: 'accept' }),
  );

  for (const statements of [...MATCHES.map(match => [match]), ...ACTIONS.filter(list => list.length === 1)]) {
    const one = chain('one', rules([statements]), { type: 'filter', hook: 'forward', priority: 0, policy: 'accept' });
    check(format(one).split('\n').at(-2)!.trim(), [table('inet'), ...SETS, chain('empty', []), one]);
  }
});
