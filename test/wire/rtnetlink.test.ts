/** rtnetlink messages: bytes as `ip` sends them (little-endian), the way there and back, and cut ones. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NetlinkMessage } from '../../src/wire/netlink.js';
import { LITTLE_ENDIAN, Writer } from '../../src/wire/netlink-attributes.js';
import { type AddressMessage, decodeAddress, formatAddress, writeAddress } from '../../src/wire/rtnetlink-address.js';
import { decodeLink, formatLink, type LinkMessage, writeLink } from '../../src/wire/rtnetlink-link.js';
import {
  decodeNeighbour,
  formatNeighbour,
  type NeighbourMessage,
  writeNeighbour,
} from '../../src/wire/rtnetlink-neighbour.js';
import { decodeRoute, formatRoute, type RouteMessage, writeRoute } from '../../src/wire/rtnetlink-route.js';
import { decodeFibRule, type FibRuleMessage, formatFibRule, writeFibRule } from '../../src/wire/rtnetlink-rule.js';
import { bearsTruncation, bytes, sameBytes } from './bytes.js';

interface Codec<T> {
  readonly write: (w: Writer, value: T) => void;
  readonly decode: (message: NetlinkMessage) => T | undefined;
  readonly format: (value: T) => string;
}

/** The value becomes these bytes, these bytes the value (or `read`, where the kernel says more or less than it was told). */
function check<T>(
  title: string,
  codec: Codec<T>,
  value: T,
  text: string,
  expected: string,
  read: unknown = value,
): void {
  it(title, () => {
    const w = new Writer();
    codec.write(w, value);
    sameBytes(w.bytes, expected);
    const decode = (payload: Uint8Array) => codec.decode({ type: 0, flags: 0, seq: 0, payload });
    assert.deepEqual(decode(w.bytes), read);
    assert.equal(codec.format(value), text);
    bearsTruncation(w.bytes, decode);
  });
}

const v4 = bytes('0a000001');
const v6 = bytes('fd000000000000000000000000000001');
const mac = bytes('020000000001');

