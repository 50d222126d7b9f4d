/** The text form: nftables as `nft -s list ruleset` of Debian's nft 1.0.6 printed it (recorded), the rest in the words of `ip`. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dump } from '../../src/kernel/dump.js';
import type { Expression, NftRule, Statement, Value } from '../../src/kernel/nft-objects.js';
import { formatRule } from '../../src/kernel/nft-text.js';
import * as o from '../suites/kernel-objects.js';

/** One match in the shortest spelling: `field op value`. */
const match = (
  field: string,
  to: Value | readonly Value[] | { set: string },
  op: '==' | '!=' | '>=' | '<' = '==',
  mask?: number,
): Statement => ({ match: [{ field, mask } as Expression], op, to });

/** Each text was taken from the real tool after it had parsed it. */
const RULES: readonly (readonly [NftRule, string])[] = [
  [
    o.says(match('ip saddr', o.cidr('10.244.0.0/16')), match('ip daddr', o.cidr('10.244.0.0/16'), '!='), {
      masquerade: true,
    }),
    'ip saddr 10.244.0.0/16 ip daddr != 10.244.0.0/16 masquerade',
  ],
  [
    o.says(match('ip saddr', [o.ip('10.0.0.9'), o.cidr('10.0.0.0/8'), o.ip('1.2.3.4')]), o.drop),
    'ip saddr { 1.2.3.4, 10.0.0.0/8, 10.0.0.9 } drop',
  ],
  [o.says(match('ip saddr', o.cidr('1.1.1.1/32')), o.drop), 'ip saddr 1.1.1.1 drop'],
  [o.says(match('ip6 saddr', o.cidr('fe80::/10')), o.drop), 'ip6 saddr fe80::/10 drop'],
  [o.says(match('ip saddr', { set: 'pods' }, '!='), { counter: true }), 'ip saddr != @pods counter'],
  [o.says(match('ct state', 'established,related'), o.accept), 'ct state established,related accept'],
  [o.says(match('ct state', ['new', 'established']), o.accept), 'ct state { established, new } accept'],
  [o.says(match('ct status', 48), o.accept), 'ct status snat,dnat accept'],
  [o.says(match('ct status', 0, '==', 32), o.accept), 'ct status ! dnat accept'],
  [
    o.says(
      match('ct status', 'dnat'),
      match('ct direction', 'original'),
      match('ct original ip daddr', o.cidr('10.96.0.0/16')),
      o.accept,
    ),
    'ct status dnat ct direction original ct original ip daddr 10.96.0.0/16 accept',
  ],
  [o.says(match('ct original protocol', 6), o.accept), 'ct protocol tcp accept'],
  [
    o.says(match('ct reply ip saddr', o.ip('10.0.0.1')), match('ct reply proto-src', 80), o.accept),
    'ct reply ip saddr 10.0.0.1 ct reply proto-src 80 accept',
  ],
  [o.says(match('meta mark', 0x4000, '==', 0x4000), o.accept), 'meta mark & 0x00004000 == 0x00004000 accept'],
  [o.says(match('meta mark', 0, '!=', 0x4000), o.accept), 'meta mark & 0x00004000 != 0x00000000 accept'],
  [o.says(match('meta mark', 1, '!='), o.accept), 'meta mark != 0x00000001 accept'],
  [
    o.says(match('meta iifname', 'pw*'), match('meta oifname', 'eth0', '!='), o.drop),
    'iifname "pw*" oifname != "eth0" drop',
  ],
  [o.says(match('meta iifname', ['eth0', 'zz', 'abc']), o.accept), 'iifname { "zz", "abc", "eth0" } accept'],
  [
    o.says({ match: [{ field: 'meta iifname' }, { field: 'ip saddr' }], op: '!=', to: { set: 'guard' } }, o.drop),
    'iifname . ip saddr != @guard drop',
  ],
  [
    o.says(match('meta l4proto', [17, 6]), match('th dport', 53), o.accept),
    'meta l4proto { tcp, udp } th dport 53 accept',
  ],
  [o.says(match('th dport', { from: 30_000, to: 32_767 }), o.accept), 'th dport 30000-32767 accept'],
  [
    o.says(match('th dport', 30_000, '>='), match('th dport', 5, '<'), o.accept),
    'th dport >= 30000 th dport < 5 accept',
  ],
  [o.says(match('tcp flags', 'syn', '==', 23), o.accept), 'tcp flags syn / fin,syn,rst,ack accept'],
  [o.says(match('tcp flags', 2), o.accept), 'tcp flags syn accept'],
  [
    o.says(match('icmpv6 type', [134, 133, 137]), o.drop),
    'icmpv6 type { nd-router-solicit, nd-router-advert, nd-redirect } drop',
  ],
  [
    o.says(match('ether type', 'arp'), match('arp operation', 1, '!='), o.accept),
    'ether type arp arp operation != request accept',
  ],
  [o.says(match('meta pkttype', ['multicast', 'host']), o.accept), 'meta pkttype { host, multicast } accept'],
  [
    o.says(match('meta nfproto', 'ipv6'), match('fib daddr type', 2), o.accept),
    'meta nfproto ipv6 fib daddr type local accept',
  ],
  [o.says(match('fib saddr . iif oif', 0), o.drop), 'fib saddr . iif oif missing drop'],
  [o.says({ nat: 'dnat', family: 'ip', to: { ip: o.ip('10.1.1.1'), port: 80 } }), 'dnat ip to 10.1.1.1:80'],
  [o.says({ nat: 'dnat', family: 'ip6', to: { ip: o.ip('fd00::1'), port: 80 } }), 'dnat ip6 to [fd00::1]:80'],
  [
    o.says({ nat: 'snat', family: 'ip', to: { key: [{ field: 'ip saddr' }], map: { set: 'one' }, port: false } }),
    'snat ip to ip saddr map @one',
  ],
  [o.because('masquerade', { masquerade: true, fullyRandom: true }), 'masquerade fully-random comment "masquerade"'],
  [o.says({ reject: 'port-unreachable' }), 'reject'],
  [o.says({ reject: 'admin-prohibited' }), 'reject with icmpx admin-prohibited'],
  [o.says(match('meta l4proto', 6), { reject: 'tcp-reset' }), 'meta l4proto tcp reject with tcp reset'],
  [o.says({ log: 'hello ', group: 2 }), 'log prefix "hello " group 2'],
  [o.says({ limit: { rate: 10, per: 'second', burst: 20 } }, o.accept), 'limit rate 10/second burst 20 packets accept'],
  [o.says({ limit: { rate: 10, per: 'minute', burst: 5 } }, o.accept), 'limit rate 10/minute accept'],
  [o.says({ setMark: 'meta', value: 0x4000 }), 'meta mark set 0x00004000'],
  [o.says({ setMark: 'meta', value: 0x4000, mask: 0x4000 }), 'meta mark set meta mark | 0x00004000'],
  [o.says({ setMark: 'ct', value: 0x4000, mask: 0xffff }), 'ct mark set ct mark & 0xffff4000 | 0x00004000'],
  [
    o.says({ update: { set: 'seen' }, key: [{ field: 'ip saddr' }], data: [{ field: 'ip daddr' }] }),
    'update @seen { ip saddr : ip daddr }',
  ],
  [o.says({ notrack: true }), 'notrack'],
];

