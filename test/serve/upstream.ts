/** A resolver under a test's control: every datagram and every TCP query goes to one function. */

import { createSocket, type RemoteInfo } from 'node:dgram';
import { createServer } from 'node:net';
import { Ip } from '../../src/net/ip.js';
import type { Upstream } from '../../src/serve/dns-exchange.js';
import { frame } from '../../src/serve/dns-tcp.js';
import { decode, encode, type Message } from '../../src/wire/dns.js';

export interface TestUpstream extends Upstream {
  /** Every query seen, in order. */
  readonly seen: { readonly query: Message; readonly transport: 'udp' | 'tcp'; readonly from: number }[];
  close(): void;
}

/** `behave` gives the messages (or raw bytes) to send back, in order; none is silence. */
export async function startUpstream(
  behave: (query: Message, transport: 'udp' | 'tcp') => readonly (Message | Uint8Array)[],
): Promise<TestUpstream> {
  const seen: TestUpstream['seen'] = [];
  const react = (bytes: Uint8Array, transport: 'udp' | 'tcp', from: number): Uint8Array[] => {
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
  const tcp = createServer(socket => {
    socket.on('error', () => {});
    socket.on('data', chunk => {
      for (const out of react(chunk.subarray(2), 'tcp', socket.remotePort!)) socket.write(frame(out));
    });
  });
  await new Promise<void>(resolve => tcp.listen(port, '127.0.0.1', resolve));
  const close = () => {
    udp.close();
    tcp.close();
  };
  return { ip: Ip.of('127.0.0.1'), port, seen, close };
}
