/** Small servers and clients in given namespaces; a server answers with its own name and the address it was asked from. */

import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Socket as NetSocket } from 'node:net';
import { withNamespace } from '../../src/host/namespace.js';
import { bindUdp, connectTcp, listenTcp } from '../../src/host/sockets.js';
import { Ip } from '../../src/net/ip.js';

/** Ends the server. */
export type Stop = () => void;

const ANY = { 4: Ip.of('0.0.0.0'), 6: Ip.of('::') };

/** TCP and UDP on that port, in both families. */
export function serve(netns: string, name: string, port: number): Stop {
  const stops = ([4, 6] as const).flatMap(family => {
    const listener = withNamespace(netns, () => listenTcp(ANY[family], port));
    // A client whose packets are dropped from now on never ends its connection.
    const open = new Set<NetSocket>();
    const server = createServer(socket => {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => open.delete(socket));
      socket.end(`${name} ${socket.remoteAddress}`);
    }).listen({ fd: listener });
    const bound = withNamespace(netns, () => bindUdp(ANY[family], port));
    const udp = createSocket({ type: family === 4 ? 'udp4' : 'udp6' });
    udp.on('message', (_, from) => udp.send(`${name} ${from.address}`, from.port, from.address));
    udp.bind({ fd: bound });
    const stop = () => {
      server.close();
      for (const socket of open) socket.destroy();
    };
    return [stop, () => void udp.close()];
  });
  return () => {
    for (const stop of stops) stop();
  };
}

const PATIENCE_MS = 2000;

/** What the server at the other end says, or the error's code: `ECONNREFUSED`, or `silence` when nothing comes. */
export function askTcp(netns: string, to: string, port: number, patience = PATIENCE_MS): Promise<string> {
  return new Promise(resolve => {
    const socket = withNamespace(netns, () => connectTcp(Ip.of(to), port));
    let text = '';
    const timer = setTimeout(() => finish('silence'), patience);
    const finish = (answer: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', data => (text += data));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on('end', () => finish(text));
  });
}

/** The same with one datagram; `from` binds it to an address, which need not be the sender's own to use. */
export function askUdp(
  netns: string,
  to: string,
  port: number,
  from?: string,
  patience = PATIENCE_MS,
): Promise<string> {
  return new Promise(resolve => {
    const { family } = Ip.of(to);
    const fd = withNamespace(netns, () => bindUdp(from ? Ip.of(from) : ANY[family], 0));
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6' });
    const timer = setTimeout(() => finish('silence'), patience);
    const finish = (answer: string) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    socket.on('message', data => finish(data.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.bind({ fd }, () => {
      // Connected, so that the kernel hands an ICMP refusal to this socket.
      socket.connect(port, to, () => socket.send('?'));
    });
  });
}

/** One UDP socket, with one port of its own for all that it asks. */
export class Talker {
  readonly #socket: Socket;
  readonly #ready: Promise<void>;

  constructor(netns: string, to: string, port = 80) {
    const { family } = Ip.of(to);
    const fd = withNamespace(netns, () => bindUdp(ANY[family], 0));
    this.#socket = createSocket({ type: `udp${family}` });
    this.#ready = new Promise(resolve =>
      this.#socket.bind({ fd }, () => this.#socket.connect(port, to, () => resolve())),
    );
  }

  async ask(): Promise<string> {
    await this.#ready;
    return new Promise(resolve => {
      const timer = setTimeout(() => finish('silence'), PATIENCE_MS);
      const finish = (answer: string) => {
        clearTimeout(timer);
        this.#socket.removeAllListeners();
        resolve(answer);
      };
      this.#socket.on('message', data => finish(data.toString()));
      this.#socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
      this.#socket.send('?');
    });
  }

  close(): void {
    this.#socket.on('error', () => {}).close();
  }
}
