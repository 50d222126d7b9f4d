/** The DNS codec: literal bytes, round trips, and input that lies. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Ip } from '../../src/net/ip.js';
import { decode, encode, formatRecord, type Message, type ResourceRecord } from '../../src/wire/dns.js';
import { isName, isWithin, parent } from '../../src/wire/dns-name.js';
import { typeName } from '../../src/wire/dns-records.js';
import { bytes, QUERY, record } from './text.js';

const HEADER = '1234 0100 0001 0000 0000 0000';
const QUESTION = "03 'wEb' 05 'local' 00 0001 0001";

describe('a message on the wire', () => {
  it('is read as its fields say, and keeps the spelling of the question', () => {
    const message = decode(bytes(`${HEADER} ${QUESTION}`));
    assert.deepEqual(message, {
      ...QUERY,
      id: 0x1234,
      questions: [{ name: 'web.local.', spelled: 'wEb.local.', type: 'A', class: 1 }],
    });
  });

  it('is written with names compressed, also behind the client’s own spelling, but never in an SRV target', () => {
    const message: Message = {
      ...QUERY,
      id: 0x1234,
      response: true,
      questions: [{ name: 'web.local.', spelled: 'wEb.local.', type: 'A', class: 1 }],
      answers: [
        record('web.local. 5 IN CNAME db.local.'),
        record('db.local. 5 IN A 10.0.0.1'),
        record('db.local. 5 IN SRV 0 100 80 db.local.'),
      ],
    };
    const expected = bytes(`1234 8100 0001 0003 0000 0000 ${QUESTION}
      c00c 0005 0001 00000005 0005 02 'db' c010
      c027 0001 0001 00000005 0004 0a000001
      c027 0021 0001 00000005 0010 0000 0064 0050 02 'db' 05 'local' 00`);
    assert.equal(Buffer.from(encode(message)).toString('hex'), Buffer.from(expected).toString('hex'));
  });

  it('carries EDNS: size, version, DO, options and the upper bits of the rcode', () => {
    const opt = '00 0029 04d0 01 00 8000 0008 000a 0004 deadbeef';
    const message = decode(bytes(`1234 8000 0000 0000 0000 0001 ${opt}`)) as Message;
    assert.equal(message.rcode, 16);
    const options = [{ code: 10, bytes: new Uint8Array([0xde, 0xad, 0xbe, 0xef]) }];
    assert.deepEqual(message.edns, { size: 1232, version: 0, dnssecOk: true, options });
  });

  it('drops whole records that do not fit and says so, but not for additional ones', () => {
    const answers = Array.from({ length: 100 }, (_, i) => record(`web.local. 5 IN A 10.0.0.${i}`));
    const message = { ...QUERY, response: true, questions: [], answers };
    const cut = encode(message, 512);
    assert.ok(cut.length <= 512);
    const read = decode(cut) as Message;
    assert.equal(read.truncated, true);
    assert.deepEqual(read.answers, answers.slice(0, read.answers.length));
    assert.ok(read.answers.length > 25);
    const extra = decode(encode({ ...message, answers: [], additionals: answers }, 512)) as Message;
    assert.equal(extra.truncated, false);
    assert.ok(extra.additionals.length > 25);
  });
});

describe('bytes that are no message', () => {
  const cases: readonly (readonly [name: string, wire: string, problem: RegExp])[] = [
    ['nothing', '', /shorter/],
    ['half a header', '1234 0100 0001', /shorter/],
    ['a count without its question', HEADER, /end/],
    ['65535 questions, one there', `1234 0100 ffff 0000 0000 0000 ${QUESTION}`, /end/],
    ['an answer counted but missing', `1234 0100 0001 0001 0000 0000 ${QUESTION}`, /end/],
    ['bytes after the end', `${HEADER} ${QUESTION} 00`, /after the last/],
    ['a label of type 01', `${HEADER} 41 'a' 00 0001 0001`, /label type/],
    ['a label of type 10', `${HEADER} 81 'a' 00 0001 0001`, /label type/],
    ['a name of 256 bytes', `${HEADER} ${`3f '${'b'.repeat(63)}' `.repeat(4)}00 0001 0001`, /255/],
    ['a pointer to itself', `${HEADER} c00c 0001 0001`, /lead back/],
    ['a pointer forward', `${HEADER} c010 0001 0001 00`, /lead back/],
    ['a pointer into the header', `${HEADER} c004 0001 0001`, /lead back/],
    ['a pointer back into its own name', `${HEADER} 01 'a' c00c 0001 0001`, /lead back/],
    ['half a pointer', `${HEADER} c0`, /over its end/],
    ['a label longer than the message', `${HEADER} 3f 'abc'`, /over its end/],
    ['a name without its end', `${HEADER} 03 'web'`, /over its end/],
    [
      'data longer than the message',
      `1234 8000 0000 0001 0000 0000 00 0001 0001 00000005 00ff 0a000001`,
      /over the end/,
    ],
    [
      'data longer than its type',
      `1234 8000 0000 0001 0000 0000 00 0001 0001 00000005 0005 0a00000102`,
      /shorter than/,
    ],
    ['data shorter than its type', `1234 8000 0000 0001 0000 0000 00 0001 0001 00000005 0003 0a0000`, /early/],
    [
      'a name that leaves its data',
      `1234 8000 0000 0001 0000 0000 00 0005 0001 00000005 0002 03 'web' 00`,
      /over its end/,
    ],
    ['OPT twice', `1234 0100 0000 0000 0000 0002 ${'00 0029 04d0 00000000 0000 '.repeat(2)}`, /OPT/],
    ['OPT that the root does not own', `1234 0100 0000 0000 0000 0001 01 'a' 00 0029 04d0 00000000 0000`, /OPT/],
    ['OPT among the answers', `1234 0100 0000 0001 0000 0000 00 0029 04d0 00000000 0000`, /OPT/],
    ['an option longer than OPT', `1234 0100 0000 0000 0000 0001 00 0029 04d0 00000000 0004 000a 0009`, /early/],
  ];
  for (const [name, wire, problem] of cases) {
    it(name, () => {
      const result = decode(bytes(wire));
      assert.ok('malformed' in result, 'was taken for a message');
      assert.match(result.malformed, problem);
    });
  }

  it('a chain of 200 pointers, each leading back to the one before', () => {
    // The chain is the data of one record of a type without a name, where any bytes may be; the next record's owner is its end.
    const chain = Array.from({ length: 200 }, (_, i) => (i ? 0xc000 + 0x17 + 2 * (i - 1) : 0xc00c).toString(16)).join(
      '',
    );
    const carrier = `00 1267 0001 00000000 ${(400).toString(16).padStart(4, '0')} ${chain}`;
    const victim = `${(0xc000 + 0x17 + 2 * 199).toString(16)} 0001 0001 00000000 0004 0a000001`;
    const result = decode(bytes(`1234 8000 0000 0002 0000 0000 ${carrier} ${victim}`));
    assert.deepEqual('malformed' in result && result.malformed, 'too many compression pointers');
  });

  it('every prefix of a good message', () => {
    const whole = encode({ ...QUERY, response: true, answers: [record('web.local. 5 IN SRV 0 100 80 db.local.')] });
    for (let size = 0; size < whole.length; size++)
      assert.ok('malformed' in decode(whole.subarray(0, size)), `${size} bytes`);
  });
});

/** Plain objects, so that they are deeply equal to what the codec makes. */
const struct = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(fields, { noNullPrototype: true });
const label = fc.uint8Array({ minLength: 1, maxLength: 12 }).map(raw =>
  Array.from(raw, byte => {
    if (byte === 0x2e || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte < 0x21 || byte > 0x7e ? `\\${String(byte).padStart(3, '0')}` : String.fromCharCode(byte);
  }).join(''),
);
const name = fc.array(label, { maxLength: 8 }).map(parts => parts.map(part => `${part}.`).join('') || '.');
const key = name.map(text => text.toLowerCase());
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const text = fc.uint8Array({ maxLength: 40 }).map(raw => Buffer.from(raw).toString('latin1'));
const ip = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(raw => new Ip(raw));
const data = fc.oneof(
  struct({ type: fc.constant('A' as const), ip: ip(4) }),
  struct({ type: fc.constant('AAAA' as const), ip: ip(16) }),
  struct({ type: fc.constantFrom('NS', 'CNAME', 'PTR', 'DNAME'), target: name }),
  struct({ type: fc.constant('MX' as const), preference: u16, target: name }),
  struct({ type: fc.constant('TXT' as const), strings: fc.array(text, { minLength: 1, maxLength: 3 }) }),
  struct({ type: fc.constant('HINFO' as const), cpu: text, os: text }),
  struct({ type: fc.constant('SRV' as const), priority: u16, weight: u16, port: u16, target: name }),
  struct({
    ...{ type: fc.constant('SOA' as const), mname: name, rname: name, serial: u32 },
    ...{ refresh: u32, retry: u32, expire: u32, minimum: u32 },
  }),
  struct({ type: fc.constant('TYPE4711' as const), bytes: fc.uint8Array({ maxLength: 40 }) }),
);
const anyRecord = struct({ name: key, class: u16, ttl: fc.nat(0x7fff_ffff), data }) as fc.Arbitrary<ResourceRecord>;
const records = fc.array(anyRecord, { maxLength: 6 });
const question = struct({ spelled: name, type: fc.nat(0xffff).map(typeName), class: u16 });
const edns = struct({
  ...{ size: u16, version: fc.nat(255), dnssecOk: fc.boolean() },
  options: fc.array(struct({ code: u16, bytes: fc.uint8Array({ maxLength: 20 }) }), { maxLength: 3 }),
});
const message = struct({
  edns: fc.option(edns, { nil: undefined }),
  ...{
    id: u16,
    response: fc.boolean(),
    opcode: fc.nat(15),
    authoritative: fc.boolean(),
    truncated: fc.constant(false),
  },
  ...{ recursionDesired: fc.boolean(), recursionAvailable: fc.boolean(), authenticData: fc.boolean() },
  ...{
    checkingDisabled: fc.boolean(),
    rcode: fc.nat(15),
    answers: records,
    authorities: records,
    additionals: records,
  },
  questions: fc.array(
    question.map(asked => ({ ...asked, name: asked.spelled.toLowerCase() })),
    { maxLength: 3 },
  ),
});

describe('properties of the codec', () => {
  it('what is written is read back the same', () => {
    fc.assert(
      fc.property(message, value => assert.deepEqual(decode(encode(value)), value)),
      { numRuns: 300 },
    );
  });

  it('any bytes give a message or a reason', () => {
    const header = fc.tuple(u16, u16, ...Array.from({ length: 4 }, () => fc.nat(3)));
    const noise = fc.oneof(fc.constantFrom(0xc0, 0, 1, 3, 0x0c, 41), fc.nat(255));
    const anything = fc.tuple(header, fc.array(noise, { maxLength: 120 })).map(([head, rest]) => {
      return Buffer.from([...head.flatMap(word => [word >> 8, word & 255]), ...rest]);
    });
    const total = (input: Uint8Array) => {
      const result = decode(input);
      if ('malformed' in result) assert.ok(result.malformed.length > 0);
      else assert.ok('malformed' in decode(encode(result)) === false);
    };
    fc.assert(fc.property(anything, total), { numRuns: 2000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), total), { numRuns: 500 });
  });

  it('a message changed in a few bytes is still read without harm', () => {
    const edit = fc.tuple(fc.nat(4000), fc.nat(255));
    const mutated = fc.tuple(message, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([value, edits]) => {
      const wire = encode(value);
      for (const [at, byte] of edits) wire[at % wire.length] = byte;
      return wire;
    });
    fc.assert(
      fc.property(mutated, wire => void decode(wire)),
      { numRuns: 1000 },
    );
  });
});

