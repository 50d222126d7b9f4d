/** The SPDY/3.1 codec on literal bytes and in round trips, and a connection against peers that break the rules. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { constants, createDeflate } from 'node:zlib';
import fc from 'fast-check';
import { SpdyConnection, type SpdyStream } from '../../src/apiserver/streams/spdy-connection.js';
import { HEADER_DICTIONARY } from '../../src/apiserver/streams/spdy-dictionary.js';
import * as spdy from '../../src/apiserver/streams/spdy-frames.js';
import { HeaderReader, HeaderWriter } from '../../src/apiserver/streams/spdy-headers.js';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

function framesOf(...chunks: readonly Uint8Array[]): spdy.Frame[] {
  const reader = new spdy.FrameReader();
  return chunks.flatMap(chunk => [...reader.push(chunk)]);
}

describe('frames', () => {
  const data = Buffer.from('hello');
  const table: readonly (readonly [name: string, wire: string, frame: spdy.Frame])[] = [
    [
      'SYN_STREAM',
      '80030001 0100000c 00000003 00000000 0000 cafe',
      { kind: 'syn-stream', id: 3, fin: true, block: hex('cafe') },
    ],
    ['SYN_REPLY', '80030002 00000006 00000003 cafe', { kind: 'syn-reply', id: 3, fin: false, block: hex('cafe') }],
    ['HEADERS', '80030008 00000006 00000003 cafe', { kind: 'headers', id: 3, fin: false, block: hex('cafe') }],
    ['RST_STREAM', '80030003 00000008 00000003 00000005', { kind: 'rst', id: 3, status: 5 }],
    ['PING', '80030006 00000004 00000009', { kind: 'ping', id: 9 }],
    ['GOAWAY', '80030007 00000008 00000003 00000000', { kind: 'goaway', lastGood: 3, status: 0 }],
    ['SETTINGS', '80030004 0000000c 00000001 00000007 00010000', { kind: 'ignored', type: 4 }],
    ['WINDOW_UPDATE', '80030009 00000008 00000003 00010000', { kind: 'ignored', type: 9 }],
    ['DATA', '00000003 01000005 68656c6c6f', { kind: 'data', id: 3, fin: true, data }],
    ['DATA without data', '00000003 01000000', { kind: 'data', id: 3, fin: true, data: Buffer.alloc(0) }],
  ];
  for (const [name, wire, frame] of table) it(`${name} is read`, () => assert.deepEqual(framesOf(hex(wire)), [frame]));

  it('all are read the same however the bytes are cut', () => {
    const wire = Buffer.concat(table.map(([, bytes]) => hex(bytes)));
    const whole = framesOf(wire);
    fc.assert(
      fc.property(fc.array(fc.nat(wire.length), { maxLength: 12 }), cuts => {
        const edges = [0, ...cuts.sort((a, b) => a - b), wire.length];
        const pieces = framesOf(...edges.slice(1).map((end, i) => wire.subarray(edges[i], end)));
        assert.deepEqual(joined(pieces), joined(whole));
      }),
    );
  });

  it('are written as they are read', () => {
    assert.deepEqual(spdy.encodeSynStream(3, hex('cafe'), true), hex(table[0]![1]));
    assert.deepEqual(spdy.encodeSynReply(3, hex('cafe')), hex(table[1]![1]));
    assert.deepEqual(spdy.encodeRst(3, 5), hex(table[3]![1]));
    assert.deepEqual(spdy.encodePing(9), hex(table[4]![1]));
    assert.deepEqual(spdy.encodeGoAway(3, 0), hex(table[5]![1]));
    assert.deepEqual(Buffer.concat([spdy.dataHeader(3, 5, true), data]), hex(table[8]![1]));
  });

  const broken: Readonly<Record<string, string>> = {
    'another version': '80020006 00000004 00000009',
    'a control frame of 16 MB': '80030006 00ffffff',
    'a SYN_STREAM too short': '80030001 00000004 00000003',
    'an RST_STREAM too short': '80030003 00000004 00000003',
  };
  for (const [name, wire] of Object.entries(broken)) {
    it(`${name} is refused`, () => assert.throws(() => framesOf(hex(wire)), spdy.SpdyError));
  }

  it('any bytes are frames, a SpdyError, or wait for more', () => {
    const start = fc.constantFrom('8003', '0000', '');
    const input = fc
      .tuple(start, fc.uint8Array({ maxLength: 60 }))
      .map(([head, rest]) => Buffer.concat([hex(head), rest]));
    fc.assert(
      fc.property(input, bytes => {
        try {
          framesOf(bytes);
        } catch (error) {
          assert.ok(error instanceof spdy.SpdyError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

/** Pieces of one data frame put together again. */
function joined(frames: readonly spdy.Frame[]): unknown[] {
  const out: unknown[] = [];
  let text = '';
  for (const frame of frames) {
    if (frame.kind !== 'data')
      out.push({ ...frame, ...('block' in frame && { block: Buffer.from(frame.block).toString('hex') }) });
    else {
      text += Buffer.from(frame.data).toString();
      if (frame.fin) out.push(`data ${frame.id} ${text}`);
      if (frame.fin) text = '';
    }
  }
  return out;
}

