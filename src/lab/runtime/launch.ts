/** Starts a program of system calls as a process. Knows spawning and reports; refuses to know what the program sets up. */

import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { inNewPidNamespace, inPidNamespace } from '../../host/pid-namespace.js';
import { memoryFile, pipe } from '../../host/pipes.js';
import { nullDevice, type Spawned, spawnProgram } from '../../host/spawn.js';
import { assemble, type Failure, readReport, type Step } from './program.js';

/** 'ignore' is /dev/null; a number is a file descriptor of ours. */
export type Stdio = 'ignore' | number;

export interface Launched extends Spawned {
  /** Resolves when the program runs, or with the step that failed. */
  readonly started: Promise<Failure | undefined>;
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
  const report = pipe();
  try {
    // Everything else that sets the process apart is done by the process itself: this thread visits no other namespace.
    const fds = [...stdio.map(each => (each === 'ignore' ? nullDevice() : each)), report.write];
    // By our own table of descriptors: in the child's, the number may be taken by one of `fds`.
    const start = () => spawnProgram(`/proc/${process.pid}/fd/${fd}`, [name], [], fds, true);
    const child = pidNamespace === 'new' ? inNewPidNamespace(start) : inPidNamespace(pidNamespace, start);
    return { ...child, started: reported(report.read, steps) };
  } catch (error) {
    closeSync(report.read);
    throw error;
  } finally {
    closeSync(report.write);
    closeSync(fd);
  }
}

/** The descriptor closes when the program runs, or after the report. */
function reported(fd: number, steps: readonly Step[]): Promise<Failure | undefined> {
  const chunks: Uint8Array[] = [];
  return new Promise(resolve => {
    new Socket({ fd, readable: true, writable: false })
      .on('data', chunk => chunks.push(chunk))
      .once('close', () => resolve(readReport(steps, Buffer.concat(chunks))));
  });
}
