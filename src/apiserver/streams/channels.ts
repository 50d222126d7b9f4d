/** What exec and attach are to the client, whichever protocol carries them; and how a session on the node is joined to it. */

import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ExecOptions, ExecSession } from '../node-proxy.js';
import { badRequest } from '../status.js';

/** The client's side. Those that the client did not ask for are missing. */
export interface Channels {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** JSON objects `{"Width":80,"Height":24}`, one after the other. */
  readonly resize?: Readable;
  /** Sends the last word on the error channel and lets the client close. */
  finish(status: object): void;
  /** The client is gone, or everything is over. */
  readonly closed: Promise<void>;
}

/** The query of …/exec and …/attach (core/v1 PodExecOptions). Throws an ApiError. */
export function execOptions(verb: 'exec' | 'attach', query: URLSearchParams): ExecOptions {
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const container = query.get('container') ?? undefined;
  const options = {
    ...(container && { container }),
    command: verb === 'exec' ? query.getAll('command') : [],
    stdin: flag('stdin'),
    stdout: flag('stdout'),
    stderr: flag('stderr'),
    tty: flag('tty'),
  };
  if (!options.stdin && !options.stdout && !options.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  if (verb === 'exec' && !options.command.length) throw badRequest('you must specify a command');
  return options;
}

/**
 * The session with its output read from now on, though the client's channels may open later: Node throws away what a child
 * process wrote when it exits and nobody listens.
 */
export function held(session: ExecSession): ExecSession {
  const through = (from: Readable) => {
    const to = new PassThrough();
    // Of a terminal that is its end (EIO), and whatever broke: what was said before still goes to the client.
    from.on('error', () => to.end());
    to.on('error', () => {});
    return from.pipe(to);
  };
  // It may fail before anybody waits for it; `join` will see it all the same.
  session.exit.catch(() => {});
  return {
    ...(session.stdin && { stdin: session.stdin }),
    ...(session.stdout && { stdout: through(session.stdout) }),
    ...(session.stderr && { stderr: through(session.stderr) }),
    exit: session.exit,
    resize: (columns, rows) => session.resize(columns, rows),
    kill: () => session.kill(),
  };
}

/** Resolves when the session is over and the client was told how it ended. Never rejects. */
export async function join(session: ExecSession, channels: Channels): Promise<void> {
  let ended = false;
  void channels.closed.then(() => {
    if (!ended) session.kill();
  });
  feed(channels.stdin, session.stdin);
  follow(channels.resize, session);
  const outputs = [drain(session.stdout, channels.stdout), drain(session.stderr, channels.stderr)];
  try {
    const code = await session.exit;
    await Promise.all(outputs);
    channels.finish(exitStatus(code));
  } catch (error) {
    channels.finish(failureStatus(error instanceof Error ? error.message : String(error)));
  }
  ended = true;
}

/** The client's end of input is the command's; a command that reads no more lets the rest run into the void. */
function feed(from: Readable | undefined, to: Writable | undefined): void {
  from?.on('error', () => {});
  if (!to || !from) return void from?.resume();
  to.on('error', () => {});
  to.once('close', () => from.resume());
  from.once('close', () => to.end());
  from.pipe(to);
}

async function drain(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  to?.on('error', () => {});
  if (!from) return void to?.end();
  if (!to) return void from.on('error', () => {}).resume();
  // A client that went away, or a pipe that broke: the exit code still counts.
  await pipeline(from, to).catch(() => {});
}

function follow(resize: Readable | undefined, session: ExecSession): void {
  let text = '';
  resize?.on('error', () => {});
  resize?.on('data', chunk => {
    text = (text + chunk).slice(-1024);
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = /"Width":\s*(\d{1,5})\s*,\s*"Height":\s*(\d{1,5})/i.exec(text.slice(0, end));
      text = text.slice(end + 1);
      if (size) session.resize(Number(size[1]), Number(size[2]));
    }
  });
}

/** As kubectl reads it: k8s.io/apimachinery/pkg/util/remotecommand, v4.channel.k8s.io. */
function exitStatus(code: number): object {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function failureStatus(message: string): object {
  return { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
}
