/** Pseudo-terminals: a master and the number of its slave. Knows the ioctls; refuses to know who types. */

import { closeSync, constants, openSync } from 'node:fs';
import { ioctl } from './ioctl.js';

// asm-generic/ioctls.h
const TIOCSPTLCK = 0x40045431;
const TIOCGPTN = 0x80045430;
const TIOCSWINSZ = 0x5414;

export interface Terminal {
  /** Whoever holds it reads what is written to the slave; closing it hangs the session up. */
  readonly master: number;
  /** The slave is `pts/NUMBER` in the devpts instance of the master. */
  readonly number: number;
}

/** `ptmx` is a devpts instance's ptmx file, as /dev/pts/ptmx. */
export function openTerminal(ptmx: string): Terminal {
  const master = openSync(ptmx, constants.O_RDWR | constants.O_NOCTTY);
  try {
    const number = new Int32Array(1);
    ioctl(master, TIOCSPTLCK, new Uint8Array(4));
    ioctl(master, TIOCGPTN, new Uint8Array(number.buffer));
    return { master, number: number[0]! };
  } catch (error) {
    closeSync(master);
    throw error;
  }
}

/** Tells the foreground processes by SIGWINCH. */
export function resizeTerminal(master: number, columns: number, rows: number): void {
  ioctl(master, TIOCSWINSZ, new Uint8Array(Uint16Array.of(rows, columns, 0, 0).buffer));
}
