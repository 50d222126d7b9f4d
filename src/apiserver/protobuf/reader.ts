/** The protobuf wire format (protobuf.dev/programming-guides/encoding), reading only. Knows wire types, no messages. */

/** A number for varints (two's complement, 64 bits), bytes for everything with a length or a fixed size. */
export type WireValue = bigint | Buffer;

export interface WireField {
  readonly number: number;
  readonly value: WireValue;
}

/** The fields of a message in their order; undefined when the bytes are no message. */
export function readFields(bytes: Buffer): WireField[] | undefined {
  const fields: WireField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    if (!tag) return undefined;
    at = tag.next;
    const number = Number(tag.value >> 3n);
    const type = Number(tag.value & 7n);
    if (type === 0) {
      const varint = readVarint(bytes, at);
      if (!varint) return undefined;
      fields.push({ number, value: BigInt.asIntN(64, varint.value) });
      at = varint.next;
      continue;
    }
    const size = type === 1 ? 8 : type === 5 ? 4 : undefined;
    const length =
      size !== undefined ? { value: BigInt(size), next: at } : type === 2 ? readVarint(bytes, at) : undefined;
    if (!length || BigInt(length.next) + length.value > BigInt(bytes.length)) return undefined;
    const end = length.next + Number(length.value);
    fields.push({ number, value: bytes.subarray(length.next, end) });
    at = end;
  }
  return fields;
}

/** All varints in a row: the packed form of a repeated number. */
export function readPacked(bytes: Buffer): bigint[] | undefined {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length; ) {
    const varint = readVarint(bytes, at);
    if (!varint) return undefined;
    values.push(BigInt.asIntN(64, varint.value));
    at = varint.next;
  }
  return values;
}

function readVarint(bytes: Buffer, from: number): { value: bigint; next: number } | undefined {
  let value = 0n;
  // Ten bytes hold 64 bits.
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value, next: from + i + 1 };
  }
  return undefined;
}
