/** nftables messages: bytes as nft sends them, the way there and back, and cut ones. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NetlinkMessage } from '../../src/wire/netlink.js';
import { Attributes, LITTLE_ENDIAN, Writer } from '../../src/wire/netlink-attributes.js';
import { beginBatch, endBatch, NFPROTO, writeNfgenmsg } from '../../src/wire/nfnetlink.js';
import {
  type ChainMessage,
  decodeChain,
  decodeRule,
  decodeTable,
  formatChain,
  type RuleMessage,
  writeChain,
  writeRule,
  writeTable,
} from '../../src/wire/nftables.js';
import {
  formatExpression,
  type NftExpression,
  readExpressions,
  writeExpressions,
} from '../../src/wire/nftables-expression.js';
import {
  beginElements,
  decodeElements,
  decodeSet,
  elementFrame,
  formatSet,
  type SetMessage,
  writeElement,
  writeSet,
} from '../../src/wire/nftables-set.js';
import {
  decodeRuleUserdata,
  decodeSetUserdata,
  encodeRuleUserdata,
  encodeSetUserdata,
} from '../../src/wire/nftables-userdata.js';
import { bearsTruncation, bytes, sameBytes } from './bytes.js';

/** A message of family inet as a dump gives it. */
function message(content: (w: Writer) => void): NetlinkMessage {
  const w = new Writer();
  writeNfgenmsg(w, NFPROTO.inet);
  content(w);
  return { type: 0, flags: 0, seq: 0, payload: w.bytes };
}

function roundTrip<T>(
  value: T,
  write: (w: Writer, value: T) => void,
  decode: (message: NetlinkMessage) => T | undefined,
): void {
  const whole = message(w => write(w, value));
  assert.deepEqual(decode(whole), value);
  bearsTruncation(whole.payload, payload => decode({ ...whole, payload }));
}

