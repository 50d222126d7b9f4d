/** Starts a program of system calls as a process. Knows spawning and reports; refuses to know what the program sets up. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { inNewPidNamespace, inPidNamespace } from '../../host/pid-namespace.js';
import { memoryFile } from '../../host/pipes.js';
import { assemble, type Failure, readReport, type Step } from './program.js';

/** 'ignore' is /dev/null; a number is a file descriptor of ours. */
export type Stdio = 'ignore' | number;

export interface Launched {
  readonly pid: number;
  /** Resolves when the program runs, or with the step that failed. */
  readonly started: Promise<Failure | undefined>;
  /** 128 + n after signal n. */
  readonly exited: Promise<number>;
}

/**
 * The process leads a session of its own and outlives us. `pidNamespace` is 'new', or a file of a PID namespace to join.
 * `name` is what ps shows until the program itself is started. Throws a system error when no process can be made.
 */
export function launch(
  name: string,
  steps: readonly Step[],
  pidNamespace: string,
  stdio: readonly [Stdio, Stdio, Stdio],
): Launched {
  const fd = memoryFile(name, assemble(steps));
  try {
    // Everything else that sets the process apart is done by the process itself: this thread visits no other namespace.
    const start = () =>
      spawn(`/proc/self/fd/${fd}`, { argv0: name, detached: true, env: {}, stdio: [...stdio, 'pipe'] });
    const child = pidNamespace === 'new' ? inNewPidNamespace(start) : inPidNamespace(pidNamespace, start);
    return follow(child, steps);
  } finally {
    closeSync(fd);
  }
}

function follow(child: ChildProcess, steps: readonly Step[]): Launched {
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
  if (child.pid === undefined) {
    const failed = exited.then(() => undefined);
    return { pid: 0, started: failed, exited };
  }
  child.unref();
  const report = child.stdio[3] as Readable;
  const chunks: Uint8Array[] = [];
  const started = new Promise<Failure | undefined>(resolve => {
    report.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    report.once('close', () => resolve(readReport(steps, Buffer.concat(chunks))));
    report.once('error', () => report.destroy());
  });
  return { pid: child.pid, started, exited };
}
