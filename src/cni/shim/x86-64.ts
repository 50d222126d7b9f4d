/** The instructions in x86-64 machine code (Intel SDM volume 2; System V ABI for system calls). */

import type { Instruction, Operand, Processor, Register, Syscall } from './instructions.js';

/** Numbers of registers; those for ours are kept over a system call, which changes rax, rcx and r11 only. */
const RAX = 0;
const RSP = 4;
// r12 is left out: as a base it needs one byte more (SIB), and all instructions shall look alike.
const OURS: Readonly<Record<Register, number>> = { a: 3 /* rbx */, b: 5 /* rbp */, c: 13, d: 14, e: 15 };
const ARGUMENTS = [7 /* rdi */, 6 /* rsi */, 2 /* rdx */, 10, 8, 9];

/** arch/x86/entry/syscalls/syscall_64.tbl */
const NUMBERS: Readonly<Record<Syscall, number>> = {
  read: 0,
  write: 1,
  socket: 41,
  connect: 42,
  sendto: 44,
  shutdown: 48,
  exit_group: 231,
};

export const x86_64: Processor = { encode: (...args) => Uint8Array.from(encode(...args)) };

function encode(i: Instruction, here: number, addressOf: (name: string) => number): number[] {
  /** A jump's distance counts from the end of its instruction. */
  const jump = (code: number[], name: string) => [...code, ...int32(addressOf(name) - (here + code.length + 4))];
  const constant = (value: number | string) => (typeof value === 'number' ? value : addressOf(value));
  /** mov r64, imm32 */
  const set = (to: number, value: number | string) => [rex(0, to), 0xc7, direct(0, to), ...int32(constant(value))];
  const operand = (to: number, value: Operand) =>
    typeof value === 'object' ? move(to, OURS[value.register]) : set(to, value);

  switch (i.op) {
    case 'label':
      return [];
    case 'stack':
      return move(OURS[i.to], RSP);
    case 'set':
      return set(OURS[i.to], i.value);
    case 'load': // mov r64, [r64 + 0]
      return [rex(OURS[i.to], OURS[i.from]), 0x8b, memory(OURS[i.to], OURS[i.from]), 0];
    case 'loadByte': // movzx r64, byte [r64 + offset]
      return [rex(OURS[i.to], OURS[i.from]), 0x0f, 0xb6, memory(OURS[i.to], OURS[i.from]), i.offset];
    case 'storeByte': // mov byte [r64 + 0], r8
      return [rex(OURS[i.value], OURS[i.to]), 0x88, memory(OURS[i.value], OURS[i.to]), 0];
    case 'addConstant': // add r64, imm32
      return [rex(0, OURS[i.to]), 0x81, direct(0, OURS[i.to]), ...int32(i.value)];
    case 'add':
    case 'subtract':
      return [rex(OURS[i.value], OURS[i.to]), i.op === 'add' ? 0x01 : 0x29, direct(OURS[i.value], OURS[i.to])];
    case 'jump':
      return jump([0xe9], i.label);
    case 'jumpIfZero':
    case 'jumpIfNotZero':
    case 'jumpIfNegative': {
      // test r, r; then jz, jnz or js
      const condition = { jumpIfZero: 0x84, jumpIfNotZero: 0x85, jumpIfNegative: 0x88 }[i.op];
      const register = OURS[i.register];
      return jump([rex(register, register), 0x85, direct(register, register), 0x0f, condition], i.label);
    }
    case 'syscall':
      return [
        ...i.args.flatMap((value, n) => operand(ARGUMENTS[n]!, value)),
        ...set(RAX, NUMBERS[i.call]),
        ...[0x0f, 0x05],
        ...move(OURS[i.to], RAX),
      ];
  }
}

/** mov r64, r64 */
function move(to: number, from: number): number[] {
  return [rex(from, to), 0x89, direct(from, to)];
}

/** REX.W with the fourth bits of both register numbers. */
function rex(reg: number, rm: number): number {
  return 0x48 | ((reg >> 3) << 2) | (rm >> 3);
}

/** ModRM: both operands are registers; `reg` may also be an opcode's extension. */
function direct(reg: number, rm: number): number {
  return 0xc0 | ((reg & 7) << 3) | (rm & 7);
}

/** ModRM: [rm + one byte]. */
function memory(reg: number, rm: number): number {
  return 0x40 | ((reg & 7) << 3) | (rm & 7);
}

function int32(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];
}
