/** Questions and answers in DNS's own text: what the chain says of a small cluster, type by type. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer } from '../../src/dns/chain.js';
import type { ClusterZone } from '../../src/dns/cluster-zone.js';
import { formatRecord, type Question, RCODE } from '../../src/wire/dns.js';
import type { RecordType } from '../../src/wire/dns-records.js';
import { configOf, type Story, service, zoneOf } from './cluster.js';

function question(text: string): Question {
  const [name, type, klass = 'IN'] = text.split(' ') as [string, string, string?];
  return { name: name.toLowerCase(), spelled: name, type: type as RecordType, class: klass === 'IN' ? 1 : 3 };
}

/** `NOERROR services`, then a line for each record: ' ' answer, '?' authority, '+' additional, '>' a question for upstream. */
function ask(zone: ClusterZone, text: string): string[] {
  const found = answer(zone, question(text));
  const rcode = Object.entries(RCODE).find(([, number]) => number === found.rcode)![0];
  return [
    `${rcode} ${found.handler}`,
    ...found.answers.map(record => `  ${formatRecord(record)}`),
    ...found.authorities.map(record => `? ${formatRecord(record)}`),
    ...found.additionals.map(record => `+ ${formatRecord(record)}`),
    ...(found.forward ? [`> ${found.forward.name} ${found.forward.type}`] : []),
  ];
}

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
  'shop/twice': { externalName: 'inside.shop.svc.cluster.local.' },
  'shop/loop': { externalName: 'pool.shop.svc.cluster.local' },
  'shop/pool': { externalName: 'loop.shop.svc.cluster.local' },
  'shop/bad': { externalName: 'a..b' },
});

const SOA = 'SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 5';
const NEGATIVE = `? cluster.local. 5 IN ${SOA}`;

function table(title: string, rows: Readonly<Record<string, readonly string[]>>, zone = CLUSTER): void {
  describe(title, () => {
    for (const [asked, expected] of Object.entries(rows)) {
      it(asked, () => assert.deepEqual(ask(zone, asked), expected));
    }
  });
}

table('a Service with ClusterIPs (specification 2.3)', {
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
  '7.12.96.10.in-addr.arpa. PTR': [
    'NOERROR reverse',
    '  7.12.96.10.in-addr.arpa. 5 IN PTR web.shop.svc.cluster.local.',
  ],
  '7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR': [
    'NOERROR reverse',
    '  7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.1.0.0.0.0.d.f.ip6.arpa. 5 IN PTR web.shop.svc.cluster.local.',
  ],
});

