/** The server's end of a SPDY/3.1 connection: the client's streams as Duplex streams over any transport. */

import { Duplex } from 'node:stream';
import {
  dataHeader,
  encodeGoAway,
  encodePing,
  encodeRst,
  encodeSynReply,
  type Frame,
  FrameReader,
  MAX_DATA,
  RST,
} from './spdy-frames.js';
import { HeaderReader, type Headers, HeaderWriter } from './spdy-headers.js';

/** Streams open at once; a port-forward uses two for each connection. */
const MAX_STREAMS = 1024;
/** Bytes that wait in one stream before the whole connection is no longer read. */
const MAX_UNREAD = 1 << 20;
/** Bytes that wait for a client that does not read: what its streams may have under way, and more. */
const MAX_UNSENT = 128 << 20;

/**
 * One stream that the client opened. `end()` half-closes it, `destroy()` resets it.
 *
 * Windows (SPDY/3.1 §2.6.8) are not kept: the Kubernetes clients neither grant nor count them, and would wait for ever for a
 * server that does. What holds a sender back is the transport; what holds the client back is that we stop reading.
 */
export class SpdyStream extends Duplex {
  #finished = false;
  #drained: (() => void) | undefined;

  constructor(
    readonly id: number,
    readonly headers: Headers,
    readonly connection: SpdyConnection,
  ) {
    super({ allowHalfOpen: true });
  }

  /** Data from the client. Resolves when there is room for more. */
  async receive(data: Uint8Array, fin: boolean): Promise<void> {
    if (this.#finished || this.destroyed) return;
    this.#finished = fin;
    const room = !data.length || this.push(data);
    if (fin) this.push(null);
    if (room || this.readableLength < MAX_UNREAD) return;
    await new Promise<void>(resolve => (this.#drained = resolve));
  }

  override _read(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.connection.send(this.id, chunk, false, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.connection.send(this.id, Buffer.alloc(0), true, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this._read();
    this.connection.release(this, this.#finished && this.writableFinished);
    done(error);
  }
}

export class SpdyConnection {
  readonly #streams = new Map<number, SpdyStream>();
  readonly #headers = new HeaderReader();
  readonly #reply = new HeaderWriter();
  #last = 0;
  #closed = false;
  #onClosed!: () => void;
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed = new Promise<void>(resolve => {
    this.#onClosed = resolve;
  });

  /** Takes the transport over. `accept` gets every stream the client opens, already replied to. */
  constructor(
    readonly transport: Duplex,
    readonly accept: (stream: SpdyStream) => void,
  ) {
    transport.on('error', () => this.close());
    transport.on('close', () => this.close());
    void this.#serve();
  }

  /** Says farewell, ends the transport and destroys every stream. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.transport.writable) this.transport.end(encodeGoAway(this.#last, 0));
    // A peer that does not close its side is not waited for.
    const linger = setTimeout(() => this.transport.destroy(), 1000).unref();
    this.transport.once('close', () => clearTimeout(linger));
    for (const stream of this.#streams.values()) stream.destroy();
    this.#headers.close();
    this.#onClosed();
  }

  send(id: number, data: Buffer, fin: boolean, done: (error?: Error | null) => void): void {
    if (this.#closed) return done(new Error('the connection is closed'));
    const { transport } = this;
    transport.cork();
    for (let at = 0; ; at += MAX_DATA) {
      const part = data.subarray(at, at + MAX_DATA);
      const last = at + MAX_DATA >= data.length;
      transport.write(dataHeader(id, part.length, fin && last));
      transport.write(part, last ? done : undefined);
      if (last) break;
    }
    transport.uncork();
  }

  /** A client that has us send and does not read is not worth its memory. */
  #control(frame: Buffer): void {
    if (this.#closed) return;
    if (this.transport.writableLength > MAX_UNSENT) this.transport.destroy();
    else this.transport.write(frame);
  }

  /** A stream is over; unless both sides ended it, the client is told. */
  release(stream: SpdyStream, clean: boolean): void {
    if (this.#streams.delete(stream.id) && !clean) this.#control(encodeRst(stream.id, RST.CANCEL));
  }

  async #serve(): Promise<void> {
    const reader = new FrameReader();
    try {
      for await (const chunk of this.transport) {
        for (const frame of reader.push(chunk as Uint8Array)) await this.#take(frame);
      }
    } catch {
      // Broken rules or a broken transport: either way it is over for every stream.
    }
    this.close();
  }

  async #take(frame: Frame): Promise<void> {
    switch (frame.kind) {
      case 'syn-stream':
        return this.#open(frame.id, await this.#headers.read(frame.block), frame.fin);
      case 'headers':
      case 'syn-reply':
        // Nobody waits for them, but the blocks that follow depend on them.
        await this.#headers.read(frame.block);
        return this.#streams.get(frame.id)?.receive(Buffer.alloc(0), frame.fin);
      case 'data':
        return this.#streams.get(frame.id)?.receive(frame.data, frame.fin);
      case 'rst':
        this.#reset(frame.id);
        return undefined;
      case 'ping':
        // §2.6.5: odd ids are the client's.
        if (frame.id & 1) this.#control(encodePing(frame.id));
        return undefined;
      default:
        return undefined;
    }
  }

  async #open(id: number, headers: Headers, fin: boolean): Promise<void> {
    if (id % 2 === 0 || id <= this.#last) {
      this.#control(encodeRst(id, RST.PROTOCOL_ERROR));
      return;
    }
    this.#last = id;
    if (this.#streams.size >= MAX_STREAMS) {
      this.#control(encodeRst(id, RST.REFUSED_STREAM));
      return;
    }
    const stream = new SpdyStream(id, headers, this);
    // Whoever uses the stream may listen, too; an error that nobody hears must not end the process.
    stream.on('error', () => {});
    this.#streams.set(id, stream);
    this.#control(encodeSynReply(id, this.#reply.write(new Map())));
    this.accept(stream);
    if (fin) await stream.receive(Buffer.alloc(0), true);
  }

  /** The client gave the stream up. */
  #reset(id: number): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.destroy(new Error('the client reset the stream'));
  }
}
