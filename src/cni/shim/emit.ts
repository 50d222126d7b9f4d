/** Puts the plugin's program into an executable file: two passes for the addresses, and the headers around it. */

import { arm64 } from './arm64.js';
import type { DataName, Instruction, Processor } from './instructions.js';
import { program } from './program.js';
import { x86_64 } from './x86-64.js';

/** Node's names of the processors that we know. */
export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

const PROCESSORS: Readonly<Record<Architecture, Processor>> = { x64: x86_64, arm64 };

/** Where the file and the buffer appear in memory. Pages may have 64 KiB on arm64. */
const TEXT = 0x400000;
const BUFFER = 0x800000;
const PAGE = 0x10000;
/** Bytes; the kernel gives pages only as they are touched. */
const BUFFER_SIZE = 8 << 20;

const FILE_HEADER = 64;
const PROGRAM_HEADER = 56;
const HEADERS = FILE_HEADER + 3 * PROGRAM_HEADER;
/** sun_path of struct sockaddr_un holds 108 bytes, with the zero at the end. */
const LONGEST_PATH = 107;

/**
 * A static Linux executable of about 1 KB, without a C library, that asks the agent on `socketPath`; when there is no
 * agent it prints a CNI error of code 11 (try again later) and exits with 1. Throws a RangeError on a path that does not fit.
 */
export function emitShim({
  arch,
  socketPath,
}: {
  readonly arch: Architecture;
  readonly socketPath: string;
}): Uint8Array {
  const path = Buffer.from(socketPath);
  if (path.length > LONGEST_PATH)
    throw new RangeError(`a socket's path has at most ${LONGEST_PATH} bytes: ${socketPath}`);
  const socketAddress = Buffer.concat([Uint8Array.of(1 /* AF_UNIX */, 0), path, Uint8Array.of(0)]);
  const message = Buffer.from(JSON.stringify(unavailable(socketPath)));
  const { code, data } = link(PROCESSORS[arch], program(socketAddress.length, message.length), {
    socketAddress,
    message,
  });
  const size = HEADERS + code.length + data.length;
  return Buffer.concat([fileHeader(PROCESSORS[arch].elfMachine), ...segments(size), code, data]);
}

/** The CNI error when the agent cannot be asked (CNI specification 1.1.0, section "Error"). */
export function unavailable(socketPath: string): object {
  return {
    cniVersion: '1.1.0',
    code: 11,
    msg: 'the podwire agent does not answer',
    details: `no answer on ${socketPath}`,
  };
}

function link(
  processor: Processor,
  instructions: readonly Instruction[],
  pieces: Readonly<Record<'socketAddress' | 'message', Uint8Array>>,
) {
  const addresses = new Map<string, number>([
    ['buffer' satisfies DataName, BUFFER],
    ['bufferEnd' satisfies DataName, BUFFER + BUFFER_SIZE],
  ]);
  const assemble = (addressOf: (name: string) => number) => {
    const chunks: Uint8Array[] = [];
    let here = TEXT + HEADERS;
    for (const instruction of instructions) {
      if (instruction.op === 'label') addresses.set(instruction.name, here);
      const bytes = processor.encode(instruction, here, addressOf);
      chunks.push(bytes);
      here += bytes.length;
    }
    return { code: Buffer.concat(chunks), end: here };
  };
  // First where everything is, then with the right addresses.
  let { end } = assemble(() => TEXT);
  for (const [name, bytes] of Object.entries(pieces)) {
    addresses.set(name, end);
    end += bytes.length;
  }
  const addressOf = (name: string) => {
    const address = addresses.get(name);
    if (address === undefined) throw new Error(`nothing is called '${name}'`);
    return address;
  };
  return { code: assemble(addressOf).code, data: Buffer.concat(Object.values(pieces)) };
}

/** Elf64_Ehdr (linux/elf.h): 64 bits, little-endian, an executable without sections. */
function fileHeader(machine: number): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(TEXT + HEADERS), 24); // entry
  header.writeBigUInt64LE(BigInt(FILE_HEADER), 32); // program headers follow
  header.writeUInt16LE(FILE_HEADER, 52);
  header.writeUInt16LE(PROGRAM_HEADER, 54);
  header.writeUInt16LE(3, 56);
  return header;
}

/** The file itself, readable and executable; the buffer, writable; a stack that is not executable. */
function segments(size: number): Uint8Array[] {
  const [LOAD, GNU_STACK] = [1, 0x6474e551];
  const [EXECUTE, WRITE, READ] = [1, 2, 4];
  return [
    segment(LOAD, READ | EXECUTE, TEXT, size, size),
    segment(LOAD, READ | WRITE, BUFFER, 0, BUFFER_SIZE),
    segment(GNU_STACK, READ | WRITE, 0, 0, 0),
  ];
}

/** Elf64_Phdr, from the file's beginning. */
function segment(type: number, flags: number, address: number, inFile: number, inMemory: number): Uint8Array {
  const header = Buffer.alloc(PROGRAM_HEADER);
  header.writeUInt32LE(type, 0);
  header.writeUInt32LE(flags, 4);
  header.writeBigUInt64LE(BigInt(address), 16);
  header.writeBigUInt64LE(BigInt(address), 24);
  header.writeBigUInt64LE(BigInt(inFile), 32);
  header.writeBigUInt64LE(BigInt(inMemory), 40);
  header.writeBigUInt64LE(BigInt(PAGE), 48);
  return header;
}