describe('names', () => {
  it('are absolute, of labels of 1..63 bytes, 255 in all', () => {
    const good = ['.', 'a.', '_http._tcp.web.', `${'a'.repeat(63)}.`, 'a\\.b.', '\\000\\255.'];
    const bad = ['', 'a', '..', '.a.', 'a..b.', `${'a'.repeat(64)}.`, 'a b.', '\\999.', '\\.', `${'a.'.repeat(128)}`];
    assert.deepEqual(
      good.filter(text => !isName(text)),
      [],
    );
    assert.deepEqual(bad.filter(isName), []);
  });

  it('know what they are within by labels, not by characters', () => {
    assert.ok(isWithin('web.svc.cluster.local.', 'cluster.local.'));
    assert.ok(isWithin('cluster.local.', 'cluster.local.'));
    assert.ok(!isWithin('mycluster.local.', 'cluster.local.'));
    assert.ok(!isWithin('x\\.cluster.local.', 'cluster.local.'));
    assert.equal(parent('a\\.b.c.'), 'c.');
  });

  it('print a record as a zone file has it', () => {
    for (const line of [
      'web.local. 5 IN A 10.0.0.1',
      'web.local. 5 IN AAAA fd00:10::1',
      '_http._tcp.web.local. 5 IN SRV 0 100 80 web.local.',
      'dns-version.local. 5 IN TXT "1.1.0"',
      'local. 5 IN SOA ns.local. hostmaster.local. 1 7200 1800 86400 5',
    ]) {
      assert.equal(formatRecord(record(line)), line);
    }
  });
});