describe('text of rules, as nft prints them', () => {
  for (const [rule, text] of RULES) it(text, () => assert.equal(formatRule(rule), text));
});

it('text of a whole state', () => {
  const elements = [
    ...['10.0.0.10', '9.0.0.1', '10.0.0.9', '1.1.1.1', '2.2.2.2'].map(at => o.element('s1', [o.ip(at)])),
    ...[443, 80, 1, 2, 3, 4].map(port => o.element('s2', [port])),
    ...(['pw1', 'eth0', 'a'] as const).map(name => o.element('s3', [name])),
    o.element('s4', [o.ip('10.0.0.9'), 6, 80], o.goto('c1')),
    o.element('s4', [o.ip('10.0.0.10'), 17, 53], { verdict: 'drop' }),
    o.element('s5', ['*'], { verdict: 'drop' }),
    o.element('s5', [o.cidr('10.0.0.0/8')], { verdict: 'accept' }),
    o.element('s5', [{ from: o.ip('1.1.1.1'), to: o.ip('1.1.1.7') }], { verdict: 'jump', chain: 'c1' }),
    o.element('s6', [o.ip('10.0.0.9'), 1], [o.ip('1.2.3.4'), 81]),
    o.element('s6', [o.ip('10.0.0.9'), 0], [o.ip('1.2.3.4'), 80]),
  ];
  const state = [
    ...elements,
    o.chain('c1', o.because('Service default/web', { counter: true }, o.accept)),
    o.baseChain('pre', { type: 'nat', hook: 'prerouting', priority: -100 }, o.says(o.jump('c1'))),
    o.baseChain('c2', { type: 'filter', hook: 'input', priority: 5, policy: 'drop' }),
    o.set('s1', ['ipv4_addr'], { cause: 'hello' }),
    o.set('s2', ['inet_service']),
    o.set('s3', ['ifname']),
    o.set('s4', ['ipv4_addr', 'inet_proto', 'inet_service'], { data: 'verdict' }),
    o.set('s5', ['ipv4_addr'], { data: 'verdict', interval: true }),
    o.set('s6', ['ipv4_addr', 'mark'], { data: ['ipv4_addr', 'inet_service'] }),
    o.set('s7', ['ipv4_addr'], { dynamic: true, timeout: 90, cause: 'c' }),
    o.set('s10', ['ipv4_addr'], { timeout: 10_800 }),
    o.table,
    o.route('0.0.0.0/0', [o.via('169.254.1.1', 'eth0', { onlink: true })]),
    o.route('10.244.2.0/24', [o.via('172.30.0.13', 'eth0'), o.via('172.30.0.12', 'eth0', { weight: 2 })]),
    o.route('10.244.1.0/24', [], { type: 'blackhole' }),
    o.route('fd00:10:244:1::2/128', [o.dev('pw0')], { source: o.ip('fd00::1'), mtu: 1400 }),
    o.route('10.0.0.0/24', [o.dev('eth0')], { table: 255, protocol: 2, scope: 'link' }),
    o.veth('pw0', { mtu: 1450, master: 'pw-br0', hairpin: true, alias: 'Pod default/web-0' }),
    o.bridge('pw-br0'),
    o.vxlan('pw-vxlan', { local: o.ip('172.30.0.11') }),
    o.address('eth0', 'fd00::1/64'),
    o.rule(100, 98, { from: o.cidr('10.244.0.0/16'), mark: { value: 0x4000, mask: 0xf000 } }),
    o.neighbour('pw0', '10.244.1.2', '02:00:00:00:00:02'),
    o.fdb('pw-vxlan', '02:00:00:00:00:03', '172.30.0.12'),
    o.sysctl('net/ipv4/ip_forward', '1'),
  ];
  assert.equal(dump(state), EXPECTED);
});

