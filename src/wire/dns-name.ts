/** Domain names as text. Knows labels, escapes and lengths (RFC 1035 §3.1, §5.1; RFC 4343 §2.1); knows nothing of messages. */

/**
 * Absolute presentation form, ending in a dot; the root is `.`. A dot or backslash inside a label is escaped (`\.`, `\\`),
 * a byte that is no visible ASCII character is `\DDD` in decimal. A *key* is a name in lower case.
 */
export type Name = string;

/** The name's labels as bytes, none for the root; undefined when a label has not 1..63 bytes or the whole exceeds 255. */
export function labels(name: Name): Uint8Array[] | undefined {
  if (name === '.') return [];
  const found: Uint8Array[] = [];
  let label: number[] = [];
  let size = 1;
  for (let i = 0; i < name.length; i++) {
    const character = name[i]!;
    if (character === '.') {
      size += label.length + 1;
      if (label.length < 1 || label.length > 63 || size > 255) return undefined;
      found.push(Uint8Array.from(label));
      label = [];
    } else if (character === '\\') {
      const decimal = /^\d{3}/.exec(name.slice(i + 1, i + 4))?.[0];
      const byte = decimal ? Number(decimal) : name.charCodeAt(i + 1);
      if (!(byte <= 255)) return undefined;
      label.push(byte);
      i += decimal ? 3 : 1;
    } else {
      const byte = name.charCodeAt(i);
      if (byte < 0x21 || byte > 0x7e) return undefined;
      label.push(byte);
    }
  }
  return found.length && !label.length ? found : undefined;
}

/**
 * Writes the name's wire form (RFC 1035 §3.1) to `bytes` from `at` on, 255 bytes at most; how many they are, 0 when the text is no
 * name. By hand for names without escapes: 160,000 of them are written when a large cluster is read.
 */
export function writeName(name: Name, bytes: Uint8Array, at = 0): number {
  let label = at;
  let next = at + 1;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === DOT) {
      const length = next - label - 1;
      if (length < 1 || length > 63) return name === '.' ? writeLabels([], bytes, at) : 0;
      bytes[label] = length;
      label = next++;
    } else if (code === BACKSLASH) return writeLabels(labels(name), bytes, at);
    else if (code < 0x21 || code > 0x7e) return 0;
    else bytes[next++] = code;
    if (next - at > 255) return 0;
  }
  if (label === at || label !== next - 1) return 0;
  bytes[label] = 0;
  return next - at;
}

const DOT = 0x2e;
const BACKSLASH = 0x5c;

function writeLabels(parts: readonly Uint8Array[] | undefined, bytes: Uint8Array, start: number): number {
  if (!parts) return 0;
  let at = start;
  for (const part of parts) {
    bytes[at] = part.length;
    bytes.set(part, at + 1);
    at += part.length + 1;
  }
  bytes[at] = 0;
  return at + 1 - start;
}

const scratch = new Uint8Array(260);

/** Bytes of the name's wire form; 0 when the text is no name. */
export function nameSize(name: Name): number {
  return writeName(name, scratch);
}

/** Whether the text is an absolute name that fits on the wire. */
export function isName(text: string): boolean {
  return nameSize(text) > 0;
}

/** What each byte of a label is in text. */
const TEXTS: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x2e || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  return byte < 0x21 || byte > 0x7e ? `\\${String(byte).padStart(3, '0')}` : String.fromCharCode(byte);
});

/** The label in `bytes` from `start` up to `end` as text, escaped. */
export function labelText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += TEXTS[bytes[i]!]!;
  return text;
}

/** The name without its first label; the root's parent is undefined. */
export function parent(name: Name): Name | undefined {
  if (name === '.') return undefined;
  let i = 0;
  while (i < name.length && name[i] !== '.') i += name[i] === '\\' ? 2 : 1;
  return i + 1 < name.length ? name.slice(i + 1) : '.';
}

/** Whether `name` is `zone` or lies below it, compared by whole labels; both are keys. */
export function isWithin(name: Name, zone: Name): boolean {
  if (zone === '.' || name === zone) return true;
  if (!name.endsWith(zone)) return false;
  const dot = name.length - zone.length - 1;
  let escapes = 0;
  while (name[dot - 1 - escapes] === '\\') escapes++;
  return name[dot] === '.' && escapes % 2 === 0;
}
