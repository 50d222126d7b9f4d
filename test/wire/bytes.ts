/** Bytes as hexadecimal text, with spaces where they help the reader, and what every decoder must bear. */

import assert from 'node:assert/strict';

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

export function sameBytes(actual: Uint8Array, expected: string): void {
  assert.equal(Buffer.from(actual).toString('hex'), expected.replaceAll(/\s/g, ''));
}

/** No beginning of a message makes its decoder throw. */
export function bearsTruncation(message: Uint8Array, decode: (part: Uint8Array) => unknown): void {
  for (let length = 0; length < message.length; length++) decode(message.subarray(0, length));
}
