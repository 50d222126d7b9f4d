/** Another command in a running container. Knows namespaces and terminals; refuses to know who asked. */

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { pipe } from '../../host/pipes.js';
import { openTerminal, resizeTerminal } from '../../host/terminal.js';
import { type Identity, type Program, run } from './container.js';
import { launch, type Stdio } from './launch.js';
import type { Step } from './program.js';
import { startFailure } from './start-failure.js';
import * as step from './steps.js';

export interface Command {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly identity: Identity;
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface Running {
  readonly stdin?: Writable;
  readonly stdout: Readable;
  /** Not with a terminal. */
  readonly stderr?: Readable;
  resize(columns: number, rows: number): void;
  /** 128 + n after signal n. */
  readonly exited: Promise<number>;
  kill(): void;
}

/** Runs in all namespaces of process `pid`. Rejects with StartError when the program cannot be run. */
export async function runInside(pid: number, command: Command): Promise<Running> {
  const streams = command.tty ? terminal(pid) : pipes(command.stdin);
  const program: Program = { argv: command.argv, env: command.env, workingDir: command.workingDir };
  const launched = (() => {
    try {
      const steps = commandProgram(pid, program, command.identity, streams.slave);
      return launch('podwire-exec', steps, `/proc/${pid}/ns/pid`, streams.child);
    } finally {
      for (const fd of streams.child) if (typeof fd === 'number') closeSync(fd);
    }
  })();
  const failure = await launched.started;
  if (failure) {
    streams.ours.stdout.destroy();
    throw startFailure(failure, program);
  }
  // The whole process group: a shell's children end with it.
  const kill = () => {
    try {
      process.kill(-launched.pid, 'SIGKILL');
    } catch {
      // It ended already.
    }
  };
  return { ...streams.ours, exited: launched.exited, kill };
}

/** The mount namespace comes last, because the others are found by the machine's /proc. */
function commandProgram(pid: number, program: Program, identity: Identity, slave: string | undefined): Step[] {
  const namespaces = [
    ['net', step.CLONE_NEWNET],
    ['ipc', step.CLONE_NEWIPC],
    ['uts', step.CLONE_NEWUTS],
    ['mnt', step.CLONE_NEWNS],
  ] as const;
  return [
    step.closeReportOnStart(),
    step.closeOthers(),
    step.umask(0o022),
    ...namespaces.flatMap(([name, type]) => step.enter(`/proc/${pid}/ns/${name}`, type)),
    ...(slave === undefined ? [] : takeTerminal(slave)),
    ...run(program, identity),
  ];
}

/** A session leader's first terminal becomes its controlling terminal by being opened. */
function takeTerminal(path: string): Step[] {
  return [
    step.openTerminal(path),
    ...[0, 1, 2].map(fd => step.duplicate(step.FIRST_FD, fd)),
    step.close(step.FIRST_FD),
  ];
}

interface Streams {
  readonly child: readonly [Stdio, Stdio, Stdio];
  readonly slave?: string;
  readonly ours: Pick<Running, 'stdin' | 'stdout' | 'stderr' | 'resize'>;
}

function pipes(withInput: boolean): Streams {
  const input = withInput ? pipe() : undefined;
  const output = pipe();
  const errors = pipe();
  const readable = (fd: number) => new Socket({ fd, readable: true, writable: false });
  return {
    child: [input?.read ?? 'ignore', output.write, errors.write],
    ours: {
      // The command may end before it has read all: that is no error of ours.
      stdin: input && new Socket({ fd: input.write, readable: false, writable: true }).on('error', () => {}),
      stdout: readable(output.read),
      stderr: readable(errors.read),
      resize: () => {},
    },
  };
}

/** From the container's own devpts, so that its /dev/pts/N has the name that ttyname(3) finds. */
function terminal(pid: number): Streams {
  const { master, number } = openTerminal(`/proc/${pid}/root/dev/pts/ptmx`);
  const stream = new ReadStream(master);
  // The last process of the terminal ended: reading gives EIO, which is its end of file.
  stream.on('error', () => {});
  return {
    child: ['ignore', 'ignore', 'ignore'],
    slave: `/dev/pts/${number}`,
    ours: {
      stdin: stream,
      stdout: stream,
      resize: (columns, rows) => !stream.destroyed && resizeTerminal(master, columns, rows),
    },
  };
}