/** Blocks as a real client compresses them: one stream, the dictionary, a sync flush after each. */
function compressor(): (headers: Readonly<Record<string, string>>) => Promise<Buffer> {
  const deflate = createDeflate({ dictionary: HEADER_DICTIONARY });
  return async headers => {
    const words: Buffer[] = [];
    const add = (value: number | string) => {
      const word = Buffer.alloc(4);
      word.writeUInt32BE(typeof value === 'number' ? value : value.length);
      words.push(word);
      if (typeof value === 'string') words.push(Buffer.from(value));
    };
    add(Object.keys(headers).length);
    for (const part of Object.entries(headers).flat()) add(part);
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer) => void chunks.push(chunk);
    deflate.on('data', take);
    deflate.write(Buffer.concat(words));
    await new Promise<void>(resolve => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    deflate.off('data', take);
    return Buffer.concat(chunks);
  };
}

describe('header blocks', () => {
  it('of a client are read one after the other from its one zlib stream', async () => {
    const compress = compressor();
    const reader = new HeaderReader();
    const sent: Record<string, string>[] = [
      { streamtype: 'error' },
      { port: '8080', requestid: '0' },
      {},
      { port: '80' },
    ];
    for (const headers of sent) {
      assert.deepEqual(Object.fromEntries(await reader.read(await compress(headers))), headers);
    }
    reader.close();
  });

  it('begin in the bytes that kubectl sends: the dictionary named by its checksum', async () => {
    assert.equal((await compressor()({ a: 'b' })).subarray(2, 6).toString('hex'), 'e3c6a7c2');
  });

  it('of ours are read back', async () => {
    const writer = new HeaderWriter();
    const reader = new HeaderReader();
    for (const headers of [
      new Map(),
      new Map([['port', '80']]),
      new Map([
        ['a', 'b'],
        ['c', ''],
      ]),
    ]) {
      assert.deepEqual(await reader.read(writer.write(headers)), headers);
    }
    reader.close();
  });

  it('that are no zlib stream, lie about lengths, or unpack to megabytes are refused', async () => {
    const lies = new HeaderWriter().write(new Map());
    lies.writeUInt32BE(7, lies.length - 9);
    const bomb = compressor()({ a: 'x'.repeat(1 << 20) });
    for (const block of [Buffer.from('no zlib at all'), lies, await bomb]) {
      await assert.rejects(new HeaderReader().read(block), spdy.SpdyError);
    }
  });
});

/** Two ends of one wire. */
function wire(): [Duplex, Duplex] {
  const [a, b] = [new PassThrough(), new PassThrough()];
  const end = (readable: PassThrough, writable: PassThrough) => Duplex.from({ readable, writable });
  return [end(a, b), end(b, a)];
}

