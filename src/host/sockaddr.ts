/** An address and a port as C's structures have them (netinet/in.h), and the inverse. */

import { Ip } from '../net/ip.js';
import { AF_INET, AF_INET6 } from './libc.js';

/** Bytes of the larger one, struct sockaddr_in6; struct sockaddr_in has 16. */
export const SOCKADDR_SIZE = 28;

/** struct sockaddr_in or sockaddr_in6: the family in host byte order, the port in network byte order. */
export function sockaddr(ip: Ip, port: number): Uint8Array {
  const bytes = new Uint8Array(ip.family === 4 ? 16 : SOCKADDR_SIZE);
  bytes.set(new Uint8Array(Uint16Array.of(ip.family === 4 ? AF_INET : AF_INET6).buffer));
  bytes[2] = port >> 8;
  bytes[3] = port & 0xff;
  bytes.set(ip.bytes, ip.family === 4 ? 4 : 8);
  return bytes;
}

/** The inverse. */
export function addressIn(bytes: Uint8Array): { readonly ip: Ip; readonly port: number } {
  const ip = new Ip(bytes[0] === AF_INET ? bytes.slice(4, 8) : bytes.slice(8, 24));
  return { ip, port: (bytes[2]! << 8) | bytes[3]! };
}
