/** One check or hook of a container: a command in it, an HTTP request or a TCP connection to it, a pause. Knows how to ask; decides nothing. */

import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { withNamespace } from '../../host/namespace.js';
import { connectTcp } from '../../host/sockets.js';
import { Ip } from '../../net/ip.js';
import type { Container, LifecycleHandler, Probe } from '../../objects/container.js';
import type { Running } from '../runtime/exec.js';

/** Where a handler works. */
export interface Target {
  readonly container: Container;
  readonly podIP: string;
  /** The node's network namespace: from there kubelet asks. */
  readonly netns: string;
  exec(command: readonly string[]): Promise<Running>;
}

/** `output` says why not, in kubelet's words. */
export interface Answer {
  readonly healthy: boolean;
  readonly output: string;
}

export type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>;

/** Bytes of an answer that are worth telling. */
const TELL = 10 * 1024;
/** How long the output may stay open after the command has ended, milliseconds. */
const LINGER = 100;

/** Never rejects. `timeout` in milliseconds. */
export async function perform(handler: Handler, target: Target, timeout: number): Promise<Answer> {
  try {
    if (handler.exec) return await runCommand(handler.exec.command ?? [], target, timeout);
    if (handler.httpGet) return await request(handler.httpGet, target, timeout);
    if (handler.tcpSocket)
      return await connect(handler.tcpSocket.host, portOf(handler.tcpSocket.port, target.container), target, timeout);
    // The health service of gRPC is asked for no more than a connection.
    if (handler.grpc) return await connect(undefined, handler.grpc.port, target, timeout);
    if (handler.sleep) await new Promise(resolve => setTimeout(resolve, handler.sleep!.seconds * 1000));
    return { healthy: true, output: '' };
  } catch (error) {
    return { healthy: false, output: (error as Error).message };
  }
}

async function runCommand(command: readonly string[], target: Target, timeout: number): Promise<Answer> {
  const running = await target.exec(command);
  const chunks: Buffer[] = [];
  const read = [running.stdout, running.stderr!].map(stream => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return new Promise(resolve => stream.once('close', resolve));
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    running.kill();
  }, timeout);
  const code = await running.exited;
  clearTimeout(timer);
  // What it left running may keep its output open.
  await Promise.race([Promise.all(read), new Promise(resolve => setTimeout(resolve, LINGER))]);
  if (late) return { healthy: false, output: `command ${JSON.stringify(command.join(' '))} timed out` };
  return { healthy: code === 0, output: Buffer.concat(chunks).subarray(0, TELL).toString() };
}

function request(get: NonNullable<Handler['httpGet']>, target: Target, timeout: number): Promise<Answer> {
  const port = portOf(get.port, target.container);
  const host = get.host || target.podIP;
  const secure = get.scheme === 'HTTPS';
  const url = `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${get.path ?? '/'}`;
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = { 'user-agent': 'kube-probe/1.32', accept: '*/*', connection: 'close' };
    for (const { name, value } of get.httpHeaders ?? []) headers[name.toLowerCase()] = value ?? '';
    const dial = () => {
      const socket = socketTo(host, port, target);
      // The certificate is the container's own affair.
      return secure ? tlsConnect({ socket, rejectUnauthorized: false }) : socket;
    };
    // Without an agent: an agent would make its own connection, from the machine's own network.
    const asked = httpRequest({ host, port, path: get.path ?? '/', headers, createConnection: dial });
    const late = setTimeout(() => asked.destroy(new Error(`Get "${url}": context deadline exceeded`)), timeout);
    asked.once('error', error =>
      reject(error.message.startsWith('Get') ? error : new Error(`Get "${url}": ${words(error)}`)),
    );
    asked.once('close', () => clearTimeout(late));
    asked.once('response', response => {
      response.resume();
      const status = response.statusCode ?? 0;
      // A redirect is an answer, and is not followed: it might lead anywhere.
      const healthy = status >= 200 && status < 400;
      resolve({ healthy, output: healthy ? '' : `HTTP probe failed with statuscode: ${status}` });
      asked.destroy();
    });
    asked.end();
  });
}

function connect(host: string | undefined, port: number, target: Target, timeout: number): Promise<Answer> {
  const address = host || target.podIP;
  return new Promise((resolve, reject) => {
    const socket = socketTo(address, port, target);
    const where = `dial tcp ${address.includes(':') ? `[${address}]` : address}:${port}`;
    const end = (error?: Error) => {
      clearTimeout(late);
      socket.destroy();
      if (error) reject(new Error(`${where}: ${words(error)}`));
      else resolve({ healthy: true, output: '' });
    };
    const late = setTimeout(() => end(new Error('i/o timeout')), timeout);
    socket.on('error', end);
    // Nothing can be written, not even nothing, before the connection stands.
    socket.write('', error => !error && end());
  });
}

function socketTo(host: string, port: number, target: Target): Socket {
  const ip = Ip.parse(host === 'localhost' ? '127.0.0.1' : host);
  if (!ip) throw new Error(`${host} is no address`);
  return withNamespace(target.netns, () => connectTcp(ip, port));
}

/** A number, or the name of one of the container's ports. */
export function portOf(port: number | string, container: Container): number {
  const number =
    typeof port === 'number'
      ? port
      : /^\d+$/.test(port)
        ? Number(port)
        : container.ports?.find(({ name }) => name === port)?.containerPort;
  if (!number || number > 65535)
    throw new Error(`couldn't find port ${JSON.stringify(port)} in container ${container.name}`);
  return number;
}

function words(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ECONNREFUSED' ? 'connect: connection refused' : code === 'ECONNRESET' ? 'EOF' : error.message;
}
