/** Stories of resolv.conf: what each kind of Pod finds in it, as kubelet writes it, and what is left out where it does not fit. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatResolver, podResolver } from '../../src/dns/resolv-conf.js';
import { pod } from './pods.js';

const cluster = { servers: ['10.96.0.10', 'fd00:10:96::a'], domain: 'cluster.local' };
const MACHINE = '# a comment\nnameserver 192.168.1.1\nsearch home.arpa\noptions edns0\n';
const OWN = 'search shop.svc.cluster.local svc.cluster.local cluster.local';
const SERVERS = ['nameserver 10.96.0.10', 'nameserver fd00:10:96::a'];
const CLUSTER = [`${OWN} home.arpa`, ...SERVERS, 'options ndots:5'];
const NODE = ['search home.arpa', 'nameserver 192.168.1.1', 'options edns0'];

const lines = (spec: object, machine = MACHINE) => {
  const resolver = podResolver(pod(spec), cluster, machine);
  const text = formatResolver(resolver);
  assert.deepEqual(resolver.omitted, []);
  assert.match(text, /^$|\n$/);
  return text.split('\n').slice(0, -1);
};

describe('by dnsPolicy', () => {
  const table: Readonly<Record<string, readonly [spec: object, wanted: readonly string[]]>> = {
    'left out, it is ClusterFirst': [{}, CLUSTER],
    'ClusterFirst: the cluster, and behind its domains the machine’s': [{ dnsPolicy: 'ClusterFirst' }, CLUSTER],
    'ClusterFirst in the node’s network: the machine': [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, NODE],
    'ClusterFirstWithHostNet in the node’s network: the cluster': [
      { dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true },
      CLUSTER,
    ],
    'ClusterFirstWithHostNet in a network of its own: the cluster': [{ dnsPolicy: 'ClusterFirstWithHostNet' }, CLUSTER],
    'Default: the machine': [{ dnsPolicy: 'Default' }, NODE],
    'None: dnsConfig alone': [
      { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.2.3.4'], searches: ['a.b'] } },
      ['search a.b', 'nameserver 1.2.3.4'],
    ],
  };
  for (const [title, [spec, wanted]] of Object.entries(table)) it(title, () => assert.deepEqual(lines(spec), wanted));
});

describe('dnsConfig', () => {
  it('adds nameservers and search domains behind those of the policy, each once', () => {
    const dnsConfig = { nameservers: ['10.96.0.10', '192.0.2.1'], searches: ['svc.cluster.local', 'example.com'] };
    assert.deepEqual(lines({ dnsConfig }), [
      `${OWN} home.arpa example.com`,
      ...SERVERS,
      'nameserver 192.0.2.1',
      'options ndots:5',
    ]);
  });

  it('has the last word on options, which may have no value', () => {
    const options = [{ name: 'ndots', value: '2' }, { name: 'edns0' }, { name: 'timeout', value: '1' }];
    assert.equal(lines({ dnsConfig: { options } }).at(-1), 'options ndots:2 edns0 timeout:1');
    assert.equal(lines({ dnsPolicy: 'Default', dnsConfig: { options } }).at(-1), 'options edns0 ndots:2 timeout:1');
  });
});

describe('the machine’s own file', () => {
  const table: Readonly<Record<string, readonly [machine: string, wanted: readonly string[]]>> = {
    'is empty': ['', []],
    'of searches the last line holds': ['search a\nsearch b c\n', ['search b c']],
    'a domain with a dot at its end is the same': ['search b.c. b.c d.\n', ['search b.c d']],
    'a search of the root leads nowhere new': ['search .\nnameserver 1.1.1.1', ['nameserver 1.1.1.1']],
    'has lines without a value, of other words, and with blanks before them': [
      'nameserver\nsortlist 1.2.3.4\n  nameserver\t1.1.1.1  \noptions\n',
      ['nameserver 1.1.1.1'],
    ],
    'options add up': ['options rotate\noptions timeout:1\n', ['options rotate timeout:1']],
  };
  for (const [title, [machine, wanted]] of Object.entries(table))
    it(title, () => assert.deepEqual(lines({ dnsPolicy: 'Default' }, machine), wanted));
});

describe('what a resolver would not read is left out, and told', () => {
  const omitted = (spec: object, machine = MACHINE) => {
    const { searches, omitted } = podResolver(pod(spec), cluster, machine);
    return [searches.length, omitted] as const;
  };
  const many = (count: number, length = 8) =>
    Array.from({ length: count }, (_, i) => `${String(i).padStart(length - 2, 'd')}.x`);

  it('more than three nameservers', () => {
    const dnsConfig = { nameservers: ['192.0.2.1', '192.0.2.2'] };
    const { servers, omitted } = podResolver(pod({ dnsConfig }), cluster, MACHINE);
    assert.deepEqual(servers, ['10.96.0.10', 'fd00:10:96::a', '192.0.2.1']);
    assert.deepEqual(omitted, ['more than 3 nameservers, these are used: 10.96.0.10 fd00:10:96::a 192.0.2.1']);
  });

  it('more than 32 search domains', () => {
    const [full, nothing] = omitted({ dnsConfig: { searches: many(28) } });
    assert.deepEqual([full, nothing], [32, []]);
    const [count, sentences] = omitted({ dnsConfig: { searches: many(29) } });
    assert.equal(count, 32);
    assert.match(sentences.join(), /^more than 32 search domains or 2048 characters of them, these are used: shop\./);
  });

  it('more than 2048 characters of search domains', () => {
    const machine = `search ${many(20, 100).join(' ')}`;
    const [count, sentences] = omitted({}, machine);
    // 62 characters are the cluster's own three, with the blank behind them.
    assert.equal(count, 3 + Math.floor((2048 - 62 + 1) / 101));
    assert.equal(sentences.length, 1);
  });
});
