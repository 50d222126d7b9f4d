/** A static Linux executable as bytes: one code segment, one data segment. Knows the ELF64 format; refuses to know what it runs. */

/** ELF e_machine values (elf(5)) by Node's `process.arch`. */
export const MACHINES = { x64: 62, arm64: 183 } as const;
export type Arch = keyof typeof MACHINES;

const HEADER = 64;
const SEGMENT = 56;
const CODE_OFFSET = HEADER + 2 * SEGMENT;
const CODE_BASE = 0x400000n;
const DATA_BASE = 0x800000n;
/** The largest page size of the architectures above. */
const ALIGN = 0x10000n;

/** Where the data segment begins in memory, for code of that length. */
export function dataAddress(codeLength: number): bigint {
  return DATA_BASE + BigInt(dataOffset(codeLength));
}

/** Runs from the first byte of `code`; data is writable, code is not, the stack is not executable. */
export function elf(arch: Arch, code: Uint8Array, data: Uint8Array): Uint8Array {
  const offset = dataOffset(code.length);
  const file = new Uint8Array(offset + data.length);
  const view = new DataView(file.buffer);
  const u64 = (at: number, value: bigint) => view.setBigUint64(at, value, true);
  // \x7fELF, 64 bits, little-endian, version 1.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true); // ET_EXEC
  view.setUint16(18, MACHINES[arch], true);
  view.setUint32(20, 1, true);
  u64(24, CODE_BASE + BigInt(CODE_OFFSET)); // entry
  u64(32, BigInt(HEADER)); // program headers
  view.setUint16(52, HEADER, true);
  view.setUint16(54, SEGMENT, true);
  view.setUint16(56, 2, true);
  segment(view, HEADER, { flags: 5, offset: 0, base: CODE_BASE, size: CODE_OFFSET + code.length });
  segment(view, HEADER + SEGMENT, { flags: 6, offset, base: DATA_BASE, size: data.length });
  file.set(code, CODE_OFFSET);
  file.set(data, offset);
  return file;
}

function segment(
  view: DataView,
  at: number,
  part: { flags: number; offset: number; base: bigint; size: number },
): void {
  const address = part.base + BigInt(part.offset);
  view.setUint32(at, 1, true); // PT_LOAD
  view.setUint32(at + 4, part.flags, true);
  view.setBigUint64(at + 8, BigInt(part.offset), true);
  view.setBigUint64(at + 16, address, true);
  view.setBigUint64(at + 24, address, true);
  view.setBigUint64(at + 32, BigInt(part.size), true);
  view.setBigUint64(at + 40, BigInt(part.size), true);
  view.setBigUint64(at + 48, ALIGN, true);
}

function dataOffset(codeLength: number): number {
  return Math.ceil((CODE_OFFSET + codeLength) / 16) * 16;
}
