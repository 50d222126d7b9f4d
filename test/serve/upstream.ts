/** A resolver under a test's control: every datagram and every TCP query goes to one function. */

import { createSocket, type RemoteInfo } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Upstream } from '../../src/dns/upstream.js';
import { Ip } from '../../src/net/ip.js';
import { frame } from '../../src/serve/dns-tcp.js';
import { decode, encode, type Message } from '../../src/wire/dns.js';

export interface TestUpstream extends Upstream {
  /** Every query seen, in order. */
  readonly seen: { readonly query: Message; readonly transport: 'udp' | 'tcp' | 'tls'; readonly from: number }[];
  /** Ends all connections. */
  hangUp(): void;
  close(): void;
}

type Transport = TestUpstream['seen'][number]['transport'];

/** `behave` gives the messages (or raw bytes) to send back, in order; none is silence. With a certificate it is asked over TLS alone. */
export async function startUpstream(
  behave: (query: Message, transport: Transport) => readonly (Message | Uint8Array)[],
  pair?: { readonly certificate: string; readonly key: string },
): Promise<TestUpstream> {
  const seen: TestUpstream['seen'] = [];
  const react = (bytes: Uint8Array, transport: Transport, from: number): Uint8Array[] => {
    const query = decode(bytes) as Message;
    seen.push({ query, transport, from });
    return behave(query, transport).map(out => (out instanceof Uint8Array ? out : encode(out)));
  };
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from: RemoteInfo) => {
    for (const out of react(bytes, 'udp', from.port)) udp.send(out, from.port, from.address);
  });
  await new Promise<void>(resolve => udp.bind(0, '127.0.0.1', resolve));
  const { port } = udp.address();
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    let waiting = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', chunk => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 2 && waiting.length >= waiting.readUInt16BE() + 2) {
        const query = waiting.subarray(2, waiting.readUInt16BE() + 2);
        waiting = waiting.subarray(query.length + 2);
        for (const out of react(query, pair ? 'tls' : 'tcp', socket.remotePort!)) socket.write(frame(out));
      }
    });
  };
  const tcp = pair ? createTlsServer({ cert: pair.certificate, key: pair.key }, serve) : createServer(serve);
  await new Promise<void>(resolve => tcp.listen(port, '127.0.0.1', resolve));
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = () => {
    udp.close();
    tcp.close();
    hangUp();
  };
  return { ip: Ip.of('127.0.0.1'), port, seen, hangUp, close };
}