table('a headless Service (2.4)', {
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

table('an ExternalName (2.5)', {
  'outside.shop.svc.cluster.local. A': [
    'NOERROR forward',
    '  outside.shop.svc.cluster.local. 5 IN CNAME WWW.example.com.',
    '> www.example.com. A',
  ],
  'outside.shop.svc.cluster.local. CNAME': [
    'NOERROR services',
    '  outside.shop.svc.cluster.local. 5 IN CNAME WWW.example.com.',
  ],
  'twice.shop.svc.cluster.local. A': [
    'NOERROR services',
    '  twice.shop.svc.cluster.local. 5 IN CNAME inside.shop.svc.cluster.local.',
    '  inside.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.',
    '  web.shop.svc.cluster.local. 5 IN A 10.96.12.7',
  ],
  'loop.shop.svc.cluster.local. A': ['SERVFAIL chain'],
  'bad.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
});

table('names of Pods by address (2.6)', {
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

table('the zone itself, and what exists in it', {
  'dns-version.cluster.local. TXT': ['NOERROR services', '  dns-version.cluster.local. 5 IN TXT "1.1.0"'],
  'cluster.local. SOA': ['NOERROR services', `  cluster.local. 5 IN ${SOA}`],
  'cluster.local. NS': ['NOERROR services', '  cluster.local. 5 IN NS ns.dns.cluster.local.'],
  'ns.dns.cluster.local. A': ['NOERROR services', '  ns.dns.cluster.local. 5 IN A 10.96.0.10'],
  'svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  'shop.svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  '_tcp.web.shop.svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  '_tcp.unnamed.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'nowhere.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'web.shop.svc.cluster.local.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  '*.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
  'web\\.shop.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
});

table('addresses without a name', {
  '9.9.244.10.in-addr.arpa. PTR': ['NXDOMAIN reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '244.10.in-addr.arpa. PTR': ['NOERROR reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '7.12.96.10.in-addr.arpa. A': ['NOERROR reverse', `? in-addr.arpa. 5 IN ${SOA}`],
  '8.8.8.8.in-addr.arpa. PTR': ['NOERROR forward', '> 8.8.8.8.in-addr.arpa. PTR'],
  '10.in-addr.arpa. PTR': ['NOERROR forward', '> 10.in-addr.arpa. PTR'],
  '007.12.96.10.in-addr.arpa. PTR': ['NOERROR forward', '> 007.12.96.10.in-addr.arpa. PTR'],
});

table('everything else', {
  'example.com. A': ['NOERROR forward', '> example.com. A'],
  'mycluster.local. A': ['NOERROR forward', '> mycluster.local. A'],
  '. NS': ['NOERROR forward', '> . NS'],
  'web.shop.svc.cluster.local. ANY': ['NOERROR refuse', '  web.shop.svc.cluster.local. 5 IN HINFO "RFC8482" ""'],
  'cluster.local. AXFR': ['REFUSED refuse'],
  'web.shop.svc.cluster.local. A CH': ['REFUSED refuse'],
});

const CONFIGURED = zoneOf({
  'shop/web': { clusterIPs: ['10.96.12.7'], ports: [{ name: 'http', port: 80 }] },
  'shop/outside': { externalName: 'old.example.com' },
});
CONFIGURED.config = configOf({
  zones: { 'corp.example.com': { upstreams: ['192.0.2.53'] } },
  hosts: { 'db.example.com': ['192.0.2.1', '192.0.2.2', '2001:db8::1'], 'two.example.com': '192.0.2.2' },
  rewrite: [
    { name: 'old.example.com', to: 'web.shop.svc.cluster.local' },
    { suffix: 'shop.example.com', to: 'shop.svc.cluster.local' },
    { suffix: 'old.example.org', to: 'db.example.com' },
    { suffix: 'moved.example.net', to: 'corp.example.com' },
    { name: 'hen.example.com', to: 'egg.example.com' },
    { name: 'egg.example.com', to: 'hen.example.com' },
    { suffix: 'x.', to: `${'y'.repeat(63)}.` },
  ],
});

table(
  'hosts of the configuration',
  {
    'db.example.com. A': ['NOERROR hosts', '  db.example.com. 5 IN A 192.0.2.1', '  db.example.com. 5 IN A 192.0.2.2'],
    'DB.example.com. AAAA': ['NOERROR hosts', '  db.example.com. 5 IN AAAA 2001:db8::1'],
    'two.example.com. AAAA': ['NOERROR hosts', `? two.example.com. 5 IN ${SOA}`],
    'two.example.com. MX': ['NOERROR hosts', `? two.example.com. 5 IN ${SOA}`],
    'x.db.example.com. A': ['NOERROR forward', '> x.db.example.com. A'],
    '2.2.0.192.in-addr.arpa. PTR': [
      'NOERROR hosts',
      '  2.2.0.192.in-addr.arpa. 5 IN PTR db.example.com.',
      '  2.2.0.192.in-addr.arpa. 5 IN PTR two.example.com.',
    ],
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR': [
      'NOERROR hosts',
      '  1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 5 IN PTR db.example.com.',
    ],
    '2.0.192.in-addr.arpa. PTR': ['NOERROR forward', '> 2.0.192.in-addr.arpa. PTR'],
  },
  CONFIGURED,
);

table(
  'names that are rewritten come back as they were asked for',
  {
    'OLD.example.com. A': ['NOERROR services', '  old.example.com. 5 IN A 10.96.12.7'],
    'old.example.com. AAAA': ['NOERROR services', NEGATIVE],
    'x.old.example.com. A': ['NOERROR forward', '> x.old.example.com. A'],
    'web.shop.example.com. A': ['NOERROR services', '  web.shop.example.com. 5 IN A 10.96.12.7'],
    'no.shop.example.com. A': ['NXDOMAIN services', NEGATIVE],
    'shop.example.com. A': ['NOERROR services', NEGATIVE],
    '_http._tcp.web.shop.example.com. SRV': [
      'NOERROR services',
      '  _http._tcp.web.shop.example.com. 5 IN SRV 0 100 80 web.shop.svc.cluster.local.',
      '+ web.shop.svc.cluster.local. 5 IN A 10.96.12.7',
    ],
    'old.example.org. AAAA': ['NOERROR hosts', '  old.example.org. 5 IN AAAA 2001:db8::1'],
    'a.moved.example.net. A': ['NOERROR forward', '> a.corp.example.com. A'],
    // Through an alias, which keeps its own name.
    'outside.shop.example.com. A': [
      'NOERROR services',
      '  outside.shop.example.com. 5 IN CNAME old.example.com.',
      '  old.example.com. 5 IN A 10.96.12.7',
    ],
    'hen.example.com. A': ['SERVFAIL chain'],
    [`${'a.'.repeat(120)}x. A`]: ['SERVFAIL rewrite'],
  },
  CONFIGURED,
);

const NEW = zoneOf({});
NEW.synced = false;
table(
  'before the first list is complete nothing is said not to exist',
  {
    'web.shop.svc.cluster.local. A': ['SERVFAIL services'],
    '7.12.96.10.in-addr.arpa. PTR': ['SERVFAIL reverse'],
    'example.com. A': ['NOERROR forward', '> example.com. A'],
  },
  NEW,
);

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
