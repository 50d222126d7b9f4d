/**
 * Look-ups as programs in Pods make them: resolv.conf as kubelet writes it, a stub resolver of either school, and this server's answers.
 * The schools differ in what they make of NXDOMAIN and NODATA: with the wrong one of the two, names are not found by one of them.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer } from '../../src/dns/chain.js';
import type { ClusterZone } from '../../src/dns/cluster-zone.js';
import { podResolver } from '../../src/dns/resolv-conf.js';
import { searchPathOf } from '../../src/dns/search-path.js';
import { RCODE } from '../../src/wire/dns.js';
import { pod } from '../kubelet/pods.js';
import { zoneOf } from './cluster.js';

const SERVICES = {
  'shop/web': { clusterIPs: ['10.96.0.7'] },
  'shop/both': { clusterIPs: ['10.96.0.8', 'fd00:10:96::8'] },
  'shop/six': { clusterIPs: ['fd00:10:96::9'] },
  'other/far': { clusterIPs: ['10.96.0.10'] },
  'shop/db': { headless: true, endpoints: ['db-0=10.244.1.5'] },
  'shop/alias': { externalName: 'web.shop.svc.cluster.local' },
};
const MACHINE = 'search home.arpa\n';
const POD = '10.244.1.1';
/** A server that leaves the search to its clients, and one that does it for them. */
const plain = zoneOf(SERVICES);
const searching = zoneOf(SERVICES, client =>
  client === POD ? searchPathOf(pod({}), 'cluster.local.', MACHINE) : undefined,
);

interface Found {
  readonly rcode: number;
  readonly ips: readonly string[];
}

/** Both answers to a name, and the code of the first; what is not the cluster's is known to an Internet with one name. */
type Query = (name: string) => Found;

const queryOf =
  (zone: ClusterZone): Query =>
  name => {
    const ips: string[] = [];
    const rcodes = (['A', 'AAAA'] as const).map(type => {
      let found = answer(zone, { name: name.toLowerCase(), spelled: name, type, class: 1 }, POD);
      while (found.forward && found.forward.name !== 'example.com.' && found.otherwise) found = found.otherwise;
      const known = found.forward?.name === 'example.com.';
      if (known && type === 'A') ips.push('203.0.113.100');
      for (const { data } of found.answers) if ('ip' in data) ips.push(String(data.ip));
      return found.forward && !known ? RCODE.NXDOMAIN : found.rcode;
    });
    assert.equal(rcodes[0], rcodes[1], `${name} exists for one family alone`);
    return { rcode: rcodes[0]!, ips };
  };

interface Config {
  readonly searches: readonly string[];
  readonly ndots: number;
}

type Resolver = (name: string, config: Config, query?: Query) => readonly string[];

const dots = (name: string) => name.split('.').length - 1;

/** res_search(3): the name itself first when it has dots enough, else last; NODATA is remembered, and the search goes on. */
const glibc: Resolver = (name, { searches, ndots }, query = queryOf(plain)) => {
  if (name.endsWith('.')) return query(name).ips;
  const listed = searches.map(domain => `${name}.${domain}.`);
  const order = dots(name) >= ndots ? [`${name}.`, ...listed] : [...listed, `${name}.`];
  for (const full of order) {
    const { ips } = query(full);
    if (ips.length) return ips;
  }
  return [];
};

/** musl: a name with dots enough is never searched for; the first domain that knows the name at all ends the search, with addresses or without. */
const musl: Resolver = (name, { searches, ndots }, query = queryOf(plain)) => {
  const list = name.endsWith('.') || dots(name) >= ndots ? [] : searches;
  for (const domain of list) {
    const { rcode, ips } = query(`${name}.${domain}.`);
    if (ips.length || rcode !== RCODE.NXDOMAIN) return ips;
  }
  return query(name.endsWith('.') ? name : `${name}.`).ips;
};

function configOf(spec: object): Config {
  const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' };
  const { searches, options } = podResolver(pod(spec), cluster, MACHINE);
  return { searches, ndots: Number(options.get('ndots') ?? 1) };
}

const STORIES: Readonly<Record<string, readonly string[]>> = {
  web: ['10.96.0.7'],
  both: ['10.96.0.8', 'fd00:10:96::8'],
  six: ['fd00:10:96::9'],
  alias: ['10.96.0.7'],
  'web.shop': ['10.96.0.7'],
  'web.shop.svc': ['10.96.0.7'],
  'web.shop.svc.cluster.local': ['10.96.0.7'],
  'web.shop.svc.cluster.local.': ['10.96.0.7'],
  'far.other': ['10.96.0.10'],
  far: [],
  'db-0.db': ['10.244.1.5'],
  'db-0.db.shop.svc.cluster.local': ['10.244.1.5'],
  'db-1.db': [],
  // NODATA for a name of the search path would end it here for musl.
  'example.com': ['203.0.113.100'],
  'example.com.': ['203.0.113.100'],
  'nothing.example.com': [],
};

for (const [school, resolver] of Object.entries({ glibc, musl })) {
  describe(`${school}, in namespace shop`, () => {
    for (const [name, ips] of Object.entries(STORIES))
      it(`${name}: ${ips.join(' ') || 'not found'}`, () => assert.deepEqual(resolver(name, configOf({})), ips));
  });

  describe(`${school}, with the search path walked by the server`, () => {
    for (const [name, ips] of Object.entries(STORIES))
      it(`${name}: the same${ips.length ? ', with one query' : ''}`, () => {
        let queries = 0;
        const query = queryOf(searching);
        const counted: Query = name => {
          queries++;
          return query(name);
        };
        assert.deepEqual(resolver(name, configOf({}), counted), ips);
        if (ips.length) assert.equal(queries, 1);
      });
  });
}

describe('with ndots:1, as many set it to save queries', () => {
  const config = configOf({ dnsConfig: { options: [{ name: 'ndots', value: '1' }] } });

  it('glibc still searches for a name with a dot when it is none by itself', () => {
    assert.deepEqual(glibc('far.other', config), ['10.96.0.10']);
  });

  it('musl does not', () => {
    assert.deepEqual(musl('far.other', config), []);
    assert.deepEqual(musl('web', config), ['10.96.0.7']);
  });
});

describe('in the node’s network', () => {
  it('without ClusterFirstWithHostNet no name of the cluster is found by its short form', () => {
    for (const resolver of [glibc, musl]) {
      assert.deepEqual(resolver('web', configOf({ hostNetwork: true })), []);
      assert.deepEqual(resolver('web', configOf({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' })), [
        '10.96.0.7',
      ]);
    }
  });
});