const EXPECTED = `\
link pw-br0 type bridge up
link pw-vxlan type vxlan id 42 local 172.30.0.11 dstport 4789 nolearning up
link pw0 type veth up mtu 1450 master pw-br0 hairpin on alias "Pod default/web-0"
sysctl net/ipv4/ip_forward = 1
address fd00::1/64 dev eth0
rule 100: from 10.244.0.0/16 fwmark 0x4000/0xf000 lookup 98 proto 98
neighbour 10.244.1.2 dev pw0 lladdr 02:00:00:00:00:02 PERMANENT
fdb 02:00:00:00:00:03 dev pw-vxlan dst 172.30.0.12 permanent
route 10.0.0.0/24 dev eth0 table local proto kernel scope link
route default via 169.254.1.1 dev eth0 proto 98 onlink
route blackhole 10.244.1.0/24 proto 98
route 10.244.2.0/24 proto 98
\tnexthop via 172.30.0.12 dev eth0 weight 2
\tnexthop via 172.30.0.13 dev eth0 weight 1
route fd00:10:244:1::2/128 dev pw0 proto 98 src fd00::1 metric 1024 mtu 1400
table inet podwire {
	set s1 {
		type ipv4_addr
		comment "hello"
		elements = { 1.1.1.1, 2.2.2.2,
			     9.0.0.1, 10.0.0.9,
			     10.0.0.10 }
	}

	set s2 {
		type inet_service
		elements = { 1, 2, 3, 4, 80,
			     443 }
	}

	set s3 {
		type ifname
		elements = { "a",
			     "pw1",
			     "eth0" }
	}

	map s4 {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.0.0.10 . udp . 53 : drop,
			     10.0.0.9 . tcp . 80 : goto c1 }
	}

	map s5 {
		type ipv4_addr : verdict
		flags interval
		elements = { 1.1.1.1-1.1.1.7 : jump c1, 10.0.0.0/8 : accept,
			     * : drop }
	}

	map s6 {
		type ipv4_addr . mark : ipv4_addr . inet_service
		elements = { 10.0.0.9 . 0x00000000 : 1.2.3.4 . 80,
			     10.0.0.9 . 0x00000001 : 1.2.3.4 . 81 }
	}

	set s7 {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 1m30s
		comment "c"
	}

	set s10 {
		type ipv4_addr
		timeout 3h
	}

	chain c1 {
		counter accept comment "Service default/web"
	}

	chain c2 {
		type filter hook input priority filter + 5; policy drop;
	}

	chain pre {
		type nat hook prerouting priority dstnat; policy accept;
		jump c1
	}
}
`;