describe('rtnetlink', { skip: LITTLE_ENDIAN ? false : 'the bytes below are little-endian' }, () => {
  const link: Codec<LinkMessage> = { write: writeLink, decode: decodeLink, format: formatLink };
  check(
    'a veth whose other end is made in another namespace',
    link,
    {
      index: 0,
      flags: 1,
      change: 1,
      name: 'pw0',
      mtu: 1500,
      address: mac,
      info: { kind: 'veth', peer: { index: 0, flags: 0, name: 'eth0', netnsFd: 5 } },
    },
    '0: pw0 veth up mtu 1500',
    `0000 0000 00000000 01000000 01000000
     08000300 70773000  08000400 dc050000  0a000100 020000000001 0000
     3c001280 09000100 7665746800 000000
       2c000280 28000180 0000 0000 00000000 00000000 00000000 09000300 6574683000 000000 08001c00 05000000`,
    { index: 0, flags: 1, name: 'pw0', mtu: 1500, address: mac, info: { kind: 'veth' } },
  );
  check(
    'a vxlan device',
    link,
    {
      index: 7,
      flags: 0,
      name: 'v',
      info: { kind: 'vxlan', vxlan: { vni: 42, port: 4789, local: v4, learning: false } },
    },
    '7: v vxlan down',
    `0000 0000 07000000 00000000 00000000  06000300 7600 0000
     34001280 0a000100 76786c616e00 0000
       24000280 08000100 2a000000  06000f00 12b5 0000  05000700 00 000000  08000400 0a000001`,
  );
  check(
    'a port of a bridge',
    link,
    { index: 3, flags: 1, master: 2, group: 9, alias: 'Pod', hairpin: true },
    '3: ? up master 2',
    `0000 0000 03000000 01000000 00000000  08000a00 02000000  08001b00 09000000  08001400 506f6400
     1c001280 0b000400 62726964676500 00 0c000580 05000400 01 000000`,
  );

  const address: Codec<AddressMessage> = { write: writeAddress, decode: decodeAddress, format: formatAddress };
  check(
    'an IPv4 address',
    address,
    { family: 2, prefix: 24, index: 3, flags: 0, local: v4 },
    'index 3 0a000001/24 flags 0x0',
    '02 18 00 00 03000000 08000200 0a000001 08000100 0a000001',
  );
  check(
    'an IPv6 address without duplicate detection',
    address,
    { family: 10, prefix: 64, index: 3, flags: 2, local: v6 },
    'index 3 fd000000000000000000000000000001/64 flags 0x2',
    `0a 40 02 00 03000000 14000200 fd000000000000000000000000000001
     14000100 fd000000000000000000000000000001 08000800 02000000`,
  );

  const route: Codec<RouteMessage> = { write: writeRoute, decode: decodeRoute, format: formatRoute };
  const unicast = { family: 2, prefix: 24, table: 254, protocol: 98, scope: 0, type: 1, flags: 0 } as const;
  check(
    'a default route by a gateway on the link',
    route,
    { ...unicast, prefix: 0, nexthops: [{ oif: 3, gateway: bytes('a9fe0101'), flags: 4, weight: 1 }], mtu: 1400 },
    'family 2 0/0 table 254 protocol 98 type 1, 1 next hops',
    `02 00 00 00 fe 62 00 01 04000000  08000f00 fe000000  0c000880 08000200 78050000
     08000400 03000000  08000500 a9fe0101`,
  );
  check(
    'a route by two gateways',
    route,
    {
      ...unicast,
      table: 1000,
      destination: bytes('0a010000'),
      nexthops: [
        { oif: 3, gateway: bytes('0a000002'), flags: 0, weight: 2 },
        { oif: 4, gateway: bytes('0a000003'), flags: 4, weight: 1 },
      ],
      priority: 7,
    },
    'family 2 0a010000/24 table 1000 protocol 98 type 1, 2 next hops',
    `02 18 00 00 fc 62 00 01 00000000  08000100 0a010000  08000f00 e8030000  08000600 07000000
     24000980 1000 00 01 03000000 08000500 0a000002  1000 04 00 04000000 08000500 0a000003`,
  );
  check(
    'an IPv4 route by an IPv6 neighbour',
    route,
    { ...unicast, destination: v4, prefix: 32, nexthops: [{ oif: 3, gateway: v6, flags: 0, weight: 1 }], source: v4 },
    'family 2 0a000001/32 table 254 protocol 98 type 1, 1 next hops',
    `02 20 00 00 fe 62 00 01 00000000  08000100 0a000001  08000f00 fe000000  08000700 0a000001
     08000400 03000000  16001200 0a00 fd000000000000000000000000000001 0000`,
  );

  const rule: Codec<FibRuleMessage> = { write: writeFibRule, decode: decodeFibRule, format: formatFibRule };
  check(
    'a rule for a mark',
    rule,
    {
      family: 2,
      action: 1,
      table: 98,
      priority: 100,
      protocol: 98,
      from: { address: bytes('0af40000'), prefix: 16 },
      mark: 0x4000,
      mask: 0xf000,
      iif: 'pw0',
    },
    'family 2 priority 100 table 98 action 1 protocol 98',
    `02 00 10 00 62 00 00 01 00000000  08000600 64000000  08000f00 62000000  05001500 62 000000
     08000200 0af40000  08000a00 00400000  08001000 00f00000  08000300 70773000`,
  );

  const neighbour: Codec<NeighbourMessage> = {
    write: writeNeighbour,
    decode: decodeNeighbour,
    format: formatNeighbour,
  };
  check(
    'a permanent neighbour',
    neighbour,
    { family: 2, index: 3, state: 0x80, flags: 0, type: 0, destination: v4, address: mac },
    'family 2 index 3 0a000001 lladdr 020000000001 state 0x80',
    '02 00 0000 03000000 8000 00 00  08000100 0a000001  0a000200 020000000001 0000',
  );
  check(
    'a forwarding entry of a VXLAN device',
    neighbour,
    { family: 7, index: 3, state: 0x80, flags: 2, type: 0, destination: v4, address: mac },
    'family 7 index 3 0a000001 lladdr 020000000001 state 0x80',
    '07 00 0000 03000000 8000 02 00  08000100 0a000001  0a000200 020000000001 0000',
  );
});
