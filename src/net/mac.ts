/** A 48-bit Ethernet address as text and bytes. */

export type Mac = string;

/** Six bytes of `aa:bb:cc:dd:ee:ff`, or undefined. */
export function parseMac(text: string): Uint8Array | undefined {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(':'), byte => Number.parseInt(byte, 16));
}

/** Lower-case, colon-separated. */
export function formatMac(bytes: Uint8Array): Mac {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(':');
}
