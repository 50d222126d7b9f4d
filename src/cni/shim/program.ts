/**
 * The plugin as a program: environment and standard input to the agent, the agent's answer to standard output.
 *
 * Request: the environment's strings, each ended by a zero byte; an empty string; standard input; end of stream.
 * Answer: what goes to standard output; a zero byte; the exit code as one byte; end of stream. An answer that does not
 * end so was cut off, and counts as no answer.
 */

import type { Instruction, Operand, Register, Syscall } from './instructions.js';

// linux/socket.h
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SHUT_WR = 1;
/** An agent that died while we write must not kill us by SIGPIPE. */
const MSG_NOSIGNAL = 0x4000;

/** `socketAddressLength` and `messageLength` are those of the data with these names, in bytes. */
export function program(socketAddressLength: number, messageLength: number): readonly Instruction[] {
  return [
    // The kernel put argc, the argv pointers, 0, the envp pointers, 0 on the stack: envp is at stack + 8 * (argc + 2).
    { op: 'stack', to: 'a' },
    { op: 'load', to: 'e', from: 'a' },
    { op: 'addConstant', to: 'e', value: 2 },
    { op: 'add', to: 'e', value: 'e' },
    { op: 'add', to: 'e', value: 'e' },
    { op: 'add', to: 'e', value: 'e' },
    { op: 'add', to: 'a', value: 'e' },

    // Copy the environment. The kernel lets it have 6 MiB at most (3/4 of _STK_LIM), the buffer has more.
    { op: 'set', to: 'c', value: 'buffer' },
    label('variable'),
    { op: 'load', to: 'b', from: 'a' },
    { op: 'jumpIfZero', register: 'b', label: 'environment done' },
    { op: 'addConstant', to: 'a', value: 8 },
    label('character'),
    { op: 'loadByte', to: 'd', from: 'b', offset: 0 },
    { op: 'storeByte', value: 'd', to: 'c' },
    { op: 'addConstant', to: 'b', value: 1 },
    { op: 'addConstant', to: 'c', value: 1 },
    { op: 'jumpIfNotZero', register: 'd', label: 'character' },
    jump('variable'),
    label('environment done'),
    // The buffer is zero from the start: a step is an empty string.
    { op: 'addConstant', to: 'c', value: 1 },

    // Standard input after it; when the buffer is full, read(2) of no bytes ends it too.
    label('standard input'),
    ...readInto('c', 0),
    { op: 'jumpIfNotZero', register: 'e', label: 'standard input' },

    call('socket', [AF_UNIX, SOCK_STREAM, 0], 'a'),
    { op: 'jumpIfNegative', register: 'a', label: 'no answer' },
    call('connect', [reg('a'), 'socketAddress', socketAddressLength], 'e'),
    { op: 'jumpIfNegative', register: 'e', label: 'no answer' },

    // b runs through the request, d is what is left of it.
    { op: 'set', to: 'b', value: 'buffer' },
    label('send'),
    ...distance('d', 'c', 'b'),
    { op: 'jumpIfZero', register: 'd', label: 'sent' },
    call('sendto', [reg('a'), reg('b'), reg('d'), MSG_NOSIGNAL, 0, 0], 'e'),
    { op: 'jumpIfNegative', register: 'e', label: 'no answer' },
    { op: 'add', to: 'b', value: 'e' },
    jump('send'),
    label('sent'),
    call('shutdown', [reg('a'), SHUT_WR], 'e'),

    { op: 'set', to: 'c', value: 'buffer' },
    label('receive'),
    ...readInto('c', reg('a')),
    { op: 'jumpIfNotZero', register: 'e', label: 'receive' },

    // d: length of the output, the answer without its two last bytes. c: where these are. a: the exit code.
    { op: 'set', to: 'b', value: 'buffer' },
    { op: 'addConstant', to: 'c', value: -2 },
    ...distance('d', 'c', 'b'),
    { op: 'jumpIfNegative', register: 'd', label: 'no answer' },
    { op: 'loadByte', to: 'e', from: 'c', offset: 0 },
    { op: 'jumpIfNotZero', register: 'e', label: 'no answer' },
    { op: 'loadByte', to: 'a', from: 'c', offset: 1 },
    label('print'),
    { op: 'jumpIfZero', register: 'd', label: 'exit' },
    call('write', [1, reg('b'), reg('d')], 'e'),
    { op: 'jumpIfNegative', register: 'e', label: 'failed' },
    { op: 'add', to: 'b', value: 'e' },
    { op: 'subtract', to: 'd', value: 'e' },
    jump('print'),
    label('exit'),
    call('exit_group', [reg('a')], 'e'),

    label('no answer'),
    call('write', [1, 'message', messageLength], 'e'),
    label('failed'),
    call('exit_group', [1], 'e'),
  ];
}

/** read(2) as much as the buffer has room for; e is what came, `cursor` moves on by it. */
function readInto(cursor: Register, from: Operand): Instruction[] {
  return [
    { op: 'set', to: 'd', value: 'bufferEnd' },
    { op: 'subtract', to: 'd', value: cursor },
    call('read', [from, reg(cursor), reg('d')], 'e'),
    { op: 'jumpIfNegative', register: 'e', label: 'no answer' },
    { op: 'add', to: cursor, value: 'e' },
  ];
}

/** to = end - start, by way of a copy through the constants: there is no register move among the instructions. */
function distance(to: Register, end: Register, start: Register): Instruction[] {
  return [
    { op: 'set', to, value: 0 },
    { op: 'add', to, value: end },
    { op: 'subtract', to, value: start },
  ];
}

const reg = (register: Register): Operand => ({ register });
const label = (name: string): Instruction => ({ op: 'label', name });
const jump = (name: string): Instruction => ({ op: 'jump', label: name });
const call = (name: Syscall, args: readonly Operand[], to: Register): Instruction => ({
  op: 'syscall',
  call: name,
  args,
  to,
});
