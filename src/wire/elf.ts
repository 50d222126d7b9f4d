/** A static Linux executable as bytes: code, data, headers. Knows the ELF64 format (elf(5)); refuses to know what it runs. */

/** e_machine by Node's `process.arch`. */
export const MACHINES = { x64: 62, arm64: 183 } as const;
export type Arch = keyof typeof MACHINES;

const FILE_HEADER = 64;
const PROGRAM_HEADER = 56;
const HEADERS = FILE_HEADER + 3 * PROGRAM_HEADER;
/** The largest page of the architectures above. */
const PAGE = 0x10000;
const TEXT = 0x400000;
const DATA = 0x800000;

/** Where the first byte of code is in memory; it runs from there. */
export const ENTRY = TEXT + HEADERS;

export interface Executable {
  readonly arch: Arch;
  /** Readable and executable, not writable. */
  readonly code: Uint8Array;
  /** Readable and writable, at `dataAddress(code.length)`. */
  readonly data?: Uint8Array;
  /** Bytes of zeros behind the data; the kernel gives pages only as they are touched. */
  readonly reserve?: number;
}

/** Where the data begins in memory, for code of that length: at the same place of a page as in the file, as mmap(2) wants it. */
export function dataAddress(codeLength: number): number {
  return DATA + dataOffset(codeLength);
}

export function encodeElf({ arch, code, data = new Uint8Array(), reserve = 0 }: Executable): Uint8Array {
  const offset = dataOffset(code.length);
  const [LOAD, GNU_STACK] = [1, 0x6474e551];
  const [EXECUTE, WRITE, READ] = [1, 2, 4];
  const file = new Uint8Array(data.length > 0 ? offset + data.length : HEADERS + code.length);
  const view = new DataView(file.buffer);
  // \x7fELF, 64 bits, little-endian, version 1.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, MACHINES[arch], true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(ENTRY), true);
  view.setBigUint64(32, BigInt(FILE_HEADER), true); // program headers follow
  view.setUint16(52, FILE_HEADER, true);
  view.setUint16(54, PROGRAM_HEADER, true);
  view.setUint16(56, 3, true);
  const segments: readonly Segment[] = [
    { type: LOAD, flags: READ | EXECUTE, offset: 0, address: TEXT, inFile: HEADERS + code.length },
    { type: LOAD, flags: READ | WRITE, offset, address: DATA + offset, inFile: data.length, reserve },
    // The stack is not executable.
    { type: GNU_STACK, flags: READ | WRITE, offset: 0, address: 0, inFile: 0 },
  ];
  for (const [i, segment] of segments.entries()) writeSegment(view, FILE_HEADER + i * PROGRAM_HEADER, segment);
  file.set(code, HEADERS);
  file.set(data, data.length > 0 ? offset : 0);
  return file;
}

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly inFile: number;
  readonly reserve?: number;
}

/** Elf64_Phdr */
function writeSegment(
  view: DataView,
  at: number,
  { type, flags, offset, address, inFile, reserve = 0 }: Segment,
): void {
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  const words = [offset, address, address, inFile, inFile + reserve, PAGE];
  for (const [i, word] of words.entries()) view.setBigUint64(at + 8 + 8 * i, BigInt(word), true);
}

function dataOffset(codeLength: number): number {
  return Math.ceil((HEADERS + codeLength) / 16) * 16;
}
