/** Netlink headers, acknowledgements and attributes against bytes as Linux (little-endian) writes them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeAck, decodeMessages, encodeMessage, formatMessage, NLM_F_ACK } from '../../src/wire/netlink.js';
import { Attributes, LITTLE_ENDIAN, Writer } from '../../src/wire/netlink-attributes.js';
import { bytes, sameBytes } from './bytes.js';

const skip = LITTLE_ENDIAN ? false : 'the bytes below are little-endian';

describe('netlink', { skip }, () => {
  it('a request has its length, type, flags and number in front', () => {
    const w = new Writer();
    encodeMessage(w, 18, NLM_F_ACK, 7, inner => inner.u8(0xab));
    sameBytes(w.bytes, '11000000 1200 0500 07000000 00000000 ab 000000');
    const [message] = decodeMessages(w.bytes);
    assert.equal(formatMessage(message!), 'type 18 flags 0x5 seq 7 length 17');
  });

  it('attributes begin at multiples of four and nest', () => {
    const w = new Writer(1);
    w.u16Attr(1, 0x1234).be16Attr(2, 0x1234).textAttr(3, 'pw');
    w.nested(4, inner => inner.u8Attr(1, 9).be64Attr(2, 2 ** 40));
    sameBytes(
      w.bytes,
      '06000100 3412 0000  06000200 1234 0000  07000300 707700 00  18000480 05000100 09 000000 0c000200 0000010000000000',
    );
    const read = new Attributes(w.bytes);
    assert.deepEqual([read.u16(1), read.be16(2), read.text(3)], [0x1234, 0x1234, 'pw']);
    assert.deepEqual([read.nested(4)?.u8(1), read.nested(4)?.be64(2)], [9, 2 ** 40]);
    assert.deepEqual(
      [...read].map(([type]) => type),
      [1, 2, 3, 4],
    );
  });

  const ACKS: readonly { readonly title: string; readonly datagram: string; readonly ack: object }[] = [
    {
      title: 'success',
      datagram: '24000000 0200 0001 07000000 00000000  00000000  20000000 1000 0500 07000000 00000000',
      ack: { errno: 0 },
    },
    {
      title: 'an error without words',
      datagram: '24000000 0200 0001 07000000 00000000  edffffff  20000000 1200 0500 07000000 00000000',
      ack: { errno: 19 },
    },
    {
      title: "an error with the kernel's words and the place",
      datagram:
        '34000000 0200 0003 07000000 00000000  eaffffff  20000000 1200 0500 07000000 00000000  06000100 6e6f0000 08000200 14000000',
      ack: { errno: 22, message: 'no', offset: 20 },
    },
    {
      title: 'an error that repeats the whole request',
      datagram:
        '30000000 0200 0002 07000000 00000000  eaffffff  14000000 1200 0500 07000000 00000000 aabbccdd  07000100 6e6f00 00',
      ack: { errno: 22, message: 'no' },
    },
    { title: "a dump's end", datagram: '14000000 0300 0200 07000000 00000000  00000000', ack: { errno: 0 } },
  ];
  for (const { title, datagram, ack } of ACKS) {
    it(`reads ${title}`, () => {
      const [message] = decodeMessages(bytes(datagram));
      assert.deepEqual(decodeAck(message!), ack);
    });
  }

  it('a message of another type is no acknowledgement', () => {
    const [message] = decodeMessages(bytes('14000000 1000 0000 07000000 00000000 00000000'));
    assert.equal(decodeAck(message!), undefined);
  });

  it('whatever arrives, reading ends and nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), junk => {
        for (const message of decodeMessages(junk)) {
          assert.ok(message.payload.length <= junk.length);
          decodeAck(message);
        }
        const attributes = new Attributes(junk);
        for (const [type, content] of attributes) {
          assert.ok(content.length <= junk.length);
          for (const read of ['u8', 'u16', 'u32', 'be16', 'be32', 'be64', 'text', 'nested'] as const)
            attributes[read](type);
        }
      }),
    );
  });
});
