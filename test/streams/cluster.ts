/** Just enough of an API server and of a node for kubectl to exec into Pods: each Pod is this machine. */

import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExecOptions, ExecSession, NodeProxy } from '../../src/apiserver/node-proxy.js';
import { badRequest } from '../../src/apiserver/status.js';
import { createStreams } from '../../src/apiserver/streams/index.js';

export interface TestCluster {
  readonly url: string;
  /** What the node was asked to run. */
  readonly asked: ExecOptions[];
  /** How many commands were killed because their client went away. */
  killed: number;
  /** By which protocols the streams came. */
  readonly upgrades: string[];
  close(): Promise<void>;
}

export async function startCluster(): Promise<TestCluster> {
  const sockets = new Set<Duplex>();
  const server = createServer((request, response) => {
    const body = answer(new URL(request.url!, 'http://api').pathname);
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(body ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }),
    );
  });
  const cluster: TestCluster = {
    ...{ url: '', asked: [], killed: 0, upgrades: [] },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
  const streams = createStreams(node(cluster));
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url!, 'http://api');
    const [, namespace, name, verb] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/(\w+)$/.exec(url.pathname)!;
    cluster.upgrades.push(`${request.headers.upgrade}`.toLowerCase());
    streams.handleUpgrade(request, socket, head, {
      namespace: namespace!,
      name: name!,
      verb: verb as 'exec',
      query: url.searchParams,
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(cluster, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function answer(path: string): object | undefined {
  const pod = /^\/api\/v1\/namespaces\/default\/pods\/([^/]+)$/.exec(path)?.[1];
  if (pod) {
    return {
      ...{ kind: 'Pod', apiVersion: 'v1', metadata: { name: pod, namespace: 'default' }, status: { phase: 'Running' } },
      spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'host', stdin: true, tty: false }] },
    };
  }
  const verbs = ['get', 'list', 'create'];
  const pods = { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs, shortNames: ['po'] };
  return {
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
    '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: [pods] },
    '/version': { major: '1', minor: '32', gitVersion: 'v1.32.0' },
  }[path];
}

function node(cluster: TestCluster): NodeProxy {
  const run = async (options: ExecOptions): Promise<ExecSession> => {
    cluster.asked.push(options);
    const [program, ...args] = options.command;
    if (program === 'missing') throw badRequest('container not found ("missing")');
    const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const exit = new Promise<number>((resolve, reject) => {
      child.once('error', error => reject(new Error(`exec: ${error.message}`)));
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)));
    });
    if (!options.stdin) child.stdin.end();
    return {
      ...(options.stdin && { stdin: child.stdin }),
      ...(options.stdout && { stdout: child.stdout }),
      ...(options.stderr && { stderr: child.stderr }),
      // A command learns the size of its terminal as a line of input.
      resize: (columns, rows) => void child.stdin.write(`${columns}x${rows}\n`),
      exit,
      kill() {
        cluster.killed++;
        child.kill('SIGKILL');
      },
    };
  };
  return {
    logs: async () => {
      throw badRequest('no logs here');
    },
    exec: (_pod, options) => run(options),
    attach: (_pod, options) => run({ ...options, command: ['sh', '-c', 'echo attached; cat'] }),
    portForward: (_pod, port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () => resolve(socket));
        socket.once('error', reject);
      }),
  };
}
