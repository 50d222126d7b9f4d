/** DNS over UDP: a socket whose datagrams go to the responder. Decides nothing but what is too large to read. */

import { createSocket, type Socket } from 'node:dgram';
import type { Ip } from '../net/ip.js';
import type { Responder } from './dns-responder.js';

/** Bytes. No honest query is larger. */
const MAX_QUERY = 4096;
const RECEIVE_BUFFER = 4 << 20;

/** Rejects with the errno's error when the address cannot be bound. */
export function listenUdp(ip: Ip, port: number, responder: Responder): Promise<Socket> {
  const socket = createSocket({ type: ip.family === 4 ? 'udp4' : 'udp6', ipv6Only: ip.family === 6, reuseAddr: true });
  socket.on('message', (bytes, { address, port }) => {
    if (bytes.length > MAX_QUERY || port === 0) return;
    // A reply that cannot be sent is a reply lost: the client asks again.
    responder.handle(bytes, { address, transport: 'udp' }, reply => socket.send(reply, port, address, () => {}));
  });
  return new Promise((resolve, reject) => {
    socket.once('error', error => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: String(ip), port, exclusive: true }, () => {
      socket.removeAllListeners('error').on('error', () => {});
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER);
      } catch {
        // The kernel's limit is lower: bursts are shorter then, nothing else.
      }
      resolve(socket);
    });
  });
}
