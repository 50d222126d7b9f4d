/** Exec and attach over SPDY: one stream per channel, named by its `streamtype` header (v4.channel.k8s.io). */

import type { Duplex } from 'node:stream';
import type { ExecOptions } from '../node-proxy.js';
import type { Channels } from './channels.js';
import { SpdyConnection, type SpdyStream } from './spdy-connection.js';

/** How long the client may take to open its streams. */
const OPEN_MS = 30_000;
/**
 * How long the client may take to read what was sent and to close. It must be the first to close: a Go client drops what it
 * has not read yet when the connection ends. One that has died is noticed by TCP keepalive.
 */
const LINGER_MS = 3_600_000;

/** Rejects, with the connection closed, when the client does not open the streams that it announced. */
export function openSpdyChannels(transport: Duplex, options: ExecOptions): Promise<Channels> {
  const wanted = ['error', 'stdin', 'stdout', 'stderr', 'resize'].filter(type =>
    type === 'error' ? true : type === 'resize' ? options.tty : options[type as 'stdin'],
  );
  return new Promise((resolve, reject) => {
    const streams = new Map<string, SpdyStream>();
    const timeout = setTimeout(() => connection.close(), OPEN_MS);
    const connection = new SpdyConnection(transport, stream => {
      const type = stream.headers.get('streamtype') ?? '';
      if (!wanted.includes(type) || streams.has(type)) return void stream.destroy();
      streams.set(type, stream);
      if (streams.size < wanted.length) return;
      clearTimeout(timeout);
      resolve(channelsOf(connection, streams));
    });
    void connection.closed.then(() => {
      clearTimeout(timeout);
      reject(new Error('the client did not open its streams'));
    });
  });
}

function channelsOf(connection: SpdyConnection, streams: ReadonlyMap<string, SpdyStream>): Channels {
  // Output streams are written only, but the client's half of them must be read to its end as well.
  for (const type of ['error', 'stdout', 'stderr']) streams.get(type)?.resume();
  return {
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    resize: streams.get('resize'),
    finish(status) {
      for (const type of ['stdin', 'resize', 'stdout', 'stderr']) streams.get(type)?.end();
      streams.get('error')!.end(JSON.stringify(status));
      const linger = setTimeout(() => connection.close(), LINGER_MS).unref();
      void connection.closed.then(() => clearTimeout(linger));
    },
    closed: connection.closed,
  };
}
