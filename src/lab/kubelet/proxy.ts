/** What kubectl asks of a node through the API server: logs, exec, attach, port-forward. Knows streams; finds Pods through the kubelet. */

import { existsSync } from 'node:fs';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import type { ExecOptions, ExecSession, LogOptions, NodeProxy, PodRef } from '../../apiserver/node-proxy.js';
import { ApiError, badRequest, notFound } from '../../apiserver/status.js';
import { withNamespace } from '../../host/namespace.js';
import { connectTcp } from '../../host/sockets.js';
import { Ip } from '../../net/ip.js';
import { readLog } from '../runtime/log-reader.js';
import { StartError } from '../runtime/start-failure.js';
import type { ContainerRunner } from './container-runner.js';
import type { PodWorker } from './pod-worker.js';
import { stateOf } from './state.js';

export function nodeProxy(find: (pod: PodRef) => PodWorker | undefined): NodeProxy {
  const worker = (ref: PodRef) => {
    const found = find(ref);
    if (!found) throw notFound({ group: '', resource: 'pods' }, ref.name);
    return found;
  };
  return {
    async logs(ref, options) {
      return logsOf(worker(ref), options);
    },
    async exec(ref, options) {
      return execIn(runner(worker(ref), options.container), options);
    },
    async attach(ref, options) {
      return attachTo(runner(worker(ref), options.container), options);
    },
    async portForward(ref, port) {
      return forward(worker(ref), port);
    },
  };
}

/** The named container, or the only one. */
function runner(worker: PodWorker, container: string | undefined): ContainerRunner {
  const pod = worker.pod();
  const { name } = pod.metadata;
  const wanted = container ?? (pod.spec.containers.length === 1 ? pod.spec.containers[0]!.name : undefined);
  const all = [...worker.containers.keys()];
  if (wanted === undefined)
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`);
  const found = worker.containers.get(wanted);
  if (!found) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  return found;
}

function logsOf(worker: PodWorker, options: LogOptions): Readable {
  const of = runner(worker, options.container);
  const { metadata } = worker.pod();
  const { runs, waiting } = stateOf(worker.state(), of.name);
  const run = runs - (options.previous ? 2 : 1);
  if (options.previous && run < 0)
    throw badRequest(
      `previous terminated container ${JSON.stringify(of.name)} in pod ${JSON.stringify(metadata.name)} not found`,
    );
  if (run < 0) {
    const why = waiting?.reason ?? 'ContainerCreating';
    throw badRequest(
      `container ${JSON.stringify(of.name)} in pod ${JSON.stringify(metadata.name)} is waiting to start: ${why}`,
    );
  }
  const path = of.logPath(run);
  const since = options.sinceTime
    ? Date.parse(options.sinceTime)
    : options.sinceSeconds === undefined
      ? undefined
      : Date.now() - options.sinceSeconds * 1000;
  const { follow, tailLines, limitBytes, timestamps } = options;
  const changes = options.previous ? undefined : of.process?.output;
  if (!existsSync(path) && !(follow && changes)) return Readable.from([]);
  return Readable.from(readLog(path, { follow, tailLines, limitBytes, timestamps, since }, changes), {
    objectMode: false,
  });
}

async function execIn(of: ContainerRunner, options: ExecOptions): Promise<ExecSession> {
  if (!of.process) throw notRunning(of);
  try {
    const running = await of.exec(options.command, { stdin: options.stdin, tty: options.tty });
    const { stdin, stdout, stderr, resize, exited, kill } = running;
    return { ...(options.stdin && { stdin }), stdout, stderr, resize, exit: exited, kill };
  } catch (error) {
    if (error instanceof StartError) return failed(`exec failed: ${error.message}\n`, error.exitCode);
    throw error;
  }
}

/** A command that never began, as a session that says why. */
function failed(message: string, code: number): ExecSession {
  const stderr = Readable.from([Buffer.from(message)], { objectMode: false });
  return {
    stdout: Readable.from([], { objectMode: false }),
    stderr,
    resize: () => {},
    exit: Promise.resolve(code),
    kill: () => {},
  };
}

/** What the container writes from now on, and its standard input, if it has one. */
function attachTo(of: ContainerRunner, options: ExecOptions): ExecSession {
  const { process } = of;
  if (!process) throw notRunning(of);
  const container = of.member.container;
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const stop = process.output.listen((stream, chunk) => streams[stream].write(chunk));
  const end = () => {
    stop();
    streams.stdout.end();
    streams.stderr.end();
  };
  const exit = process.exited.then(code => {
    end();
    return code ?? 137;
  });
  const stdin = options.stdin && process.stdin ? new PassThrough() : undefined;
  // Only a container that takes its input once hears of the client's end.
  if (stdin) stdin.pipe(process.stdin!, { end: container.stdinOnce === true && container.tty !== true });
  return {
    ...(stdin && { stdin }),
    stdout: streams.stdout,
    ...(container.tty !== true && { stderr: streams.stderr }),
    resize: (columns, rows) => process.resize(columns, rows),
    exit,
    kill: end,
  };
}

function notRunning(of: ContainerRunner): ApiError {
  return new ApiError(
    500,
    'InternalError',
    `unable to upgrade connection: container not found (${JSON.stringify(of.name)})`,
  );
}

/** A socket made in the Pod's network stays in it; IPv4 is tried first. */
async function forward(worker: PodWorker, port: number): Promise<Duplex> {
  const { sandbox } = worker.state();
  if (!sandbox) throw new ApiError(500, 'InternalError', `pod ${worker.pod().metadata.name} has no network yet`);
  const attempts = ['127.0.0.1', '::1'].map(Ip.of);
  for (const [i, ip] of attempts.entries()) {
    try {
      return await connected(sandbox.netns, ip, port);
    } catch (error) {
      if (i === attempts.length - 1) {
        throw new ApiError(
          500,
          'InternalError',
          `failed to connect to localhost:${port} inside the Pod: ${(error as Error).message}`,
        );
      }
    }
  }
  throw new Error('unreachable');
}

function connected(netns: string, ip: Ip, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = withNamespace(netns, () => connectTcp(ip, port));
    socket.once('error', reject);
    // Nothing can be written, not even nothing, before the connection stands.
    socket.write('', error => {
      if (error) return;
      socket.off('error', reject);
      // Each direction ends by itself.
      socket.allowHalfOpen = true;
      resolve(socket);
    });
  });
}
