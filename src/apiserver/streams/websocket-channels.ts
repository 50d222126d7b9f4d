/** Exec and attach over a WebSocket: the first byte of each binary message is its channel (v4 and v5.channel.k8s.io). */

import { PassThrough, Writable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { ExecOptions } from '../node-proxy.js';
import type { Channels } from './channels.js';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Starts reading the socket. */
export function openWebSocketChannels(socket: WebSocket, options: ExecOptions): Channels {
  const stdin = options.stdin ? new PassThrough() : undefined;
  const resize = options.tty ? new PassThrough() : undefined;
  socket.on('message', (data: RawData) => {
    const message = data as Buffer;
    const [channel] = message;
    const body = message.subarray(1);
    if (channel === CHANNEL.stdin && stdin?.writable) {
      // One socket, one reader: while stdin is full nothing else of this client is read either.
      if (!stdin.write(body)) {
        socket.pause();
        stdin.once('drain', () => socket.resume());
      }
    } else if (channel === CHANNEL.resize) resize?.write(body);
    else if (channel === CHANNEL.close && body[0] === CHANNEL.stdin) stdin?.end();
  });
  socket.on('error', () => socket.terminate());
  const closed = new Promise<void>(resolve => {
    socket.once('close', () => {
      stdin?.destroy();
      resize?.destroy();
      stdout?.destroy();
      stderr?.destroy();
      resolve();
    });
  });
  const stdout = options.stdout ? output(socket, CHANNEL.stdout) : undefined;
  const stderr = options.stderr ? output(socket, CHANNEL.stderr) : undefined;
  socket.resume();
  return {
    stdin,
    stdout,
    stderr,
    resize,
    finish(status) {
      socket.resume();
      socket.send(Buffer.concat([Buffer.of(CHANNEL.error), Buffer.from(JSON.stringify(status))]), () =>
        socket.close(1000),
      );
    },
    closed,
  };
}

/** A write is done when the socket took it, which is how a slow client slows the command. */
function output(socket: WebSocket, channel: number): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) =>
      socket.send(Buffer.concat([Buffer.of(channel), chunk]), error => done(error ?? null)),
  });
}
