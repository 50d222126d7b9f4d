/** SPDY/3 header blocks (draft 3, §2.6.10): names and values, in one zlib stream per direction of a connection. */

import { constants, createInflate } from 'node:zlib';
import { HEADER_DICTIONARY } from './spdy-dictionary.js';
import { SpdyError } from './spdy-frames.js';

/** Lower-case names; a name that comes with several values has them joined by NUL. */
export type Headers = ReadonlyMap<string, string>;

/** Bytes of one block, unpacked: more is a bomb. */
const MAX_BLOCK = 64 << 10;

/** Blocks share their compression state: every block of the connection must go through, in order, one at a time. */
export class HeaderReader {
  readonly #inflate = createInflate({ dictionary: HEADER_DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH });

  constructor() {
    // Reported to whoever reads a block; between two blocks there is nobody, and nothing to report.
    this.#inflate.on('error', () => {});
  }

  /** Rejects with a SpdyError on anything that is no header block; the reader is of no more use then. */
  async read(block: Uint8Array): Promise<Headers> {
    return parse(await this.#unpack(block));
  }

  close(): void {
    this.#inflate.close();
  }

  #unpack(block: Uint8Array): Promise<Buffer> {
    const inflate = this.#inflate;
    return new Promise<Buffer>((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const onData = (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_BLOCK) inflate.destroy(new SpdyError('a header block too large'));
      };
      const onError = (error: Error) => reject(new SpdyError(error.message));
      inflate.on('data', onData).once('error', onError);
      inflate.write(block);
      inflate.flush(constants.Z_SYNC_FLUSH, () => {
        inflate.off('data', onData).off('error', onError);
        resolve(Buffer.concat(chunks));
      });
    });
  }
}

/** An empty stored block: Go's reader gives out what it has only when it meets one. */
const SYNC_FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff]);

/** Writes blocks as stored (uncompressed) deflate blocks: a server's headers are empty or tiny, and this needs no state. */
export class HeaderWriter {
  #begun = false;

  /** At most 65535 bytes of names and values. */
  write(headers: Headers): Buffer {
    const plain = format(headers);
    // RFC 1950 §2.2: deflate, no dictionary used; RFC 1951 §3.2.4: a stored block that is not the last.
    const begin = this.#begun ? Buffer.alloc(0) : Buffer.from([0x78, 0x01]);
    this.#begun = true;
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(plain.length, 1);
    stored.writeUInt16LE(plain.length ^ 0xffff, 3);
    return Buffer.concat([begin, stored, plain, SYNC_FLUSH]);
  }
}

function parse(block: Buffer): Headers {
  let at = 0;
  const word = () => {
    if (at + 4 > block.length) throw new SpdyError('a header block that ends too early');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = () => {
    const size = word();
    if (size > block.length - at) throw new SpdyError('a header block that ends too early');
    at += size;
    return block.toString('latin1', at - size, at);
  };
  const headers = new Map<string, string>();
  for (let left = word(); left > 0; left--) headers.set(text().toLowerCase(), text());
  return headers;
}

function format(headers: Headers): Buffer {
  const parts: Buffer[] = [size(headers.size)];
  for (const text of [...headers].flat())
    parts.push(size(Buffer.byteLength(text, 'latin1')), Buffer.from(text, 'latin1'));
  return Buffer.concat(parts);
}

function size(value: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32BE(value);
  return word;
}
