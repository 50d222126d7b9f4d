/** A headless Service as large clusters have it: several slices, both families, endpoints that stand in two of them. */

import { NEGATIVE, table } from './ask.js';
import { zoneOf } from './cluster.js';

const SLICED = zoneOf({
  'shop/db': {
    headless: true,
    ports: [{ name: 'sql', port: 1 }, { name: 'dns', protocol: 'UDP', port: 3 }, { port: 4 }],
    endpoints: ['a=10.244.1.1', 'a=fd00:10:244:1::1', '10.244.1.2'],
    // One endpoint is in two slices, one hostname has a second address, and an endpoint without a hostname has an IPv6 address.
    slices: [['10.244.1.2', 'a=10.244.1.1'], ['a=10.244.1.3', 'fd00:10:244:1::4'], []],
  },
  'shop/other': { headless: true, endpoints: ['b=10.244.1.1'] },
  'shop/early': {
    headless: true,
    ports: [{ name: 'x', port: 1 }],
    endpoints: ['!c=10.244.2.1'],
    publishNotReadyAddresses: true,
  },
  'shop/portless': { headless: true, endpoints: ['10.244.3.1'] },
  'shop/six': { headless: true, endpoints: ['fd00:10:244:1::9'] },
});
const DB = 'db.shop.svc.cluster.local.';

table(SLICED, 'a headless Service of several slices and both families (2.4)', {
  [`${DB} A`]: [
    'NOERROR services',
    `  ${DB} 5 IN A 10.244.1.1`,
    `  ${DB} 5 IN A 10.244.1.2`,
    `  ${DB} 5 IN A 10.244.1.3`,
  ],
  [`${DB} AAAA`]: ['NOERROR services', `  ${DB} 5 IN AAAA fd00:10:244:1::1`, `  ${DB} 5 IN AAAA fd00:10:244:1::4`],
  [`a.${DB} A`]: ['NOERROR services', `  a.${DB} 5 IN A 10.244.1.1`, `  a.${DB} 5 IN A 10.244.1.3`],
  [`a.${DB} AAAA`]: ['NOERROR services', `  a.${DB} 5 IN AAAA fd00:10:244:1::1`],
  [`10-244-1-2.${DB} A`]: ['NOERROR services', `  10-244-1-2.${DB} 5 IN A 10.244.1.2`],
  [`fd00-10-244-1--4.${DB} AAAA`]: ['NOERROR services', `  fd00-10-244-1--4.${DB} 5 IN AAAA fd00:10:244:1::4`],
  [`fd00-10-244-1--4.${DB} A`]: ['NOERROR services', NEGATIVE],
  // An SRV record for each hostname and port with a name, each once.
  [`_sql._tcp.${DB} SRV`]: [
    'NOERROR services',
    `  _sql._tcp.${DB} 5 IN SRV 0 100 8001 a.${DB}`,
    `  _sql._tcp.${DB} 5 IN SRV 0 100 8001 10-244-1-2.${DB}`,
    `  _sql._tcp.${DB} 5 IN SRV 0 100 8001 fd00-10-244-1--4.${DB}`,
    `+ a.${DB} 5 IN A 10.244.1.1`,
    `+ a.${DB} 5 IN A 10.244.1.3`,
    `+ a.${DB} 5 IN AAAA fd00:10:244:1::1`,
    `+ 10-244-1-2.${DB} 5 IN A 10.244.1.2`,
    `+ fd00-10-244-1--4.${DB} 5 IN AAAA fd00:10:244:1::4`,
  ],
  [`_dns._udp.${DB} SRV`]: [
    'NOERROR services',
    ...['a', '10-244-1-2', 'fd00-10-244-1--4'].map(name => `  _dns._udp.${DB} 5 IN SRV 0 100 8003 ${name}.${DB}`),
    `+ a.${DB} 5 IN A 10.244.1.1`,
    `+ a.${DB} 5 IN A 10.244.1.3`,
    `+ a.${DB} 5 IN AAAA fd00:10:244:1::1`,
    `+ 10-244-1-2.${DB} 5 IN A 10.244.1.2`,
    `+ fd00-10-244-1--4.${DB} 5 IN AAAA fd00:10:244:1::4`,
  ],
  // Of the port without a name there is none.
  [`_._tcp.${DB} SRV`]: ['NXDOMAIN services', NEGATIVE],
  [`_sql._tcp.a.${DB} SRV`]: ['NXDOMAIN services', NEGATIVE],
  // Two Services speak of this Pod.
  '1.1.244.10.in-addr.arpa. PTR': [
    'NOERROR reverse',
    `  1.1.244.10.in-addr.arpa. 5 IN PTR a.${DB}`,
    '  1.1.244.10.in-addr.arpa. 5 IN PTR b.other.shop.svc.cluster.local.',
  ],
  '4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa. PTR': [
    'NOERROR reverse',
    `  4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.4.4.2.0.0.1.0.0.0.0.d.f.ip6.arpa. 5 IN PTR fd00-10-244-1--4.${DB}`,
  ],
  '_x._tcp.early.shop.svc.cluster.local. SRV': [
    'NOERROR services',
    '  _x._tcp.early.shop.svc.cluster.local. 5 IN SRV 0 100 8001 c.early.shop.svc.cluster.local.',
    '+ c.early.shop.svc.cluster.local. 5 IN A 10.244.2.1',
  ],
  '1.2.244.10.in-addr.arpa. PTR': [
    'NOERROR reverse',
    '  1.2.244.10.in-addr.arpa. 5 IN PTR c.early.shop.svc.cluster.local.',
  ],
  'portless.shop.svc.cluster.local. A': ['NOERROR services', '  portless.shop.svc.cluster.local. 5 IN A 10.244.3.1'],
  '_tcp.portless.shop.svc.cluster.local. SRV': ['NXDOMAIN services', NEGATIVE],
  'six.shop.svc.cluster.local. A': ['NOERROR services', NEGATIVE],
  'six.shop.svc.cluster.local. AAAA': ['NOERROR services', '  six.shop.svc.cluster.local. 5 IN AAAA fd00:10:244:1::9'],
});