describe('nftables', { skip: LITTLE_ENDIAN ? false : 'the bytes below are little-endian' }, () => {
  it('a batch stands between begin and end', () => {
    const w = new Writer();
    beginBatch(w, 1);
    endBatch(w, 2);
    sameBytes(
      w.bytes,
      '14000000 1000 0100 01000000 00000000 00 00 000a  14000000 1100 0100 02000000 00000000 00 00 000a',
    );
  });

  it('tables, chains and rules', () => {
    roundTrip({ family: 1, name: 'podwire' }, writeTable, decodeTable);
    const base: ChainMessage = {
      family: 1,
      table: 'podwire',
      name: 'in',
      hook: { number: 0, priority: -100, device: 'lo' },
      type: 'filter',
      policy: 0,
    };
    roundTrip(base, writeChain, decodeChain);
    roundTrip({ family: 1, table: 'podwire', name: 'plain' }, writeChain, decodeChain);
    assert.equal(formatChain(base), 'chain 1 podwire in hook 0 priority -100 type filter policy 0 device lo');
    const rule: RuleMessage = {
      family: 1,
      table: 'podwire',
      chain: 'in',
      handle: 2 ** 33,
      expressions: [{ name: 'counter' }, { name: 'immediate', dreg: 0, data: { code: -3, chain: 'next' } }],
      userdata: encodeRuleUserdata('Pod default/web'),
    };
    roundTrip<RuleMessage>(rule, writeRule, decodeRule);
  });

  const EXPRESSIONS: readonly { readonly expression: NftExpression; readonly text: string; readonly bytes: string }[] =
    [
      {
        expression: { name: 'payload', dreg: 1, base: 1, offset: 16, len: 4 },
        text: 'payload dreg 1 base 1 offset 16 len 4',
        bytes: `34000180 0c000100 7061796c6f616400
        24000280 08000100 00000001 08000200 00000001 08000300 00000010 08000400 00000004`,
      },
      {
        expression: { name: 'cmp', sreg: 1, op: 0, data: bytes('0a000001') },
        text: 'cmp sreg 1 op 0 data 0x0a000001',
        bytes: '2c000180 08000100 636d7000 20000280 08000100 00000001 08000200 00000000 0c000380 08000100 0a000001',
      },
      {
        expression: { name: 'immediate', dreg: 0, data: { code: 1 } },
        text: 'immediate dreg 0 data {"code":1}',
        bytes: `30000180 0e000100 696d6d65646961746500 0000
        1c000280 08000100 00000000 10000280 0c000280 08000100 00000001`,
      },
      { expression: { name: 'notrack' }, text: 'notrack', bytes: '14000180 0c000100 6e6f747261636b00 04000280' },
    ];
  for (const { expression, text, bytes: expected } of EXPRESSIONS) {
    it(`expression ${text}`, () => {
      const w = new Writer();
      writeExpressions(w, 4, [expression]);
      const list = new Attributes(w.bytes).get(4)!;
      sameBytes(list, expected);
      assert.deepEqual(readExpressions(list), [expression]);
      assert.equal(formatExpression(expression), text);
      bearsTruncation(list, readExpressions);
    });
  }

  it('every expression goes there and back', () => {
    const all: NftExpression[] = [
      { name: 'bitwise', sreg: 1, dreg: 1, len: 4, mask: bytes('ff000000'), xor: bytes('00000000') },
      { name: 'byteorder', sreg: 1, dreg: 1, op: 1, len: 4, size: 4 },
      { name: 'counter', bytes: 2 ** 40, packets: 3 },
      { name: 'ct', dreg: 1, key: 20, direction: 0 },
      { name: 'dynset', set: 'seen', op: 1, sregKey: 1, sregData: 2, timeout: 1000 },
      { name: 'fib', dreg: 1, result: 3, flags: 2 },
      { name: 'limit', rate: 10, unit: 1, burst: 5, type: 0, flags: 0 },
      { name: 'log', group: 3, prefix: 'x ', level: 4, flags: 0 },
      { name: 'lookup', set: '__set%d', sreg: 1, dreg: 0, setId: 9, flags: 1 },
      { name: 'masq', flags: 16 },
      { name: 'meta', key: 3, sreg: 1 },
      { name: 'nat', type: 1, family: 2, addrMin: 1, protoMin: 9, flags: 2 },
      { name: 'numgen', dreg: 11, modulus: 3, type: 1, offset: 0 },
      { name: 'range', sreg: 1, op: 0, from: bytes('0050'), to: bytes('005a') },
      { name: 'reject', type: 2, code: 1 },
    ];
    const w = new Writer();
    writeExpressions(w, 4, all);
    assert.deepEqual(readExpressions(new Attributes(w.bytes).get(4)!), all);
  });

  it('an expression without a word keeps its name', () => {
    const w = new Writer();
    w.nested(1, element => element.textAttr(1, 'tproxy'));
    assert.deepEqual(readExpressions(w.bytes), [{ name: 'unknown', kernelName: 'tproxy' }]);
    assert.throws(() => writeExpressions(w, 4, readExpressions(w.bytes)), TypeError);
  });

  it('a map with a concatenated key', () => {
    const set: SetMessage = {
      family: 1,
      table: 'podwire',
      name: 'endpoints4',
      flags: 8,
      keyType: (7 << 12) | (12 << 6) | 13,
      keyLength: 12,
      dataType: (7 << 6) | 13,
      dataLength: 8,
      timeout: 30_000,
      userdata: encodeSetUserdata({ keyOrder: 2, dataOrder: 2, comment: 'Services' }),
    };
    roundTrip(set, writeSet, decodeSet);
    assert.equal(formatSet(set), 'set 1 podwire endpoints4 flags 0x8 key 0x730d/12 data 0x1cd/8');
    const w = new Writer();
    writeSet(w, { family: 1, table: 't', name: 's', flags: 0x84, keyType: 0, keyLength: 8, fields: [4, 2], size: 5 });
    sameBytes(
      new Attributes(w.bytes).get(9)!,
      '08000100 00000005 1c000280 0c000180 08000100 00000004 0c000180 08000100 00000002',
    );
  });

  it('elements: keys, ends, data, verdicts, flags', () => {
    const put = (text: string) => (w: Writer) => void w.raw(bytes(text));
    const dump = message(w => {
      const list = beginElements(w, 'podwire', 's');
      writeElement(w, { key: put('0a000001'), data: put('0a000002 1f90 0000') });
      writeElement(w, { key: put('0a000000'), keyEnd: put('0affffff') });
      writeElement(w, { key: put('0b000000'), flags: 1 });
      writeElement(w, { key: put('01'), data: { code: -4, chain: 'c' } });
      writeElement(w, { flags: 2 });
      w.end(list);
    });
    const none = { key: undefined, keyEnd: undefined, data: undefined, flags: 0 };
    assert.deepEqual(decodeElements(dump), [
      { ...none, key: bytes('0a000001'), data: bytes('0a0000021f900000') },
      { ...none, key: bytes('0a000000'), keyEnd: bytes('0affffff') },
      { ...none, key: bytes('0b000000'), flags: 1 },
      { ...none, key: bytes('01'), data: { code: -4, chain: 'c' } },
      { ...none, flags: 2 },
    ]);
    bearsTruncation(dump.payload, payload => decodeElements({ ...dump, payload }));
  });

  it('the frame of an element is what stands around its values', () => {
    for (const [keyLength, dataLength] of [[4], [2], [12, 8], [6, 4]] as const) {
      const frame = elementFrame(keyLength, dataLength);
      const value = (length: number) => (w: Writer) => void w.raw(new Uint8Array(length).fill(7));
      const whole = new Writer();
      writeElement(whole, { key: value(keyLength), ...(dataLength && { data: value(dataLength) }) });
      const framed = new Writer();
      framed.raw(frame.beforeKey);
      value(keyLength)(framed);
      framed.pad().raw(frame.afterKey);
      if (dataLength) value(dataLength)(framed);
      assert.deepEqual(framed.pad().bytes, whole.bytes);
    }
  });

  it('comments are kept, and cut between characters', () => {
    sameBytes(encodeRuleUserdata('web'), '00 04 77656200');
    assert.equal(decodeRuleUserdata(encodeRuleUserdata('Service default/web')), 'Service default/web');
    assert.equal(decodeRuleUserdata(encodeRuleUserdata('ü'.repeat(100))), 'ü'.repeat(63));
    assert.equal(decodeSetUserdata(encodeSetUserdata({ keyOrder: 1, comment: 'c' })), 'c');
    assert.equal(decodeSetUserdata(encodeSetUserdata({ keyOrder: 1 })), undefined);
  });

  it('whatever arrives, nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), payload => {
        const junk = { type: 0, flags: 0, seq: 0, payload };
        for (const decode of [decodeTable, decodeChain, decodeRule, decodeSet, decodeElements]) decode(junk);
        readExpressions(payload);
        decodeRuleUserdata(payload);
        decodeSetUserdata(payload);
      }),
    );
  });
});
