/** Puts the plugin's program into an executable file: two passes for the addresses. */

import { type Arch, dataAddress, ENTRY, encodeElf } from '../../wire/elf.js';
import { arm64 } from './arm64.js';
import type { DataName, Instruction, Processor } from './instructions.js';
import { program } from './program.js';
import { x86_64 } from './x86-64.js';

/** Node's names of the processors that we know. */
export const ARCHITECTURES = ['x64', 'arm64'] as const satisfies readonly Arch[];
export type Architecture = (typeof ARCHITECTURES)[number];

const PROCESSORS: Readonly<Record<Architecture, Processor>> = { x64: x86_64, arm64 };

/** Bytes of the buffer for environment, standard input and the answer. */
const BUFFER_SIZE = 8 << 20;
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
  const code = link(PROCESSORS[arch], program(socketAddress.length, message.length), {
    socketAddress,
    message,
  });
  return encodeElf({ arch, code, reserve: BUFFER_SIZE });
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

/** The code, and behind it the constants that it reads. */
function link(
  processor: Processor,
  instructions: readonly Instruction[],
  pieces: Readonly<Record<'socketAddress' | 'message', Uint8Array>>,
): Uint8Array {
  const addresses = new Map<string, number>();
  const assemble = (addressOf: (name: string) => number) => {
    const chunks: Uint8Array[] = [];
    let here = ENTRY;
    for (const instruction of instructions) {
      if (instruction.op === 'label') addresses.set(instruction.name, here);
      const bytes = processor.encode(instruction, here, addressOf);
      chunks.push(bytes);
      here += bytes.length;
    }
    return { chunks, end: here };
  };
  // First where everything is, then with the right addresses.
  let { end } = assemble(() => ENTRY);
  for (const [name, bytes] of Object.entries(pieces)) {
    addresses.set(name, end);
    end += bytes.length;
  }
  const buffer = dataAddress(end - ENTRY);
  addresses.set('buffer' satisfies DataName, buffer);
  addresses.set('bufferEnd' satisfies DataName, buffer + BUFFER_SIZE);
  const addressOf = (name: string) => {
    const address = addresses.get(name);
    if (address === undefined) throw new Error(`nothing is called '${name}'`);
    return address;
  };
  return Buffer.concat([...assemble(addressOf).chunks, ...Object.values(pieces)]);
}
