/** A 48-bit Ethernet address as text and bytes. */

export type Mac = string;

/** Six bytes of `aa:bb:cc:dd:ee:ff`, or undefined. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) return undefined;
  const bytes = new Uint8Array(6);
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(text.slice(3 * i, 3 * i + 2), 16);
  return bytes;
}

/** Lower-case, colon-separated. */
export function formatMac(bytes: Uint8Array): Mac {
  let text = '';
  for (const byte of bytes) text += (text && ':') + (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}
