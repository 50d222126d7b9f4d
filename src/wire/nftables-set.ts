/** Messages about nftables' sets, maps and their elements (linux/netfilter/nf_tables.h). Knows bytes, no data types. */

import type { NetlinkMessage } from './netlink.js';
import { Writer } from './netlink-attributes.js';
import { nftAttributes } from './nftables.js';
import { readData, type VerdictData, writeVerdict } from './nftables-expression.js';

export const NFT_SET_ANONYMOUS = 0x1;
export const NFT_SET_CONSTANT = 0x2;
export const NFT_SET_INTERVAL = 0x4;
export const NFT_SET_MAP = 0x8;
export const NFT_SET_TIMEOUT = 0x10;
export const NFT_SET_EVAL = 0x20;
export const NFT_SET_CONCAT = 0x80;

/** As a set's data type: its elements' data are verdicts. */
export const NFT_DATA_VERDICT = 0xffffff00;
export const NFT_SET_ELEM_INTERVAL_END = 0x1;
/** The element for all keys that no other has; it has no key itself. */
export const NFT_SET_ELEM_CATCHALL = 0x2;

const NFTA_SET_TABLE = 1;
const NFTA_SET_NAME = 2;
const NFTA_SET_FLAGS = 3;
const NFTA_SET_KEY_TYPE = 4;
const NFTA_SET_KEY_LEN = 5;
const NFTA_SET_DATA_TYPE = 6;
const NFTA_SET_DATA_LEN = 7;
const NFTA_SET_DESC = 9;
const NFTA_SET_ID = 10;
const NFTA_SET_TIMEOUT = 11;
const NFTA_SET_USERDATA = 13;
const NFTA_SET_DESC_SIZE = 1;
const NFTA_SET_DESC_CONCAT = 2;
const NFTA_SET_FIELD_LEN = 1;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_SET_ELEM_LIST_SET_ID = 4;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_SET_ELEM_FLAGS = 3;
const NFTA_SET_ELEM_KEY_END = 10;
const NFTA_DATA_VALUE = 1;

export interface SetMessage {
  readonly family: number;
  readonly table: string;
  readonly name: string;
  readonly flags: number;
  /** nft's number of the type, six bits for each part of a concatenation. */
  readonly keyType: number;
  /** Bytes; a concatenation's parts are padded to four each. */
  readonly keyLength: number;
  readonly dataType?: number;
  readonly dataLength?: number;
  /** Lengths in bytes of a concatenation's parts, for intervals of them (NFTA_SET_DESC_CONCAT). */
  readonly fields?: readonly number[];
  /** At most so many elements; also a hint which the kernel chooses a data structure by. */
  readonly size?: number;
  /** Names a set within its batch, before it has a name. */
  readonly id?: number;
  /** Milliseconds until an element expires. */
  readonly timeout?: number;
  readonly userdata?: Uint8Array;
}

export interface ElementMessage {
  /** Only a catch-all has none. */
  readonly key: Uint8Array | undefined;
  /** Inclusive, of a concatenation of intervals. */
  readonly keyEnd: Uint8Array | undefined;
  readonly data: Uint8Array | VerdictData | undefined;
  readonly flags: number;
}

export function writeSet(w: Writer, set: SetMessage): void {
  w.textAttr(NFTA_SET_TABLE, set.table)
    .textAttr(NFTA_SET_NAME, set.name)
    .be32Attr(NFTA_SET_FLAGS, set.flags)
    .be32Attr(NFTA_SET_KEY_TYPE, set.keyType)
    .be32Attr(NFTA_SET_KEY_LEN, set.keyLength);
  if (set.dataType !== undefined) w.be32Attr(NFTA_SET_DATA_TYPE, set.dataType);
  if (set.dataLength !== undefined) w.be32Attr(NFTA_SET_DATA_LEN, set.dataLength);
  if (set.id !== undefined) w.be32Attr(NFTA_SET_ID, set.id);
  if (set.timeout !== undefined) w.be64Attr(NFTA_SET_TIMEOUT, set.timeout);
  const { size, fields } = set;
  if (size !== undefined || fields)
    w.nested(NFTA_SET_DESC, desc => {
      if (size !== undefined) desc.be32Attr(NFTA_SET_DESC_SIZE, size);
      if (fields)
        desc.nested(NFTA_SET_DESC_CONCAT, concat => {
          for (const length of fields)
            concat.nested(NFTA_LIST_ELEM, field => field.be32Attr(NFTA_SET_FIELD_LEN, length));
        });
    });
  if (set.userdata) w.bytesAttr(NFTA_SET_USERDATA, set.userdata);
}

/** Just the name, for a request or a deletion. */
export function writeSetName(w: Writer, table: string, name: string): void {
  w.textAttr(NFTA_SET_TABLE, table).textAttr(NFTA_SET_NAME, name);
}

