/** Port-forward over SPDY: for each connection of the user a data and an error stream with the same `requestid`. */

import type { Duplex } from 'node:stream';
import type { NodeProxy, PodRef } from '../node-proxy.js';
import { SpdyConnection, type SpdyStream } from './spdy-connection.js';

/** How long the second stream of a pair may take after the first. */
const PAIR_MS = 30_000;

/** Serves until the client closes the connection; then every connection to the Pod is closed, too. */
export function servePortForward(transport: Duplex, node: NodeProxy, pod: PodRef): SpdyConnection {
  const waiting = new Map<string, SpdyStream>();
  return new SpdyConnection(transport, stream => {
    const key = stream.headers.get('requestid') ?? '';
    const other = waiting.get(key);
    if (!other) {
      waiting.set(key, stream);
      const timeout = setTimeout(() => stream.destroy(), PAIR_MS).unref();
      stream.once('close', () => {
        clearTimeout(timeout);
        if (waiting.get(key) === stream) waiting.delete(key);
      });
      return;
    }
    waiting.delete(key);
    const pair = [stream, other];
    const data = pair.find(one => one.headers.get('streamtype') === 'data');
    const error = pair.find(one => one.headers.get('streamtype') === 'error');
    if (data && error) void forward(node, pod, data, error);
    else for (const one of pair) one.destroy();
  });
}

async function forward(node: NodeProxy, pod: PodRef, data: SpdyStream, error: SpdyStream): Promise<void> {
  error.resume();
  const port = Number(data.headers.get('port'));
  try {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`no port: '${data.headers.get('port')}'`);
    const target = await node.portForward(pod, port);
    if (data.destroyed) target.destroy();
    else splice(data, target, () => error.end());
  } catch (reason) {
    const message = reason instanceof Error ? reason.message : String(reason);
    error.end(`error forwarding port ${port} to pod ${pod.name}: ${message}`);
    // Nobody will read what the user sends, but it must not hold up the connection's other streams.
    data.resume();
    data.end();
  }
}

/** Each side's end is the other's, each half on its own; what breaks breaks both. `onAnswered`: nothing more comes from the target. */
function splice(data: SpdyStream, target: Duplex, onAnswered: () => void): void {
  target.on('error', () => {});
  data.on('close', () => {
    if (!data.readableEnded || !data.writableFinished) target.destroy();
    onAnswered();
  });
  target.on('close', () => {
    // A target that answered and closed without reading on still answered: its last bytes are under way to the user.
    if (target.readableEnded) data.resume();
    else data.destroy();
  });
  data.once('finish', onAnswered);
  target.pipe(data);
  data.pipe(target);
}
