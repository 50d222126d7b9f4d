/** Messages about connections: a dump's bytes as Linux sent them, the way there and back, and cut ones. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ip } from '../../src/net/ip.js';
import { socketAddress } from '../../src/net/socket-address.js';
import {
  type ConnectionMessage,
  decodeConnection,
  type TupleMessage,
  writeConnection,
  writeDumpRequest,
} from '../../src/wire/conntrack.js';
import type { NetlinkMessage } from '../../src/wire/netlink.js';
import { Attributes, Writer } from '../../src/wire/netlink-attributes.js';
import { NFGENMSG } from '../../src/wire/nfnetlink.js';
import { bearsTruncation, bytes } from './bytes.js';

/** IPv4, UDP: 10.244.1.5:4711 → 10.96.0.10:53, translated to 10.244.2.2:5353; confirmed, seen a reply, DNAT. */
const DUMPED = bytes(`
  02 00 00 00
  34 00 01 80  14 00 01 80  08 00 01 00 0a f4 01 05  08 00 02 00 0a 60 00 0a
               1c 00 02 80  05 00 01 00 11 00 00 00  06 00 02 00 12 67 00 00  06 00 03 00 00 35 00 00
  34 00 02 80  14 00 01 80  08 00 01 00 0a f4 02 02  08 00 02 00 0a f4 01 05
               1c 00 02 80  05 00 01 00 11 00 00 00  06 00 02 00 14 e9 00 00  06 00 03 00 12 67 00 00
  08 00 03 00 00 00 01 aa
`);

describe('a connection', () => {
  const message: NetlinkMessage = { type: 0x100, flags: 0, seq: 0, payload: DUMPED };

  it('is read from a dump', () => {
    const connection = decodeConnection(message)!;
    assert.equal(
      formatConnection(connection),
      '17 10.244.1.5:4711 → 10.96.0.10:53, answered 10.244.2.2:5353 → 10.244.1.5:4711',
    );
    assert.equal(connection.status, 0x1aa);
    assert.equal(connection.zone, 0);
  });

  it('bears being cut', () => bearsTruncation(DUMPED, payload => decodeConnection({ ...message, payload })));

  it('is named by its original tuple, as it was dumped', () => {
    const w = new Writer();
    writeConnection(w, decodeConnection(message)!);
    assert.deepEqual([...w.bytes], [...DUMPED.subarray(0, w.length)]);
  });

  it('of IPv6 comes back', () => {
    const original = {
      source: Ip.of('fd00::5'),
      destination: Ip.of('fd00:10:96::a'),
      sourcePort: 1,
      destinationPort: 2,
    };
    const reply = { source: Ip.of('fd00::6'), destination: Ip.of('fd00::5'), sourcePort: 3, destinationPort: 1 };
    const w = new Writer();
    writeConnection(w, { protocol: 132, original, reply, status: 0, zone: 7 });
    // The request has one tuple, so the reply's is written after it, as a dump has it.
    w.nested(2, tuple => {
      tuple.nested(1, ip => ip.bytesAttr(3, reply.source.bytes).bytesAttr(4, reply.destination.bytes));
      tuple.nested(2, proto => proto.u8Attr(1, 132).be16Attr(2, 3).be16Attr(3, 1));
    });
    assert.deepEqual(decodeConnection({ ...message, payload: w.bytes }), {
      protocol: 132,
      original,
      reply,
      status: 0,
      zone: 7,
    });
  });
});

describe('a request for a dump', () => {
  const flags = (payload: Uint8Array) => new Attributes(payload, NFGENMSG).nested(25)?.u32(1);

  it('filters by the protocol', () => {
    const w = new Writer();
    writeDumpRequest(w, 4, { protocol: 17 });
    assert.equal(flags(w.bytes), 1 << 3);
  });

  it('filters by where the first packet went', () => {
    const w = new Writer();
    writeDumpRequest(w, 4, { protocol: 17, to: { ip: Ip.of('10.96.0.10'), port: 53 } });
    assert.equal(flags(w.bytes), (1 << 1) | (1 << 3) | (1 << 5));
  });

  it('leaves IPv6 addresses to whoever reads the answer', () => {
    const w = new Writer();
    writeDumpRequest(w, 6, { protocol: 17, to: { ip: Ip.of('fd00::1'), port: 53 } });
    assert.equal(flags(w.bytes), (1 << 3) | (1 << 5));
  });
});

function formatConnection({ protocol, original, reply }: ConnectionMessage): string {
  return `${protocol} ${formatTuple(original)}, answered ${formatTuple(reply)}`;
}

function formatTuple({ source, sourcePort, destination, destinationPort }: TupleMessage): string {
  return `${socketAddress(source, sourcePort)} → ${socketAddress(destination, destinationPort)}`;
}
