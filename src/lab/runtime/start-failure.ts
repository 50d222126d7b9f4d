/** Why a container or a command in one did not start, in the words of runc. */

import { getSystemErrorName } from 'node:util';
import { PodwireError } from '../../report/errors.js';
import type { Program } from './container.js';
import type { Failure } from './program.js';

/** `exitCode` is 127 for a program that is not there, 126 for one that cannot be run, and 128 for all else (as shells and runc have it). */
export class StartError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
    this.name = 'StartError';
  }
}

export function startFailure({ step, errno }: Failure, program: Program): StartError {
  const why = describe(errno);
  if (step.call === 'mount' && step.args[0] === 'overlay') {
    const { message, advice } = new PodwireError('PW-K102', {
      feature: `overlayfs over / (${why})`,
      hint: OVERLAY_HINT,
    });
    return new StartError(`${message}: ${advice}`, 128);
  }
  if (step.call !== 'execve' || program === 'pause')
    return new StartError(`unable to start container process: error ${step.doing}: ${why}`, 128);
  const name = program.argv[0]!;
  const missing = errno === ENOENT && !name.includes('/');
  const text = missing
    ? 'executable file not found in $PATH'
    : name.includes('/') && errno === ENOENT
      ? `stat ${name}: ${why}`
      : why;
  return new StartError(
    `unable to start container process: exec: ${JSON.stringify(name)}: ${text}`,
    errno === ENOENT ? 127 : 126,
  );
}

const ENOENT = 2;
const OVERLAY_HINT =
  'load it with `modprobe overlay`; if the machine is itself a container on overlayfs, give it a root of another kind';
/** strerror(3) of those that a user may meet; the others keep their names. */
const TEXTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOEXEC: 'exec format error',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENODEV: 'no such device',
  ENOMEM: 'cannot allocate memory',
  ELOOP: 'too many levels of symbolic links',
  EROFS: 'read-only file system',
  E2BIG: 'argument list too long',
};

function describe(errno: number): string {
  const name = getSystemErrorName(-errno);
  return TEXTS[name] ?? name;
}
