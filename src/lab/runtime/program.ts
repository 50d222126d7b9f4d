/** A program that is a list of system calls, and what a failed one reports. Knows the calls' numbers; refuses to know their purpose. */

import { type Arch, dataAddress, encodeElf } from '../../wire/elf.js';
import { AGAIN, CONTINUE, interpreter, RECORD, REPORT } from './interpreter.js';

/** [x86-64, generic (arm64)]: asm/unistd_64.h and asm-generic/unistd.h. */
const NUMBERS = {
  close: [3, 57],
  close_range: [436, 436],
  chdir: [80, 49],
  dup3: [292, 24],
  execve: [59, 221],
  exit_group: [231, 94],
  fchdir: [81, 50],
  fcntl: [72, 25],
  fchmodat: [268, 53],
  ioctl: [16, 29],
  lsetxattr: [189, 6],
  mkdirat: [258, 34],
  mknodat: [259, 33],
  mount: [165, 40],
  openat: [257, 56],
  pivot_root: [155, 41],
  prctl: [157, 167],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  rt_sigtimedwait: [128, 137],
  sethostname: [170, 161],
  setns: [308, 268],
  setgroups: [116, 159],
  setresgid: [119, 149],
  setresuid: [117, 147],
  symlinkat: [266, 36],
  umask: [95, 166],
  umount2: [166, 39],
  unshare: [272, 97],
  write: [1, 64],
} as const;
export type Call = keyof typeof NUMBERS;

/** A text is passed as the address of its bytes and a NUL, a list as that of a NULL-ended array of such addresses. */
export type Argument = number | string | Uint8Array | readonly string[];

export interface Step {
  readonly call: Call;
  /** At most five. */
  readonly args: readonly Argument[];
  /** What is said when it fails; a step without may fail and is passed over. */
  readonly doing?: string;
  /** Do it again when it fails (a wait that a signal may interrupt). */
  readonly again?: boolean;
}

/** The executable for this machine's processor; run it with file descriptor 3 open for `readReport`. */
export function assemble(steps: readonly Step[], arch: Arch = process.arch as Arch): Uint8Array {
  const codeLength = interpreter(arch, 0n).length;
  const base = BigInt(dataAddress(codeLength));
  const data = new Data(base, steps.length * RECORD);
  for (const [i, step] of steps.entries()) {
    data.word(i * RECORD, BigInt(NUMBERS[step.call][arch === 'x64' ? 0 : 1]));
    for (const [j, argument] of step.args.entries()) data.word(i * RECORD + 8 * (j + 1), data.value(argument));
    data.word(i * RECORD + 56, BigInt(step.again ? AGAIN : step.doing === undefined ? CONTINUE : REPORT));
    // No call here has a sixth argument: its place tells the report which step it was.
    data.word(i * RECORD + 48, BigInt(i));
  }
  return encodeElf({ arch, code: interpreter(arch, base), data: data.bytes() });
}

export interface Failure {
  readonly step: Step;
  /** Positive. */
  readonly errno: number;
}

/** The step that failed, from the bytes of file descriptor 3; undefined when there are none, which means that `execve` succeeded. */
export function readReport(steps: readonly Step[], bytes: Uint8Array): Failure | undefined {
  if (bytes.length < RECORD) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const step = steps[Number(view.getBigUint64(48, true))];
  return step && { step, errno: -Number(view.getBigInt64(0, true)) };
}

/** Records first, then everything that they point at. */
class Data {
  readonly #parts: Uint8Array[] = [];
  readonly #records: Uint8Array;
  readonly #known = new Map<string, bigint>();
  #length: number;

  constructor(
    readonly base: bigint,
    length: number,
  ) {
    this.#records = new Uint8Array(length);
    this.#length = length;
  }

  word(at: number, value: bigint): void {
    new DataView(this.#records.buffer).setBigUint64(at, BigInt.asUintN(64, value), true);
  }

  value(argument: Argument): bigint {
    if (typeof argument === 'number') return BigInt(argument);
    if (typeof argument === 'string') return this.text(argument);
    if (argument instanceof Uint8Array) return this.append(argument);
    const pointers = new BigUint64Array([...argument.map(text => this.text(text)), 0n]);
    return this.append(new Uint8Array(pointers.buffer));
  }

  bytes(): Uint8Array {
    return Buffer.concat([this.#records, ...this.#parts]);
  }

  private text(text: string): bigint {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const address = this.append(Buffer.from(`${text}\0`));
    this.#known.set(text, address);
    return address;
  }

  /** Aligned to 8 bytes, for structures with 64-bit fields. */
  private append(bytes: Uint8Array): bigint {
    const address = this.base + BigInt(this.#length);
    const padding = (8 - (bytes.length % 8)) % 8;
    this.#parts.push(bytes, new Uint8Array(padding));
    this.#length += bytes.length + padding;
    return address;
  }
}
