/** Prefixes: ranges of addresses and how they are cut. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cidr } from '../../src/net/cidr.js';
import { Ip } from '../../src/net/ip.js';
import { formatMac, parseMac } from '../../src/net/mac.js';

test('what is a prefix', () => {
  for (const text of ['10.244.0.0/16', '0.0.0.0/0', '10.0.0.1/32', 'fd00:10:244::/56', '::/0', '::1/128'])
    assert.equal(String(Cidr.parse(text)), text);
  for (const text of [
    '10.244.0.1/16',
    '10.0.0.0/33',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/08',
    '::/129',
    '::ffff:10.0.0.0/104',
    '/8',
    'x/8',
  ])
    assert.equal(Cidr.parse(text), undefined, text);
  assert.equal(String(Cidr.parse('10.244.7.9/16', { mask: true })), '10.244.0.0/16');
});

test('containing and overlapping', () => {
  const table: [outer: string, inner: string, contains: boolean, overlaps: boolean][] = [
    ['10.244.0.0/16', '10.244.3.0/24', true, true],
    ['10.244.3.0/24', '10.244.0.0/16', false, true],
    ['10.244.0.0/24', '10.244.1.0/24', false, false],
    ['0.0.0.0/0', '10.0.0.0/8', true, true],
    ['0.0.0.0/0', '::/0', false, false],
    ['fd00:10:244::/56', 'fd00:10:244:ff::/64', true, true],
  ];
  for (const [outer, inner, contains, overlaps] of table) {
    assert.equal(Cidr.of(outer).contains(Cidr.of(inner)), contains, `${outer} contains ${inner}`);
    assert.equal(Cidr.of(outer).overlaps(Cidr.of(inner)), overlaps, `${outer} overlaps ${inner}`);
  }
  assert.ok(Cidr.of('10.96.0.0/16').contains(Ip.of('10.96.255.255')));
  assert.ok(!Cidr.of('10.96.0.0/16').contains(Ip.of('10.97.0.0')));
  assert.ok(!Cidr.of('10.96.0.0/16').contains(Ip.of('::1')));
});

test('cutting pod CIDRs from the cluster range', () => {
  assert.equal(String(Cidr.of('10.244.0.0/16').subnet(24, 3)), '10.244.3.0/24');
  assert.equal(String(Cidr.of('fd00:10:244::/56').subnet(64, 255)), 'fd00:10:244:ff::/64');
  assert.throws(() => Cidr.of('10.244.0.0/16').subnet(24, 256), RangeError);
});

test('first, last, size', () => {
  const cidr = Cidr.of('10.244.1.0/24');
  assert.equal(String(cidr.last), '10.244.1.255');
  assert.equal(cidr.size, 256n);
  assert.equal(String(cidr.at(5)), '10.244.1.5');
  assert.throws(() => cidr.at(256), RangeError);
  assert.equal(String(Cidr.host(Ip.of('fd00::1'))), 'fd00::1/128');
});

test('Ethernet addresses', () => {
  assert.equal(formatMac(parseMac('02:FC:00:00:00:01')!), '02:fc:00:00:00:01');
  for (const text of ['', '02:fc:00:00:00', '02-fc-00-00-00-01', '2:fc:00:00:00:01'])
    assert.equal(parseMac(text), undefined);
});
