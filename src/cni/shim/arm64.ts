/** The instructions in AArch64 machine code (Arm ARM, chapter C6; Linux passes the call's number in x8). */

import type { Instruction, Operand, Processor, Register, Syscall } from './instructions.js';

const OURS: Readonly<Record<Register, number>> = { a: 19, b: 20, c: 21, d: 22, e: 23 };
const NUMBER = 8;
/** Stands for the stack pointer in ADD (immediate), for zero in ORR (register). */
const X31 = 31;

/** include/uapi/asm-generic/unistd.h */
const NUMBERS: Readonly<Record<Syscall, number>> = {
  read: 63,
  write: 64,
  socket: 198,
  connect: 203,
  sendto: 206,
  shutdown: 210,
  exit_group: 94,
};

export const arm64: Processor = {
  encode: (...args) => new Uint8Array(Uint32Array.from(encode(...args)).buffer),
};

function encode(i: Instruction, here: number, addressOf: (name: string) => number): number[] {
  /** The distance in instructions, in a signed field of that many bits. */
  const distance = (name: string, bits: number) => ((addressOf(name) - here) / 4) & (2 ** bits - 1);
  const constant = (value: number | string) => (typeof value === 'number' ? value : addressOf(value));
  /** movz and movk: the lower and the upper 16 of 32 bits. */
  const set = (to: number, value: number | string) => [
    0xd2800000 | ((constant(value) & 0xffff) << 5) | to,
    0xf2a00000 | ((constant(value) >>> 16) << 5) | to,
  ];
  const operand = (to: number, value: Operand) =>
    typeof value === 'object' ? [move(to, OURS[value.register])] : set(to, value);

  switch (i.op) {
    case 'label':
      return [];
    case 'stack': // add xd, sp, #0
      return [0x91000000 | (X31 << 5) | OURS[i.to]];
    case 'set':
      return set(OURS[i.to], i.value);
    case 'load': // ldr xt, [xn]
      return [0xf9400000 | (OURS[i.from] << 5) | OURS[i.to]];
    case 'loadByte': // ldrb wt, [xn, #offset]
      return [0x39400000 | (i.offset << 10) | (OURS[i.from] << 5) | OURS[i.to]];
    case 'storeByte': // strb wt, [xn]
      return [0x39000000 | (OURS[i.to] << 5) | OURS[i.value]];
    case 'addConstant': // add or sub xd, xd, #imm12
      return [(i.value < 0 ? 0xd1000000 : 0x91000000) | (Math.abs(i.value) << 10) | (OURS[i.to] << 5) | OURS[i.to]];
    case 'add': // add or sub xd, xd, xm
    case 'subtract':
      return [(i.op === 'add' ? 0x8b000000 : 0xcb000000) | (OURS[i.value] << 16) | (OURS[i.to] << 5) | OURS[i.to]];
    case 'jump': // b
      return [0x14000000 | distance(i.label, 26)];
    case 'jumpIfZero': // cbz
      return [0xb4000000 | (distance(i.label, 19) << 5) | OURS[i.register]];
    case 'jumpIfNotZero': // cbnz
      return [0xb5000000 | (distance(i.label, 19) << 5) | OURS[i.register]];
    case 'jumpIfNegative': // tbnz xt, #63
      return [0xb7f80000 | (distance(i.label, 14) << 5) | OURS[i.register]];
    case 'syscall':
      return [
        ...i.args.flatMap((value, n) => operand(n, value)),
        ...set(NUMBER, NUMBERS[i.call]),
        0xd4000001, // svc #0
        move(OURS[i.to], 0),
      ];
  }
}

/** orr xd, xzr, xm */
function move(to: number, from: number): number {
  return 0xaa000000 | (from << 16) | (X31 << 5) | to;
}
