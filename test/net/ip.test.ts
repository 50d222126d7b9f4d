/** Addresses: what is read, what is refused, how it is written. */

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ip } from '../../src/net/ip.js';

test('the canonical text of an address (RFC 5952)', () => {
  const table: [text: string, canonical: string][] = [
    ['10.96.0.10', '10.96.0.10'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['FD00:10:96:0:0:0:0:A', 'fd00:10:96::a'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // §4.2.2: a single zero group is not shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // §4.2.3: the longest run
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // §4.2.3: the first of equals
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:10.0.0.1', '10.0.0.1'], // CVE-2024-24790: no disguise
    ['::ffff:a00:1', '10.0.0.1'],
  ];
  for (const [text, canonical] of table) assert.equal(String(Ip.parse(text)), canonical, text);
});

test('what is no address', () => {
  const refused = [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.0.0.1',
    '010.0.0.1',
    '0x7f.0.0.1',
    '1.2.3.4 ',
    '1.2.3.-4',
    '127.1',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    'fe80::1%eth0',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::256.0.0.1',
  ];
  for (const text of refused) assert.equal(Ip.parse(text), undefined, `'${text}' must be refused`);
});

test('any text: what Node takes for an address, and nothing else, is read', () => {
  const characters = fc.constantFrom(...'0123456789abcdef:.');
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 20 }), text => {
      assert.equal(Ip.parse(text) !== undefined, isIP(text) !== 0, text);
    }),
    { numRuns: 5000 },
  );
});

test('any address survives its text and its number', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  fc.assert(
    fc.property(bytes, raw => {
      const ip = new Ip(raw);
      const again = Ip.of(String(ip));
      // A mapped address becomes IPv4 on its way through text; every other one stays what it was.
      if (again.family === ip.family) assert.ok(again.equals(ip));
      assert.ok(Ip.fromBigInt(ip.toBigInt(), ip.family).equals(ip));
    }),
  );
});

test('order and steps', () => {
  assert.equal(String(Ip.of('10.0.0.255').plus(1)), '10.0.1.0');
  assert.equal(String(Ip.of('fd00::').plus(-1)), 'fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
  assert.throws(() => Ip.of('255.255.255.255').plus(1), RangeError);
  const sorted = ['::1', '10.0.0.2', '10.0.0.1'].map(Ip.of).sort((a, b) => a.compare(b));
  assert.deepEqual(sorted.map(String), ['10.0.0.1', '10.0.0.2', '::1']);
});