export function decodeSet(message: NetlinkMessage): SetMessage | undefined {
  const read = nftAttributes(message);
  const table = read?.attributes.text(NFTA_SET_TABLE);
  const name = read?.attributes.text(NFTA_SET_NAME);
  if (table === undefined || name === undefined) return undefined;
  const { family, attributes } = read!;
  const dataType = attributes.be32(NFTA_SET_DATA_TYPE);
  const dataLength = attributes.be32(NFTA_SET_DATA_LEN);
  const timeout = attributes.be64(NFTA_SET_TIMEOUT);
  const userdata = attributes.get(NFTA_SET_USERDATA);
  return {
    family,
    table,
    name,
    flags: attributes.be32(NFTA_SET_FLAGS) ?? 0,
    keyType: attributes.be32(NFTA_SET_KEY_TYPE) ?? 0,
    keyLength: attributes.be32(NFTA_SET_KEY_LEN) ?? 0,
    ...(dataType !== undefined && { dataType }),
    ...(dataLength !== undefined && { dataLength }),
    ...(timeout !== undefined && { timeout }),
    ...(userdata && { userdata }),
  };
}

/** Opens the list of elements in a message; `w.end` with what it returned closes it. A list has at most 65,535 bytes. */
export function beginElements(w: Writer, table: string, set: string, id?: number): number {
  w.textAttr(NFTA_SET_ELEM_LIST_TABLE, table).textAttr(NFTA_SET_ELEM_LIST_SET, set);
  if (id !== undefined) w.be32Attr(NFTA_SET_ELEM_LIST_SET_ID, id);
  return w.beginNested(NFTA_SET_ELEM_LIST_ELEMENTS);
}

/** What puts bytes into a writer: keys and data are written in place, since there may be 50,000 of them. */
export type Put = (w: Writer) => void;

export interface ElementParts {
  readonly key?: Put;
  readonly keyEnd?: Put;
  readonly data?: Put | VerdictData;
  readonly flags?: number;
}

export function writeElement(w: Writer, { key, keyEnd, data, flags }: ElementParts): void {
  const element = w.beginNested(NFTA_LIST_ELEM);
  if (key) putData(w, NFTA_SET_ELEM_KEY, key);
  if (keyEnd) putData(w, NFTA_SET_ELEM_KEY_END, keyEnd);
  if (flags) w.be32Attr(NFTA_SET_ELEM_FLAGS, flags);
  if (typeof data === 'function') putData(w, NFTA_SET_ELEM_DATA, data);
  else if (data) w.nested(NFTA_SET_ELEM_DATA, inner => writeVerdict(inner, data));
  w.end(element);
}

/** What stands before and behind the key in every element of a set without intervals: only values differ among 50,000. */
export interface ElementFrame {
  readonly beforeKey: Uint8Array;
  /** Behind the key's padding: a whole verdict, or what stands before the data; empty where there is neither. */
  readonly afterKey: Uint8Array;
}

/** `data`: a verdict, or how many bytes of data there are. */
export function elementFrame(keyLength: number, data?: number | VerdictData): ElementFrame {
  const w = new Writer(256);
  const zeros = (length: number) => (inner: Writer) => void inner.reserve(length);
  const content = typeof data === 'number' ? zeros(data) : data;
  writeElement(w, { key: zeros(keyLength), ...(content && { data: content }) });
  const { bytes } = w;
  // Three headers: of the element, of its key, of the key's value; then the data's two.
  const key = 12;
  const behind = key + ((keyLength + 3) & ~3);
  return {
    beforeKey: bytes.slice(0, key),
    afterKey: bytes.slice(behind, typeof data === 'number' ? behind + 8 : undefined),
  };
}

function putData(w: Writer, type: number, put: Put): void {
  const outer = w.beginNested(type);
  const inner = w.begin(NFTA_DATA_VALUE);
  put(w);
  w.end(inner).end(outer);
}

/** The elements in one message of a dump. */
export function decodeElements(message: NetlinkMessage): ElementMessage[] {
  const list = nftAttributes(message)?.attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS);
  const elements: ElementMessage[] = [];
  for (const element of list?.children() ?? []) {
    const key = element.nested(NFTA_SET_ELEM_KEY)?.get(NFTA_DATA_VALUE);
    const flags = element.be32(NFTA_SET_ELEM_FLAGS) ?? 0;
    if (!key && !(flags & NFT_SET_ELEM_CATCHALL)) continue;
    const keyEnd = element.nested(NFTA_SET_ELEM_KEY_END)?.get(NFTA_DATA_VALUE);
    const data = readData(element.nested(NFTA_SET_ELEM_DATA));
    elements.push({ key, keyEnd, data, flags });
  }
  return elements;
}

/** `set inet 2 podwire allowed flags 0x4 key 0x7/4 data -/-` */
export function formatSet({
  family,
  table,
  name,
  flags,
  keyType,
  keyLength,
  dataType,
  dataLength,
}: SetMessage): string {
  const data = dataType === undefined ? '-' : `0x${dataType.toString(16)}/${dataLength}`;
  return `set ${family} ${table} ${name} flags 0x${flags.toString(16)} key 0x${keyType.toString(16)}/${keyLength} data ${data}`;
}