describe('a connection', () => {
  async function start(onStream: (stream: SpdyStream) => void) {
    const [client, server] = wire();
    client.on('error', () => {});
    const frames: spdy.Frame[] = [];
    const reader = new spdy.FrameReader();
    client.on('data', chunk => frames.push(...reader.push(chunk)));
    const connection = new SpdyConnection(server, onStream);
    const compress = compressor();
    const open = async (id: number, headers: Record<string, string>) =>
      client.write(spdy.encodeSynStream(id, await compress(headers)));
    const data = (id: number, text: string, fin = false) =>
      client.write(Buffer.concat([spdy.dataHeader(id, text.length, fin), Buffer.from(text)]));
    const until = async (met: () => boolean) => {
      while (!met()) await new Promise(resolve => setImmediate(resolve));
    };
    return { client, connection, frames, open, data, until };
  }

  it('echoes: replies to the stream, carries data both ways, and ends it with both halves', async () => {
    const { frames, open, data, until, connection } = await start(stream => stream.pipe(stream));
    await open(1, { streamtype: 'data' });
    data(1, 'hello');
    data(1, '', true);
    await until(() => frames.some(frame => frame.kind === 'data' && frame.fin));
    assert.deepEqual(
      frames.map(frame =>
        frame.kind === 'data' ? `data ${Buffer.from(frame.data)}${frame.fin ? ' fin' : ''}` : frame.kind,
      ),
      ['syn-reply', 'data hello', 'data  fin'],
    );
    connection.close();
    await connection.closed;
  });

  it('answers pings of the client, ignores windows and settings, and keeps streams apart', async () => {
    const texts = new Map<string, string>();
    const { client, frames, open, data, until, connection } = await start(stream => {
      stream.on('data', chunk =>
        texts.set(stream.headers.get('n')!, (texts.get(stream.headers.get('n')!) ?? '') + chunk),
      );
    });
    client.write(hex('80030004 0000000c 00000001 00000007 00010000 80030009 00000008 00000003 00010000'));
    client.write(spdy.encodePing(1));
    client.write(spdy.encodePing(2));
    await open(1, { n: 'one' });
    await open(3, { n: 'two' });
    data(1, 'a');
    data(3, 'x');
    data(1, 'b', true);
    await until(() => texts.get('one') === 'ab' && texts.get('two') === 'x');
    assert.deepEqual(
      frames.filter(frame => frame.kind === 'ping'),
      [{ kind: 'ping', id: 1 }],
    );
    connection.close();
  });

  it('refuses even, repeated and too many streams, each alone', async () => {
    let opened = 0;
    const { frames, open, until, connection } = await start(() => opened++);
    for (const id of [2, 1, 1]) await open(id, {});
    for (let i = 0; i < 1024; i++) await open(3 + 2 * i, {});
    await until(() => frames.filter(({ kind }) => kind === 'rst').length === 3);
    assert.deepEqual(
      frames.filter(({ kind }) => kind === 'rst'),
      [
        { kind: 'rst', id: 2, status: 1 },
        { kind: 'rst', id: 1, status: 1 },
        { kind: 'rst', id: 3 + 2 * 1023, status: 3 },
      ],
    );
    assert.equal(opened, 1024);
    connection.close();
  });

  it('destroys its streams when the client resets them, breaks the rules, or goes away', async () => {
    for (const harm of [
      spdy.encodeRst(1, 5),
      hex('80020006 00000004 00000009'),
      hex('80030001 0000000c 00000003 00000000 0000 cafe'),
      undefined,
    ]) {
      let stream: SpdyStream | undefined;
      const { client, open, until, connection } = await start(opened => (stream = opened));
      await open(1, {});
      await until(() => stream !== undefined);
      const closed = once(stream!, 'close').catch(() => {});
      if (harm) client.write(harm);
      else client.end();
      await closed;
      assert.ok(stream!.destroyed);
      connection.close();
      await connection.closed;
    }
  });

  it('stops reading a client whose stream nobody reads, and goes on when somebody does', async () => {
    let stream: SpdyStream | undefined;
    const { client, open, until, connection } = await start(opened => (stream = opened));
    await open(1, {});
    await until(() => stream !== undefined);
    const chunk = Buffer.alloc(64 << 10);
    let sent = 0;
    while (
      client.write(Buffer.concat([spdy.dataHeader(1, chunk.length, false), chunk])) ||
      client.writableLength < 4 << 20
    ) {
      sent += chunk.length;
      await new Promise(resolve => setImmediate(resolve));
      assert.ok(sent < 64 << 20, 'everything was taken in');
    }
    sent += chunk.length;
    assert.ok(stream!.readableLength <= 2 << 20);
    let received = 0;
    stream!.on('data', (piece: Buffer) => (received += piece.length));
    await until(() => received === sent);
    connection.close();
  });
});
