/** The dozen instructions that the plugin is written in, each of which every processor has. Knows no encoding. */

/** Registers that a system call leaves alone. */
export type Register = 'a' | 'b' | 'c' | 'd' | 'e';

/** A number, or the address of a piece of data. */
export type Constant = number | DataName;
export type DataName = 'buffer' | 'bufferEnd' | 'socketAddress' | 'message';

export type Syscall = 'read' | 'write' | 'socket' | 'connect' | 'sendto' | 'shutdown' | 'exit_group';

/** What a system call gets: a register's value or a constant. */
export type Operand = { readonly register: Register } | Constant;

export type Instruction =
  /** A place to jump to; takes no room. */
  | { readonly op: 'label'; readonly name: string }
  /** The stack pointer, as the kernel left it at the start. */
  | { readonly op: 'stack'; readonly to: Register }
  | { readonly op: 'set'; readonly to: Register; readonly value: Constant }
  /** 64 bits from the address in `from`. */
  | { readonly op: 'load'; readonly to: Register; readonly from: Register }
  /** One byte, the upper bits zero; `offset` 0..127. */
  | { readonly op: 'loadByte'; readonly to: Register; readonly from: Register; readonly offset: number }
  | { readonly op: 'storeByte'; readonly value: Register; readonly to: Register }
  /** -4095..4095 */
  | { readonly op: 'addConstant'; readonly to: Register; readonly value: number }
  | { readonly op: 'add' | 'subtract'; readonly to: Register; readonly value: Register }
  | { readonly op: 'jump'; readonly label: string }
  | {
      readonly op: 'jumpIfZero' | 'jumpIfNotZero' | 'jumpIfNegative';
      readonly register: Register;
      readonly label: string;
    }
  /** The result, or a negative errno, ends in `to`. */
  | { readonly op: 'syscall'; readonly call: Syscall; readonly args: readonly Operand[]; readonly to: Register };

/** One processor: how an instruction looks in bytes. Little-endian, as Linux runs on both of ours. */
export interface Processor {
  /**
   * The bytes of an instruction that stands at address `here`. The length must not depend on what `addressOf` says,
   * which in the first of two passes is not yet true.
   */
  encode(instruction: Instruction, here: number, addressOf: (name: string) => number): Uint8Array;
}
