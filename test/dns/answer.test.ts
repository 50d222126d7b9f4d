/** Questions and answers in DNS's own text: what the chain says of a small cluster, type by type. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, NEGATIVE, SOA, table } from './ask.js';
import { type Story, service, zoneOf } from './cluster.js';

const CLUSTER = zoneOf({
  'default/kubernetes': { clusterIPs: ['10.96.0.1'], ports: [{ name: 'https', port: 443 }] },
  'shop/web': {
    clusterIPs: ['10.96.12.7', 'fd00:10:96::7'],
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', protocol: 'UDP', port: 53 },
    ],
  },
  'shop/unnamed': { clusterIPs: ['10.96.12.8'], ports: [{ port: 80 }] },
  'shop/db': {
    headless: true,
    ports: [{ name: 'sql', port: 32 }],
    endpoints: ['db-0=10.244.1.5', 'db-0=fd00:10:244:1::5', '10.244.2.6', '!db-2=10.244.3.7'],
  },
  'shop/asleep': { headless: true, endpoints: ['!a=10.244.3.8'], ports: [{ name: 'x', port: 1 }] },
  'shop/early': { headless: true, endpoints: ['!a=10.244.3.9'], publishNotReadyAddresses: true },
  'shop/outside': { externalName: 'WWW.example.com' },
  'shop/inside': { externalName: 'web.shop.svc.cluster.local' },
  'shop/nowhere': { externalName: 'gone.shop.svc.cluster.local' },
  'shop/waiting': { ports: [{ name: 'x', port: 1 }] },
  'shop/twice': { externalName: 'inside.shop.svc.cluster.local.' },
  'shop/loop': { externalName: 'pool.shop.svc.cluster.local' },
  'shop/pool': { externalName: 'loop.shop.svc.cluster.local' },
  'shop/bad': { externalName: 'a..b' },
});

table(CLUSTER, 'a Service with ClusterIPs (specification 2.3)', {
  'web.shop.svc.cluster.local. A': ['NOERROR services', '  web.shop.svc.cluster.local. 5 IN A 10.96.12.7'],
  'WEB.shop.SVC.cluster.local. A': ['NOERROR services', '  web.shop.svc.cluster.local. 5 IN A 10.96.12.7'],
  'web.shop.svc.cluster.local. AAAA': ['NOERROR services', '  web.shop.svc.cluster.local. 5 IN AAAA fd00:10:96::7'],
  'kubernetes.default.svc.cluster.local. AAAA': ['NOERROR services', NEGATIVE],
  'web.shop.svc.cluster.local. TYPE65': ['NOERROR services', NEGATIVE],
  '_http._tcp.web.shop.svc.cluster.local. SRV': [
    'NOERROR services',
    '  _http._tcp.web.shop.svc.cluster.local. 5 IN SRV 0 100 80 web.shop.svc.cluster.local.',
    '+ web.shop.svc.cluster.local. 5 IN A 10.96.12.7',
    '+ web.shop.svc.cluster.local. 5 IN AAAA fd00:10:96::7',
  ],
  '_dns._udp.web.shop.svc.cluster.local. SRV': [
    'NOERROR services',
    '  _dns._udp.web.shop.svc.cluster.local. 5 IN SRV 0 100 53 web.shop.svc.cluster.local.',
    '+ web.shop.svc.cluster.local. 5 IN A 10.96.12.7',
    '+ web.shop.svc.cluster.local. 5 IN AAAA fd00:10:96::7',
  ],
  '_dns._tcp.web.shop.svc.cluster.local. SRV': ['NXDOMAIN services', NEGATIVE],
  '_http._tcp.web.shop.svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  '_HTTP._TCP.web.shop.svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  'web.shop.svc.cluster.local. CNAME': ['NOERROR services', NEGATIVE],
  'web.shop.svc.cluster.local. SOA': ['NOERROR services', NEGATIVE],
  'web.shop.svc.cluster.local. NS': ['NOERROR services', NEGATIVE],
  // No address was given to it yet.
  'waiting.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  '_x._tcp.waiting.shop.svc.cluster.local. SRV': ['NXDOMAIN services', NEGATIVE],
  '7.12.96.10.in-addr.arpa. PTR': [
    'NOERROR reverse',
    '  7.12.96.10.in-addr.arpa. 5 IN PTR web.shop.svc.cluster.local.',
  ],
  '7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR': [
    'NOERROR reverse',
    '  7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. 5 IN PTR web.shop.svc.cluster.local.',
  ],
});

table(CLUSTER, 'a headless Service (2.4)', {
  'db.shop.svc.cluster.local. A': [
    'NOERROR services',
    '  db.shop.svc.cluster.local. 5 IN A 10.244.1.5',
    '  db.shop.svc.cluster.local. 5 IN A 10.244.2.6',
  ],
  'db.shop.svc.cluster.local. AAAA': ['NOERROR services', '  db.shop.svc.cluster.local. 5 IN AAAA fd00:10:244:1::5'],
  'db-0.db.shop.svc.cluster.local. A': ['NOERROR services', '  db-0.db.shop.svc.cluster.local. 5 IN A 10.244.1.5'],
  'db-0.db.shop.svc.cluster.local. AAAA': [
    'NOERROR services',
    '  db-0.db.shop.svc.cluster.local. 5 IN AAAA fd00:10:244:1::5',
  ],
  '10-244-2-6.db.shop.svc.cluster.local. A': [
    'NOERROR services',
    '  10-244-2-6.db.shop.svc.cluster.local. 5 IN A 10.244.2.6',
  ],
  'db-2.db.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  '_sql._tcp.db.shop.svc.cluster.local. SRV': [
    'NOERROR services',
    '  _sql._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 100 8032 db-0.db.shop.svc.cluster.local.',
    '  _sql._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 100 8032 10-244-2-6.db.shop.svc.cluster.local.',
    '+ db-0.db.shop.svc.cluster.local. 5 IN A 10.244.1.5',
    '+ db-0.db.shop.svc.cluster.local. 5 IN AAAA fd00:10:244:1::5',
    '+ 10-244-2-6.db.shop.svc.cluster.local. 5 IN A 10.244.2.6',
  ],
  '5.1.244.10.in-addr.arpa. PTR': [
    'NOERROR reverse',
    '  5.1.244.10.in-addr.arpa. 5 IN PTR db-0.db.shop.svc.cluster.local.',
  ],
  'asleep.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'early.shop.svc.cluster.local. A': ['NOERROR services', '  early.shop.svc.cluster.local. 5 IN A 10.244.3.9'],
});

table(CLUSTER, 'an ExternalName (2.5)', {
  'outside.shop.svc.cluster.local. A': [
    'NOERROR forward',
    '  outside.shop.svc.cluster.local. 5 IN CNAME WWW.example.com.',
    '> www.example.com. A',
  ],
  'outside.shop.svc.cluster.local. CNAME': [
    'NOERROR services',
    '  outside.shop.svc.cluster.local. 5 IN CNAME WWW.example.com.',
  ],
  'outside.shop.svc.cluster.local. AAAA': [
    'NOERROR forward',
    '  outside.shop.svc.cluster.local. 5 IN CNAME WWW.example.com.',
    '> www.example.com. AAAA',
  ],
  'inside.shop.svc.cluster.local. AAAA': [
    'NOERROR services',
    '  inside.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.',
    '  web.shop.svc.cluster.local. 5 IN AAAA fd00:10:96::7',
  ],
  // The alias exists, what it leads to has nothing of that type: NODATA is the answer (RFC 2308 §2.2).
  'inside.shop.svc.cluster.local. MX': [
    'NOERROR services',
    '  inside.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.',
    NEGATIVE,
  ],
  'nowhere.shop.svc.cluster.local. A': [
    'NXDOMAIN services',
    '  nowhere.shop.svc.cluster.local. 5 IN CNAME gone.shop.svc.cluster.local.',
    NEGATIVE,
  ],
  'x.outside.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'twice.shop.svc.cluster.local. A': [
    'NOERROR services',
    '  twice.shop.svc.cluster.local. 5 IN CNAME inside.shop.svc.cluster.local.',
    '  inside.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.',
    '  web.shop.svc.cluster.local. 5 IN A 10.96.12.7',
  ],
  'loop.shop.svc.cluster.local. A': ['SERVFAIL chain'],
  'bad.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
});

table(CLUSTER, 'names of Pods by address (2.6)', {
  '10-244-1-5.shop.pod.cluster.local. A': ['NOERROR pods', '  10-244-1-5.shop.pod.cluster.local. 5 IN A 10.244.1.5'],
  '10-244-1-5.shop.pod.cluster.local. AAAA': ['NOERROR pods', NEGATIVE],
  'fd00-10-244--5.shop.pod.cluster.local. AAAA': [
    'NOERROR pods',
    '  fd00-10-244--5.shop.pod.cluster.local. 5 IN AAAA fd00:10:244::5',
  ],
  '10-244-1-256.shop.pod.cluster.local. A': ['NXDOMAIN pods', NEGATIVE],
  '010-244-1-5.shop.pod.cluster.local. A': ['NXDOMAIN pods', NEGATIVE],
  'web-0.shop.pod.cluster.local. A': ['NXDOMAIN pods', NEGATIVE],
  'a.10-244-1-5.shop.pod.cluster.local. A': ['NXDOMAIN pods', NEGATIVE],
  'shop.pod.cluster.local. A': ['NOERROR pods', NEGATIVE],
  'pod.cluster.local. A': ['NOERROR pods', NEGATIVE],
});

table(CLUSTER, 'the zone itself, and what exists in it', {
  'dns-version.cluster.local. TXT': ['NOERROR services', '  dns-version.cluster.local. 5 IN TXT "1.1.0"'],
  'cluster.local. SOA': ['NOERROR services', `  cluster.local. 5 IN ${SOA}`],
  'cluster.local. NS': ['NOERROR services', '  cluster.local. 5 IN NS ns.dns.cluster.local.'],
  'ns.dns.cluster.local. A': ['NOERROR services', '  ns.dns.cluster.local. 5 IN A 10.96.0.10'],
  'ns.dns.cluster.local. AAAA': ['NOERROR services', '  ns.dns.cluster.local. 5 IN AAAA fd00:10:96::a'],
  'dns.cluster.local. A': ['NOERROR services', NEGATIVE],
  'dns-version.cluster.local. A': ['NOERROR services', NEGATIVE],
  'cluster.local. A': ['NOERROR services', NEGATIVE],
  'svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  'shop.svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  '_tcp.web.shop.svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  '_tcp.unnamed.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'nowhere.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'web.shop.svc.cluster.local.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  '*.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'web\\.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
});

table(CLUSTER, 'addresses without a name', {
  '9.9.244.10.in-addr.arpa. PTR': ['NXDOMAIN reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '12.96.10.in-addr.arpa. PTR': ['NOERROR reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '13.96.10.in-addr.arpa. PTR': ['NXDOMAIN reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '7.12.96.10.in-addr.arpa. TXT': ['NOERROR reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '244.10.in-addr.arpa. PTR': ['NOERROR reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '7.12.96.10.in-addr.arpa. A': ['NOERROR reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '8.8.8.8.in-addr.arpa. PTR': ['NOERROR forward', '> 8.8.8.8.in-addr.arpa. PTR'],
  '10.in-addr.arpa. PTR': ['NOERROR forward', '> 10.in-addr.arpa. PTR'],
  '007.12.96.10.in-addr.arpa. PTR': ['NOERROR forward', '> 007.12.96.10.in-addr.arpa. PTR'],
});

table(CLUSTER, 'everything else', {
  'example.com. A': ['NOERROR forward', '> example.com. A'],
  'mycluster.local. A': ['NOERROR forward', '> mycluster.local. A'],
  '. NS': ['NOERROR forward', '> . NS'],
  'web.shop.svc.cluster.local. ANY': ['NOERROR refuse', '  web.shop.svc.cluster.local. 5 IN HINFO "RFC8482" ""'],
  'cluster.local. AXFR': ['REFUSED refuse'],
  'web.shop.svc.cluster.local. A CH': ['REFUSED refuse'],
});

const NEW = zoneOf({});
NEW.synced = false;
table(NEW, 'before the first list is complete nothing is said not to exist', {
  'web.shop.svc.cluster.local. A': ['SERVFAIL services'],
  '7.12.96.10.in-addr.arpa. PTR': ['SERVFAIL reverse'],
  'example.com. A': ['NOERROR forward', '> example.com. A'],
});

describe('a zone that changes', () => {
  it('has after any changes what a new zone of the same Services has', () => {
    const stories: readonly Story[] = [
      { clusterIPs: ['10.96.1.1'], ports: [{ name: 'a', port: 1 }] },
      { headless: true, endpoints: ['x=10.244.1.1', '10.244.1.2'], ports: [{ name: 'b', port: 2 }] },
      { headless: true, endpoints: ['y=10.244.1.1'] },
      { externalName: 'example.com' },
    ];
    const zone = zoneOf({});
    const keys = ['a/one', 'a/two', 'b/one'];
    const now: Record<string, Story> = {};
    for (let step = 0; step < 60; step++) {
      const key = keys[(step * 7) % 3]!;
      const story = stories[(step * 5 + (step >> 2)) % 5];
      if (story) zone.set(service(key, (now[key] = story)));
      else {
        zone.delete(key);
        delete now[key];
      }
      const fresh = zoneOf(now);
      for (const name of ['one.a', 'x.one.a', '_tcp.two.a', '_a._tcp.one.b', 'a', 'b']) {
        for (const type of ['A', 'SRV']) {
          const asked = `${name}.svc.cluster.local. ${type}`;
          assert.deepEqual(ask(zone, asked), ask(fresh, asked), `step ${step}: ${asked}`);
        }
      }
      // The order of names for one address is that of the changes; which names there are is not.
      const pointer = '1.1.244.10.in-addr.arpa. PTR';
      assert.deepEqual(ask(zone, pointer).sort(), ask(fresh, pointer).sort(), `step ${step}`);
    }
    for (const key of keys) zone.delete(key);
    assert.deepEqual(ask(zone, 'svc.cluster.local. A'), ['NXDOMAIN services', NEGATIVE]);
  });

  it('keeps neighbours when a Service has names that DNS cannot hold', () => {
    const label = 'x'.repeat(63);
    const long = `${label}.${label}.${label}`;
    const zone = zoneOf({
      'a/web': { clusterIPs: ['10.96.1.1'] },
      [`${long}/${label}`]: { clusterIPs: ['10.96.1.2'] },
    });
    assert.deepEqual(ask(zone, 'web.a.svc.cluster.local. A'), [
      'NOERROR services',
      '  web.a.svc.cluster.local. 5 IN A 10.96.1.1',
    ]);
    assert.deepEqual(ask(zone, '2.1.96.10.in-addr.arpa. PTR')[0], 'NXDOMAIN reverse');
  });
});
