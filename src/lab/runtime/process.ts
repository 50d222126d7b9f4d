/** A running container: started by us, or by the one before us. Knows its process, its end and its streams. */

import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipe } from '../../host/pipes.js';
import { openTerminal, resizeTerminal } from '../../host/terminal.js';
import { isAlive, type ProcessRecord, processRecord } from '../processes.js';
import { type Container, containerProgram } from './container.js';
import { type Launched, launch } from './launch.js';
import { Output } from './output.js';
import { startFailure } from './start-failure.js';

export interface ContainerProcess {
  readonly process: ProcessRecord;
  readonly output: Output;
  /** Undefined when nothing can be written to it. */
  readonly stdin?: Writable;
  resize(columns: number, rows: number): void;
  /** The exit code, 128 + n after signal n; undefined when it ended without a parent. */
  readonly exited: Promise<number | undefined>;
  signal(name: NodeJS.Signals): void;
}

export interface StartOptions {
  /** Directory of this container, kept as long as the Pod. */
  readonly directory: string;
  readonly logPath: string;
  readonly stdin: boolean;
  /** Nothing it could write is worth a pipe. */
  readonly silent: boolean;
}

/** Milliseconds between looks at processes that are not our children, and from the end of their output to a look. */
const LOOK = 2000;
const AFTER = 20;

/** Resolves when the program runs; rejects with StartError when it cannot. */
export async function startContainer(container: Container, options: StartOptions): Promise<ContainerProcess> {
  mkdirSync(options.directory, { recursive: true });
  const output = new Output(options.logPath);
  const streams = container.tty ? terminalStreams(output) : pipeStreams(output, options);
  let launched: Launched;
  try {
    launched = launch('podwire-container', containerProgram(container), 'new', streams.child);
  } finally {
    for (const fd of streams.close) closeSync(fd);
  }
  const record = processRecord(launched.pid);
  const failure = await launched.started;
  if (failure) throw startFailure(failure, container.program);
  const exited = launched.exited.then(async code => {
    // The last lines are in the log before anybody hears of the end.
    await Promise.race([output.ended, new Promise(resolve => setTimeout(resolve, 1000).unref())]);
    return code;
  });
  const process = record ?? { pid: launched.pid, started: '' };
  return { process, output, stdin: streams.stdin, resize: streams.resize, exited, signal: signalTo(process) };
}

/** A container that runs already. Its standard input was closed when its starter ended. */
export function adoptContainer(
  process: ProcessRecord,
  options: Pick<StartOptions, 'directory' | 'logPath'>,
): ContainerProcess {
  const output = new Output(options.logPath);
  output.reopenPipes(options.directory);
  const exited = new Promise<undefined>(resolve => {
    const timer = setInterval(() => look(), LOOK).unref();
    const look = () => {
      if (isAlive(process)) return;
      clearInterval(timer);
      resolve(undefined);
    };
    // Its end is the end of its output, too, which is heard at once.
    void output.ended.then(() => setTimeout(look, AFTER).unref());
  });
  return { process, output, resize: () => {}, exited, signal: signalTo(process) };
}

interface Streams {
  readonly child: [number | 'ignore', number | 'ignore', number | 'ignore'];
  /** Our copies of the child's ends. */
  readonly close: readonly number[];
  readonly stdin?: Writable;
  resize(columns: number, rows: number): void;
}

function pipeStreams(output: Output, { directory, stdin, silent }: StartOptions): Streams {
  const [stdout, stderr] = silent ? output.openNothing() : output.openPipes(directory);
  const input = stdin ? pipe() : undefined;
  const child: Streams['child'] = [input?.read ?? 'ignore', stdout, stderr];
  return {
    child,
    close: child.filter(fd => typeof fd === 'number'),
    stdin: input && new Socket({ fd: input.write, readable: false, writable: true }).on('error', () => {}).unref(),
    resize: () => {},
  };
}

function terminalStreams(output: Output): Streams {
  const { master, number } = openTerminal('/dev/ptmx');
  const slave = openSync(join('/dev/pts', String(number)), constants.O_RDWR | constants.O_NOCTTY);
  const stdin = output.readTerminal(master);
  return {
    child: [slave, slave, slave],
    close: [slave],
    stdin,
    resize: (columns, rows) => !stdin.destroyed && resizeTerminal(master, columns, rows),
  };
}

/** Never reaches another process that got the same id later. */
function signalTo(record: ProcessRecord): (name: NodeJS.Signals) => void {
  return name => {
    try {
      if (isAlive(record)) process.kill(record.pid, name);
    } catch {
      // It ended between the look and the signal.
    }
  };
}
