/** SPDY/3.1 frames: bytes <-> values. Knows their form and keeps header blocks closed; refuses to know what streams are for. */

export const SPDY_VERSION = 3;
export const TYPE = {
  SYN_STREAM: 1,
  SYN_REPLY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  HEADERS: 8,
  WINDOW_UPDATE: 9,
} as const;
export const RST = {
  PROTOCOL_ERROR: 1,
  INVALID_STREAM: 2,
  REFUSED_STREAM: 3,
  CANCEL: 5,
  INTERNAL_ERROR: 6,
  ALREADY_CLOSED: 9,
} as const;
const FLAG_FIN = 1;
/** Bytes: no control frame of a Kubernetes client comes near. */
const MAX_CONTROL = 64 << 10;
/** A data frame's length has 24 bits. */
export const MAX_DATA = (1 << 24) - 1;

export type Frame =
  | { readonly kind: 'syn-stream'; readonly id: number; readonly fin: boolean; readonly block: Uint8Array }
  | { readonly kind: 'syn-reply' | 'headers'; readonly id: number; readonly fin: boolean; readonly block: Uint8Array }
  | { readonly kind: 'rst'; readonly id: number; readonly status: number }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goaway'; readonly lastGood: number; readonly status: number }
  /** A piece of a data frame as it came in; `fin` is on its last piece. */
  | { readonly kind: 'data'; readonly id: number; readonly fin: boolean; readonly data: Uint8Array }
  /** SETTINGS and WINDOW_UPDATE: read and left alone. */
  | { readonly kind: 'ignored'; readonly type: number };

export class SpdyError extends Error {}

/** Cuts a byte stream into frames. Throws SpdyError on what no SPDY/3 peer sends; it is of no more use then. */
export class FrameReader {
  #waiting: Buffer = Buffer.alloc(0);
  /** What is left of the data frame being read. */
  #data: { readonly id: number; readonly fin: boolean; left: number } | undefined;

  *push(chunk: Uint8Array): Generator<Frame> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#waiting = this.#waiting.length ? Buffer.concat([this.#waiting, bytes]) : bytes;
    for (let frame = this.#next(); frame; frame = this.#next()) yield frame;
  }

  #next(): Frame | undefined {
    if (this.#data) return this.#piece(this.#data);
    if (this.#waiting.length < 8) return undefined;
    const first = this.#waiting.readUInt32BE(0);
    const flags = this.#waiting[4]!;
    const length = this.#waiting.readUIntBE(5, 3);
    if (first >>> 31 === 0) {
      this.#waiting = this.#waiting.subarray(8);
      this.#data = { id: first, fin: (flags & FLAG_FIN) !== 0, left: length };
      return this.#piece(this.#data);
    }
    const version = (first >>> 16) & 0x7fff;
    if (version !== SPDY_VERSION) throw new SpdyError(`SPDY version ${version}`);
    if (length > MAX_CONTROL) throw new SpdyError(`a control frame of ${length} bytes`);
    if (this.#waiting.length < 8 + length) return undefined;
    const body = this.#waiting.subarray(8, 8 + length);
    this.#waiting = this.#waiting.subarray(8 + length);
    return control(first & 0xffff, (flags & FLAG_FIN) !== 0, body);
  }

  /** An empty piece only for an empty frame. */
  #piece(frame: { readonly id: number; readonly fin: boolean; left: number }): Frame | undefined {
    if (frame.left && !this.#waiting.length) return undefined;
    const data = this.#waiting.subarray(0, frame.left);
    this.#waiting = this.#waiting.subarray(data.length);
    frame.left -= data.length;
    if (!frame.left) this.#data = undefined;
    return { kind: 'data', id: frame.id, fin: frame.fin && !frame.left, data };
  }
}

function control(type: number, fin: boolean, body: Buffer): Frame {
  const need = (size: number) => {
    if (body.length < size) throw new SpdyError(`a frame of type ${type} with ${body.length} bytes`);
  };
  const word = (at: number) => body.readUInt32BE(at) & 0x7fff_ffff;
  switch (type) {
    case TYPE.SYN_STREAM:
      need(10);
      return { kind: 'syn-stream', id: word(0), fin, block: body.subarray(10) };
    case TYPE.SYN_REPLY:
      need(4);
      return { kind: 'syn-reply', id: word(0), fin, block: body.subarray(4) };
    case TYPE.HEADERS:
      need(4);
      return { kind: 'headers', id: word(0), fin, block: body.subarray(4) };
    case TYPE.RST_STREAM:
      need(8);
      return { kind: 'rst', id: word(0), status: word(4) };
    case TYPE.PING:
      need(4);
      return { kind: 'ping', id: body.readUInt32BE(0) };
    case TYPE.GOAWAY:
      need(8);
      return { kind: 'goaway', lastGood: word(0), status: word(4) };
    default:
      return { kind: 'ignored', type };
  }
}

/** The header of a data frame of `length` bytes, at most MAX_DATA; the data follows it. */
export function dataHeader(id: number, length: number, fin: boolean): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(id, 0);
  header.writeUInt32BE(((fin ? FLAG_FIN : 0) << 24) | length, 4);
  return header;
}

export function encodeSynStream(id: number, block: Uint8Array, fin = false): Buffer {
  return controlFrame(TYPE.SYN_STREAM, fin, [id, 0], Buffer.concat([Buffer.alloc(2), block]));
}

export function encodeSynReply(id: number, block: Uint8Array, fin = false): Buffer {
  return controlFrame(TYPE.SYN_REPLY, fin, [id], block);
}

export function encodeRst(id: number, status: number): Buffer {
  return controlFrame(TYPE.RST_STREAM, false, [id, status]);
}

export function encodePing(id: number): Buffer {
  return controlFrame(TYPE.PING, false, [id]);
}

export function encodeGoAway(lastGood: number, status: number): Buffer {
  return controlFrame(TYPE.GOAWAY, false, [lastGood, status]);
}

function controlFrame(
  type: number,
  fin: boolean,
  words: readonly number[],
  rest: Uint8Array = Buffer.alloc(0),
): Buffer {
  const frame = Buffer.alloc(8 + 4 * words.length + rest.length);
  frame.writeUInt16BE(0x8000 | SPDY_VERSION, 0);
  frame.writeUInt16BE(type, 2);
  frame.writeUInt32BE(((fin ? FLAG_FIN : 0) << 24) | (frame.length - 8), 4);
  words.forEach((word, i) => void frame.writeUInt32BE(word >>> 0, 8 + 4 * i));
  frame.set(rest, 8 + 4 * words.length);
  return frame;
}
