/** What a container writes: kept in its log, and told to whoever is attached. Knows pipes; refuses to know processes. */

import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import { namedPipe, setPipeSize } from '../../host/pipes.js';
import { type LogWriter, logWriter, type Stream } from './log-file.js';
import type { LogChanges } from './log-reader.js';

const STREAMS: readonly Stream[] = ['stdout', 'stderr'];
/** A container waits when it has written this much while nobody read: the time that we are being restarted. Bytes. */
const PIPE_SIZE = 1024 * 1024;

export class Output implements LogChanges {
  readonly #listeners = new Set<(stream: Stream, chunk: Buffer) => void>();
  readonly #waiting: ((more: boolean) => void)[] = [];
  readonly #writer: LogWriter;
  readonly #sources = new Set<Socket>();
  #ended = false;
  readonly ended: Promise<void>;
  #end!: () => void;

  constructor(readonly logPath: string) {
    this.#writer = logWriter(logPath, () => this.#wake());
    this.ended = new Promise(resolve => {
      this.#end = resolve;
    });
  }

  /** Every chunk from now on; returns how to stop. */
  listen(listener: (stream: Stream, chunk: Buffer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  next(): Promise<boolean> {
    return this.#ended ? Promise.resolve(false) : new Promise(resolve => this.#waiting.push(resolve));
  }

  /** Named pipes in `directory`, made new; returns the ends for the container, which the caller closes after the start. */
  openPipes(directory: string): readonly [stdout: number, stderr: number] {
    const [stdout, stderr] = STREAMS.map(stream => {
      const path = join(directory, stream);
      rmSync(path, { force: true });
      namedPipe(path);
      this.#read(stream, path);
      // Open for reading, too: when we are killed, the container still has a reader, and gets no SIGPIPE.
      const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      setPipeSize(fd, PIPE_SIZE);
      closeSync(fd);
      return openSync(path, constants.O_RDWR);
    });
    return [stdout!, stderr!];
  }

  /** For a container that says nothing. */
  openNothing(): readonly ['ignore', 'ignore'] {
    this.#finish();
    return ['ignore', 'ignore'];
  }

  /** The same pipes after we were restarted. */
  reopenPipes(directory: string): void {
    for (const stream of STREAMS) {
      try {
        this.#read(stream, join(directory, stream));
      } catch {
        // A container without output has no pipes.
      }
    }
    if (this.#sources.size === 0) this.#finish();
  }

  /** A terminal's master end in place of pipes. */
  readTerminal(master: number): Socket {
    const terminal = new ReadStream(master);
    this.#follow('stdout', terminal);
    return terminal;
  }

  /** Stops reading; what is written from now on waits for the next reader. */
  leave(): void {
    for (const source of this.#sources) source.destroy();
  }

  #read(stream: Stream, path: string): void {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#follow(stream, new Socket({ fd, readable: true, writable: false }));
  }

  #follow(stream: Stream, source: Socket): void {
    this.#sources.add(source);
    source.on('data', (chunk: Buffer) => {
      this.#writer.write(stream, chunk);
      for (const listener of this.#listeners) listener(stream, chunk);
    });
    // A terminal whose last process ended reports EIO.
    source.on('error', () => {});
    source.once('close', () => {
      this.#sources.delete(source);
      if (this.#sources.size === 0) this.#finish();
    });
    source.unref();
  }

  #finish(): void {
    this.#ended = true;
    this.#writer.close();
    this.#end();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(!this.#ended);
  }
}
