/** The lab's Internet: a web server and a resolver in a namespace of their own. Knows a few names and one page. */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { isIPv4 } from 'node:net';
import { bindUdp, listenTcp } from '../host/sockets.js';
import { withNamespace } from '../host/namespace.js';
import type { Ip } from '../net/ip.js';

/** Names that exist there; everything else is NXDOMAIN. */
export const INTERNET_NAMES = ['example.com', 'www.example.com', 'example.org', 'www.example.org', 'internet.test'];

export interface Internet {
  close(): void;
}

/** Serves on every given address: HTTP on port 80, DNS on port 53/udp. */
export function startInternet(netns: string, servers: readonly Ip[]): Internet {
  const closers = servers.flatMap(ip => {
    const [web, dns] = withNamespace(netns, () => [listenTcp(ip, 80), bindUdp(ip, 53)] as const);
    return [serveWeb(web), serveDns(dns, ip, servers)];
  });
  return { close: () => closers.forEach(close => close()) };
}

/** Tells every caller what it looks like from here: that is what one asks the Internet about a masquerade. */
function serveWeb(fd: number): () => void {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(`Welcome to the Internet, ${bare(request.socket.remoteAddress ?? '')}\nyou asked for http://${request.headers.host}${request.url}\n`);
  });
  server.listen({ fd });
  return () => server.close();
}

function bare(address: string): string {
  const mapped = address.replace(/^::ffff:/, '');
  return isIPv4(mapped) ? mapped : address;
}
