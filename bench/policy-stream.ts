/** One TCP connection, written to and read from in turns by one thread: the kernel's work for each byte is all that differs. */

import { closeSync, readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { AF_INET, bind, bindSocket, connect, listen, SOCK_CLOEXEC, SOCK_STREAM, socket } from '../src/host/libc.js';
import { withNamespace } from '../src/host/namespace.js';
import { sockaddr } from '../src/host/sockaddr.js';
import { Ip } from '../src/net/ip.js';

const PORT = 8081;
/** Milliseconds. */
const TIME = 300;
const CHUNK = Buffer.alloc(64 << 10);

const accept = bind<[fd: number, address: null, length: null, flags: number]>(
  'int accept4(int fd, uint8_t *address, uint8_t *length, int flags)',
);
const { client, server, to } = workerData as { readonly client: string; readonly server: string; readonly to: string };

const listener = withNamespace(server, () => {
  const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const own = sockaddr(Ip.of('0.0.0.0'), PORT);
  bindSocket(fd, own, own.length);
  listen(fd, 1);
  return fd;
});
const sender = withNamespace(client, () => {
  const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const peer = sockaddr(Ip.of(to), PORT);
  connect(fd, peer, peer.length);
  return fd;
});
const receiver = accept(listener, null, null, SOCK_CLOEXEC);
const into = Buffer.alloc(CHUNK.length);
const begin = performance.now();
let bytes = 0;
while (performance.now() - begin < TIME) {
  const written = writeSync(sender, CHUNK);
  for (let read = 0; read < written; ) read += readSync(receiver, into);
  bytes += written;
}
parentPort!.postMessage(bytes / 1000 / (performance.now() - begin));
for (const fd of [sender, receiver, listener]) closeSync(fd);
