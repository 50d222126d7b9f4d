/** The machine code that makes a list of system calls, one after the other. Knows two instruction sets; refuses to know any call. */

import type { Arch } from '../../wire/elf.js';

/**
 * One call is a record of eight 64-bit words: number, six arguments, and what to do if it fails:
 * CONTINUE with the next, REPORT and end, or do it AGAIN. To report is to write the record, its first word replaced by
 * the negative errno, to file descriptor 3, and to exit with 125.
 */
export const RECORD = 64;
export const CONTINUE = 0;
export const REPORT = 1;
export const AGAIN = 2;
/** The file descriptor that a report is written to. */
export const REPORT_FD = 3;
export const REPORT_EXIT = 125;

/** The code for records that begin at `table`; its length does not depend on it. There is no end: the last call must not return. */
export function interpreter(arch: Arch, table: bigint): Uint8Array {
  return arch === 'x64' ? x64(table) : arm64(table);
}

function x64(table: bigint): Uint8Array {
  const code = Uint8Array.from([
    ...[0xbb, 0, 0, 0, 0], //                         mov ebx, table
    ...[0x48, 0x8b, 0x03], //                   loop: mov rax, [rbx]
    ...[0x48, 0x8b, 0x7b, 0x08], //                   mov rdi, [rbx+8]
    ...[0x48, 0x8b, 0x73, 0x10], //                   mov rsi, [rbx+16]
    ...[0x48, 0x8b, 0x53, 0x18], //                   mov rdx, [rbx+24]
    ...[0x4c, 0x8b, 0x53, 0x20], //                   mov r10, [rbx+32]
    ...[0x4c, 0x8b, 0x43, 0x28], //                   mov r8, [rbx+40]
    ...[0x4c, 0x8b, 0x4b, 0x30], //                   mov r9, [rbx+48]
    ...[0x0f, 0x05], //                               syscall
    ...[0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff], //       cmp rax, -4095
    ...[0x72, 0x2c], //                               jb next
    ...[0x48, 0x83, 0x7b, 0x38, 0x01], //             cmp qword [rbx+56], REPORT
    ...[0x72, 0x25], //                               jb next
    ...[0x77, 0xd2], //                               ja loop
    ...[0x48, 0x89, 0x03], //                         mov [rbx], rax
    ...[0xb8, 1, 0, 0, 0], //                         mov eax, write
    ...[0xbf, REPORT_FD, 0, 0, 0], //                 mov edi, REPORT_FD
    ...[0x48, 0x89, 0xde], //                         mov rsi, rbx
    ...[0xba, RECORD, 0, 0, 0], //                    mov edx, RECORD
    ...[0x0f, 0x05], //                               syscall
    ...[0xb8, 0xe7, 0, 0, 0], //                      mov eax, exit_group
    ...[0xbf, REPORT_EXIT, 0, 0, 0], //               mov edi, REPORT_EXIT
    ...[0x0f, 0x05], //                               syscall
    ...[0x48, 0x83, 0xc3, RECORD], //           next: add rbx, RECORD
    ...[0xeb, 0xa9], //                               jmp loop
  ]);
  new DataView(code.buffer).setUint32(1, Number(table), true);
  return code;
}

function arm64(table: bigint): Uint8Array {
  // Arm ARM C6.2; x19 holds the address of the record.
  const load = (register: number, word: number) => 0xf9400000 + (word << 10) + (19 << 5) + register; // ldr xR, [x19, #8*word]
  const move = (register: number, value: number) => 0xd2800000 + (value << 5) + register; // movz xR, #value
  const branch = (condition: number, words: number) => 0x54000000 + ((words & 0x7ffff) << 5) + condition; // b.cond
  const [LOWER, HIGHER] = [3, 8];
  const svc = 0xd4000001;
  const code = Uint32Array.from([
    move(19, Number(table & 0xffffn)),
    0xf2a00000 + (Number(table >> 16n) << 5) + 19, //          movk x19, table >> 16, lsl 16
    load(8, 0), //                                       loop: x8 = number
    ...[0, 1, 2, 3, 4, 5].map(i => load(i, i + 1)),
    svc,
    0xb1000000 + (4095 << 10) + (0 << 5) + 31, //              cmn x0, #4095
    branch(LOWER, 14), //                                      b.lo next
    load(9, 7),
    0xf1000000 + (REPORT << 10) + (9 << 5) + 31, //            cmp x9, #REPORT
    branch(LOWER, 11), //                                      b.lo next
    branch(HIGHER, -13), //                                    b.hi loop
    0xf9000000 + (19 << 5) + 0, //                             str x0, [x19]
    move(8, 64), //                                            write
    move(0, REPORT_FD),
    0xaa0003e0 + (19 << 16) + 1, //                            mov x1, x19
    move(2, RECORD),
    svc,
    move(8, 94), //                                            exit_group
    move(0, REPORT_EXIT),
    svc,
    0x91000000 + (RECORD << 10) + (19 << 5) + 19, //     next: add x19, x19, #RECORD
    0x14000000 + (-24 & 0x3ffffff), //                         b loop
  ]);
  return new Uint8Array(code.buffer);
}
