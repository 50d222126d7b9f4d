/** What the configuration adds to the cluster's own names: hosts, and names that are answered as others. */

import { NEGATIVE, SOA, table } from './ask.js';
import { configOf, zoneOf } from './cluster.js';

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

table(CONFIGURED, 'hosts of the configuration', {
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
});

table(CONFIGURED, 'names that are rewritten come back as they were asked for', {
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
});
