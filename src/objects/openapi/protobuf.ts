/** The few Protocol Buffers encodings that OpenAPI v2 needs: length-delimited fields and booleans. */

/** A message: its fields in order. */
export const message = (...fields: readonly Uint8Array[]): Uint8Array => Buffer.concat(fields);

export const text = (field: number, value: string): Uint8Array => nested(field, Buffer.from(value));

export function nested(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
}

export const truth = (field: number, value: boolean): Uint8Array =>
  Buffer.concat([varint(field << 3), varint(value ? 1 : 0)]);

/** Little-endian groups of seven bits, the last without its high bit. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
