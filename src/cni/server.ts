/** The agent's end of the plugin's socket: frames of shim/program.ts to requests and back. Decides nothing. */

import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { logger } from '../report/log.js';
import { type AttachmentService, answer } from './operations.js';

const log = logger('cni');

/** Bytes of one request: environment and network configuration. */
const LONGEST = 16 << 20;

export interface CniServer {
  /** No new requests; resolves when those under way are answered. */
  close(): Promise<void>;
}

/**
 * Listens on a unix socket in a directory of its own, which only root may enter: that is the whole access control.
 * A socket file that an earlier agent left is replaced; the caller holds the node's lock, so nobody listens on it.
 */
export async function serveCni(path: string, service: AttachmentService): Promise<CniServer> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  chmodSync(dirname(path), 0o700);
  rmSync(path, { force: true });
  const server: Server = createServer({ allowHalfOpen: true }, socket => receive(socket, service));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return { close: () => new Promise(resolve => server.close(() => resolve())) };
}

function receive(socket: Socket, service: AttachmentService): void {
  const chunks: Uint8Array[] = [];
  let size = 0;
  socket.on('error', error => log.debug('a plugin went away', { error }));
  socket.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk);
    if ((size += chunk.length) > LONGEST) socket.destroy();
  });
  socket.on('end', async () => {
    const { env, stdin } = parseFrame(Buffer.concat(chunks));
    const { stdout, exitCode } = await answer(env, stdin, service);
    if (exitCode !== 0)
      log.warn(`${env.get('CNI_COMMAND')} refused`, { container: env.get('CNI_CONTAINERID'), answer: stdout });
    // The plugin said all before: no half-closed connection has to be waited for.
    socket.write(`${stdout}\0${String.fromCharCode(exitCode)}`, () => socket.destroy());
  });
}

/** Strings that each end in a zero byte; an empty one; the rest is standard input. */
export function parseFrame(frame: Buffer): { readonly env: ReadonlyMap<string, string>; readonly stdin: string } {
  const env = new Map<string, string>();
  let at = 0;
  for (;;) {
    const end = frame.indexOf(0, at);
    const variable = frame.toString('utf8', at, end < 0 ? frame.length : end);
    if (variable === '') return { env, stdin: end < 0 ? '' : frame.toString('utf8', end + 1) };
    const equals = variable.indexOf('=');
    if (equals > 0) env.set(variable.slice(0, equals), variable.slice(equals + 1));
    if (end < 0) return { env, stdin: '' };
    at = end + 1;
  }
}
