/** The search path walked by the server: what a Pod's first question of it gets, and whose question is none. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answer } from '../../src/dns/chain.js';
import { searchPathOf } from '../../src/dns/search-path.js';
import { FLAG, WORD } from '../../src/dns/table/memory.js';
import { pod } from '../kubelet/pods.js';
import { NEGATIVE, SOA, table } from './ask.js';
import { configOf, zoneOf } from './cluster.js';

const SERVICES = {
  'shop/web': { clusterIPs: ['10.96.0.7'] },
  'other/far': { clusterIPs: ['10.96.0.10'] },
  'shop/outside': { externalName: 'gone.shop.svc.cluster.local' },
};
const MACHINE = 'search home.arpa\n';
const PODS: Readonly<Record<string, object>> = {
  '10.244.1.1': {},
  '10.244.1.2': { dnsConfig: { searches: ['corp.example'], options: [{ name: 'ndots', value: '2' }] } },
  '10.244.1.3': { dnsPolicy: 'Default' },
  '10.244.1.4': { dnsPolicy: 'None', dnsConfig: { nameservers: ['10.96.0.10'], searches: ['shop.svc.cluster.local'] } },
};
const zone = zoneOf(SERVICES, client => {
  const spec = PODS[client];
  return spec && searchPathOf(pod(spec), 'cluster.local.', MACHINE);
});
zone.config = configOf({ hosts: { 'db.example.com': '192.0.2.7' } });

const alias = (from: string, to: string) => `  ${from} 5 IN CNAME ${to}`;
const NAMESPACE = 'shop.svc.cluster.local.';

table(
  zone,
  'the first question of a Pod’s search path',
  {
    [`web.${NAMESPACE} A`]: ['NOERROR services', `  web.${NAMESPACE} 5 IN A 10.96.0.7`],
    // It exists: nothing else is looked for, as little as the client would.
    [`web.${NAMESPACE} AAAA`]: ['NOERROR services', NEGATIVE],
    [`far.other.${NAMESPACE} A`]: [
      'NOERROR autopath',
      alias(`far.other.${NAMESPACE}`, 'far.other.svc.cluster.local.'),
      '  far.other.svc.cluster.local. 5 IN A 10.96.0.10',
    ],
    [`FAR.other.${NAMESPACE} AAAA`]: [
      'NOERROR autopath',
      alias(`far.other.${NAMESPACE}`, 'far.other.svc.cluster.local.'),
      NEGATIVE,
    ],
    [`far.other.svc.${NAMESPACE} A`]: [
      'NOERROR autopath',
      alias(`far.other.svc.${NAMESPACE}`, 'far.other.svc.cluster.local.'),
      '  far.other.svc.cluster.local. 5 IN A 10.96.0.10',
    ],
    // Of the namespace itself is known that it is there.
    [`other.${NAMESPACE} A`]: ['NOERROR autopath', alias(`other.${NAMESPACE}`, 'other.svc.cluster.local.'), NEGATIVE],
    [`example.com.${NAMESPACE} A`]: [
      'NOERROR autopath',
      alias(`example.com.${NAMESPACE}`, 'example.com.home.arpa.'),
      '> example.com.home.arpa. A',
      'else NOERROR autopath',
      alias(`example.com.${NAMESPACE}`, 'example.com.'),
      '> example.com. A',
      'else NXDOMAIN autopath',
      NEGATIVE,
    ],
    [`db.example.com.${NAMESPACE} AAAA`]: [
      'NOERROR autopath',
      alias(`db.example.com.${NAMESPACE}`, 'db.example.com.home.arpa.'),
      '> db.example.com.home.arpa. AAAA',
      'else NOERROR autopath',
      alias(`db.example.com.${NAMESPACE}`, 'db.example.com.'),
      `? db.example.com. 5 IN ${SOA}`,
    ],
  },
  '10.244.1.1',
);

table(
  zone,
  'its other questions are answered as they are',
  {
    'example.com.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
    'example.com.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
    'example.com. A': ['NOERROR forward', '> example.com. A'],
    // A search in another namespace than its own.
    'example.com.other.svc.cluster.local. A': ['NXDOMAIN services', NEGATIVE],
    // Asked for with so many dots, a name is first asked for as it is.
    [`a.b.c.d.e.f.${NAMESPACE} A`]: ['NXDOMAIN services', NEGATIVE],
    // Where a Service points to is nobody's search.
    [`outside.${NAMESPACE} A`]: ['NXDOMAIN services', alias(`outside.${NAMESPACE}`, `gone.${NAMESPACE}`), NEGATIVE],
  },
  '10.244.1.1',
);

table(
  zone,
  'dnsConfig adds domains to search in, and changes ndots',
  {
    [`db.${NAMESPACE} A`]: [
      'NOERROR autopath',
      alias(`db.${NAMESPACE}`, 'db.home.arpa.'),
      '> db.home.arpa. A',
      'else NOERROR autopath',
      alias(`db.${NAMESPACE}`, 'db.corp.example.'),
      '> db.corp.example. A',
      'else NOERROR autopath',
      alias(`db.${NAMESPACE}`, 'db.'),
      '> db. A',
      'else NXDOMAIN autopath',
      NEGATIVE,
    ],
    [`www.example.com.${NAMESPACE} A`]: ['NXDOMAIN services', NEGATIVE],
  },
  '10.244.1.2',
);

for (const [client, who] of [
  ['10.244.1.3', 'the node’s resolver'],
  ['10.244.1.4', 'a resolver of its own'],
  ['192.0.2.9', 'no Pod'],
] as const)
  table(zone, `a client with ${who}`, { [`far.other.${NAMESPACE} A`]: ['NXDOMAIN services', NEGATIVE] }, client);

describe('the switch', () => {
  const asked = { name: `far.other.${NAMESPACE}`, spelled: `far.other.${NAMESPACE}`, type: 'A', class: 1 } as const;
  const flag = () => (Atomics.load(zone.control, WORD.flags) & FLAG.autopath) !== 0;

  it('is for the loop, too, which leaves such names to the chain', () => {
    assert.ok(flag());
    zone.config = configOf({ autopath: false });
    assert.ok(!flag());
    assert.equal(answer(zone, asked, '10.244.1.1').handler, 'services');
    zone.config = configOf({});
    assert.ok(flag());
    assert.equal(answer(zone, asked, '10.244.1.1').handler, 'autopath');
  });

  it('stays off where nobody tells Pods by their addresses', () => {
    assert.equal(Atomics.load(zoneOf(SERVICES).control, WORD.flags) & FLAG.autopath, 0);
  });
});
