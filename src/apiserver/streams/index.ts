/** Exec, attach and port-forward as kubectl speaks them: WebSocket or SPDY/3.1 in, the node's kubelet out. Authentication came before. */

import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { NodeProxy } from '../node-proxy.js';
import { type ApiError, badRequest } from '../status.js';
import { execOptions, held, join } from './channels.js';
import { servePortForward } from './port-forward.js';
import { openSpdyChannels } from './spdy-channels.js';
import { acceptSpdy, acceptWebSocket, type Protocols, refuse, upgradeOf } from './upgrade.js';
import { openWebSocketChannels } from './websocket-channels.js';

export interface StreamTarget {
  readonly namespace: string;
  readonly name: string;
  readonly verb: 'exec' | 'attach' | 'portforward';
  readonly query: URLSearchParams;
}

export interface Streams {
  /** Takes the socket over, for good; also when the request fails. Never throws. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: StreamTarget): void;
}

const EXEC: Protocols = {
  websocket: ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
  spdy: ['v4.channel.k8s.io'],
};
/** kubectl >= 1.31 tunnels SPDY through the WebSocket. */
const PORT_FORWARD: Protocols = {
  websocket: ['SPDY/3.1+portforward.k8s.io'],
  spdy: ['portforward.k8s.io'],
};

export function createStreams(node: NodeProxy): Streams {
  return {
    handleUpgrade(request, socket, head, target) {
      socket.on('error', () => socket.destroy());
      if (socket instanceof Socket) socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, 30_000);
      const run = target.verb === 'portforward' ? portForward : exec;
      run(node, request, socket, head, target).catch(error => refuse(socket, error as ApiError));
    },
  };
}

type Run = (
  node: NodeProxy,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  target: StreamTarget,
) => Promise<void>;

const portForward: Run = async (node, request, socket, head, { namespace, name }) => {
  const upgrade = upgradeOf(request, PORT_FORWARD);
  const transport =
    upgrade.kind === 'spdy'
      ? acceptSpdy(socket, head, upgrade.protocol)
      : (await acceptWebSocket(request, socket, head, upgrade.protocol)).stream();
  servePortForward(transport, node, { namespace, name });
};

/** The command is started first: what goes wrong with it is still an ordinary answer then. */
const exec: Run = async (node, request, socket, head, { namespace, name, verb, query }) => {
  if (verb === 'portforward') throw badRequest('not a command');
  const upgrade = upgradeOf(request, EXEC);
  const options = execOptions(verb, query);
  const session = held(await node[verb]({ namespace, name }, options));
  try {
    const channels =
      upgrade.kind === 'spdy'
        ? await openSpdyChannels(acceptSpdy(socket, head, upgrade.protocol), options)
        : openWebSocketChannels((await acceptWebSocket(request, socket, head, upgrade.protocol)).socket, options);
    void join(session, channels);
  } catch {
    session.kill();
    socket.destroy();
  }
};
