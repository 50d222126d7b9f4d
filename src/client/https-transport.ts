/** Requests over one HTTP/2 session with TLS. Knows sockets and certificates; knows nothing of Kubernetes' objects. */

import * as http2 from 'node:http2';
import type { Transport, TransportResponse } from './transport.js';

/** Where the API is and how we prove who we are. Certificates and keys are PEM. */
export interface ClusterAccess {
  /** `https://host:port`; a path in it is kept before every request's. */
  readonly server: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** Name that the server's certificate must bear, when it is not the host's. */
  readonly serverName?: string;
  readonly insecure?: boolean;
}

export interface HttpsTransport extends Transport {
  /** Ends the session; requests under way fail. */
  close(): void;
}

/** Connecting, and answering a ping, may take this long (ms) before the session counts as dead. */
const PATIENCE = 10_000;
const PING_EVERY = 15_000;

/**
 * One session for everything, opened by the first request and again after it was lost. A request fails with Node's
 * error when the server cannot be reached; trying again is the caller's business.
 */
export function httpsTransport(access: ClusterAccess): HttpsTransport {
  const url = new URL(access.server);
  const prefix = url.pathname.replace(/\/$/, '');
  const authorization = access.token ? { authorization: `Bearer ${access.token}` } : {};
  let session: http2.ClientHttp2Session | undefined;

  const connected = () => {
    if (!session || session.closed || session.destroyed) session = connect(url, access);
    return session;
  };

  const transport = (request: Parameters<Transport>[0]): Promise<TransportResponse> =>
    new Promise((resolve, reject) => {
      const stream = connected().request(
        { ':method': request.method, ':path': prefix + request.path, ...authorization, ...request.headers },
        { signal: request.signal, endStream: !request.body },
      );
      stream.on('error', reject);
      stream.on('response', headers => resolve({ status: headers[':status'] ?? 0, body: stream }));
      // A stream that ends without an answer (GOAWAY, reset without code) raises no error.
      stream.on('close', () => reject(new Error(`${url.host} closed the connection`)));
      if (request.body) stream.end(request.body);
    });
  return Object.assign(transport, { close: () => session?.destroy() });
}

function connect(url: URL, access: ClusterAccess): http2.ClientHttp2Session {
  const session = http2.connect(url.origin, {
    ca: access.ca,
    cert: access.cert,
    key: access.key,
    servername: access.serverName,
    rejectUnauthorized: !access.insecure,
    settings: { enablePush: false, initialWindowSize: 1 << 20 },
  });
  const giveUp = () => session.destroy(new Error(`${url.host} does not answer`));
  const deadline = setTimeout(giveUp, PATIENCE);
  // A peer that vanished without a FIN is noticed by its silence, long before TCP would.
  const pings = setInterval(() => {
    const late = setTimeout(giveUp, PATIENCE).unref();
    session.ping(() => clearTimeout(late));
  }, PING_EVERY).unref();
  session.once('connect', () => clearTimeout(deadline));
  session.once('close', () => {
    clearTimeout(deadline);
    clearInterval(pings);
  });
  session.once('goaway', () => session.close());
  // Every request on the session gets the error too, and reports it.
  session.on('error', () => {});
  return session;
}
