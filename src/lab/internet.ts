/** The lab's Internet: a web server and a resolver in a namespace of their own. Knows a few names and one page. */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { withNamespace } from '../host/namespace.js';
import { bindUdp, listenTcp } from '../host/sockets.js';
import type { Family, Ip } from '../net/ip.js';
import { CLASS_IN, decode, encode, type Message, RCODE, type ResourceRecord } from '../wire/dns.js';

/** Names that exist there, as the codec's keys; everything else is NXDOMAIN. */
export const INTERNET_NAMES = ['example.com', 'www.example.com', 'example.org', 'www.example.org', 'internet.test'].map(
  name => `${name}.`,
);
/** Seconds. */
const TTL = 300;

export interface Internet {
  close(): void;
}

/** Serves on every given address: HTTP on port 80, DNS on port 53/udp. */
export function startInternet(netns: string, servers: readonly Ip[]): Internet {
  const closers = servers.flatMap(ip => {
    const [web, dns] = withNamespace(netns, () => [listenTcp(ip, 80), bindUdp(ip, 53)] as const);
    return [serveWeb(web), serveDns(dns, ip.family, servers)];
  });
  return {
    close() {
      for (const close of closers) close();
    },
  };
}

/** Tells every caller what it looks like from here: that is what one asks the Internet about a masquerade. */
function serveWeb(fd: number): () => void {
  const server = createServer((request, response) => {
    const caller = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    response.setHeader('content-type', 'text/plain');
    response.end(`Welcome to the Internet, ${caller}\nyou asked for http://${request.headers.host}${request.url}\n`);
  });
  server.listen({ fd });
  return () => server.close();
}

/** An authoritative server for the names above; all of them are this one machine. */
function serveDns(fd: number, family: Family, servers: readonly Ip[]): () => void {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  socket.on('message', (bytes, from) => {
    const query = decode(bytes);
    if (!('malformed' in query) && !query.response)
      socket.send(encode(answer(query, servers)), from.port, from.address);
  });
  socket.on('error', () => {});
  socket.bind({ fd });
  return () => socket.close();
}

function answer(query: Message, servers: readonly Ip[]): Message {
  const question = query.questions[0];
  const known = question !== undefined && INTERNET_NAMES.includes(question.name);
  const wanted = known ? servers.filter(ip => question.type === (ip.family === 4 ? 'A' : 'AAAA')) : [];
  const record = (ip: Ip): ResourceRecord => ({
    name: question!.name,
    class: CLASS_IN,
    ttl: TTL,
    data: { type: ip.family === 4 ? 'A' : 'AAAA', ip },
  });
  return {
    ...query,
    response: true,
    authoritative: true,
    recursionAvailable: true,
    truncated: false,
    rcode: known ? RCODE.NOERROR : RCODE.NXDOMAIN,
    answers: wanted.map(record),
    authorities: [],
    additionals: [],
  };
}
