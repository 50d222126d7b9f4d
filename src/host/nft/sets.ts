/** Sets, maps and their elements between kernel objects and messages. Knows shapes of keys, no rules. */

import type { NftElement, NftSet, TableFamily, Value, Verdict } from '../../kernel/nft-objects.js';
import type { ValueType } from '../../kernel/nft-values.js';
import type { Writer } from '../../wire/netlink-attributes.js';
import { NFPROTO } from '../../wire/nfnetlink.js';
import type { VerdictData } from '../../wire/nftables-expression.js';
import * as wire from '../../wire/nftables-set.js';
import {
  BYTEORDER_BIG_ENDIAN,
  BYTEORDER_HOST_ENDIAN,
  decodeSetUserdata,
  encodeSetUserdata,
} from '../../wire/nftables-userdata.js';
import { ANONYMOUS, type AnonymousSet, VERDICTS, verdictData } from './linearize.js';
import * as types from './types.js';

/** What one must know of a set to write or read its elements. */
export interface SetShape {
  readonly key: readonly ValueType[];
  readonly data?: readonly ValueType[] | 'verdict';
  readonly interval?: boolean;
}

const FAMILIES = new Map(Object.entries(NFPROTO).map(([name, number]) => [number as number, name as TableFamily]));

/** Undefined for a family that we have no word for. */
export function familyName(family: number): TableFamily | undefined {
  return FAMILIES.get(family);
}

/** What the kernel limits a set to that rules fill, when nothing is said (net/netfilter/nft_dynset.c). */
const DYNAMIC_SIZE = 65_535;

/** Throws ValueError for what nft would not write either. */
export function encodeSet(set: NftSet): wire.SetMessage {
  const { key, data, interval = false, dynamic = false, timeout, cause } = set;
  if (interval && key.length === 1 && (types.isHostOrder(key[0]!) || key[0] === 'ifname'))
    throw new types.ValueError(`intervals of ${key[0]} need another byte order`);
  const flags =
    (interval ? wire.NFT_SET_INTERVAL : 0) |
    (interval && key.length > 1 ? wire.NFT_SET_CONCAT : 0) |
    (data ? wire.NFT_SET_MAP : 0) |
    (dynamic ? wire.NFT_SET_EVAL : 0) |
    (timeout === undefined ? 0 : wire.NFT_SET_TIMEOUT);
  return {
    family: NFPROTO[set.family],
    table: set.table,
    name: set.name,
    flags,
    keyType: types.typeId(key),
    keyLength: length(key),
    ...(data === 'verdict' && { dataType: wire.NFT_DATA_VERDICT, dataLength: 0 }),
    ...(data && data !== 'verdict' && { dataType: types.typeId(data), dataLength: length(data) }),
    ...(flags & wire.NFT_SET_CONCAT && { fields: key.map(types.sizeOf) }),
    ...(dynamic && { size: DYNAMIC_SIZE }),
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
    userdata: encodeSetUserdata({
      keyOrder: byteOrder(key),
      ...(data && data !== 'verdict' && { dataOrder: byteOrder(data) }),
      ...(cause !== undefined && { comment: cause }),
    }),
  };
}

/** nft's byte order of a key. Numbers of the host and names of links are in the host's, concatenations are bytes. */
function byteOrder(list: readonly ValueType[]): number {
  return list.length === 1 && !types.isNetworkOrder(list[0]!) ? BYTEORDER_HOST_ENDIAN : BYTEORDER_BIG_ENDIAN;
}

/** The set that a list of values in a rule becomes. */
export function encodeAnonymous(set: AnonymousSet, family: TableFamily, table: string): wire.SetMessage {
  const { key, interval } = shapeOf(set);
  return {
    family: NFPROTO[family],
    table,
    name: ANONYMOUS,
    flags: wire.NFT_SET_ANONYMOUS | wire.NFT_SET_CONSTANT | (interval ? wire.NFT_SET_INTERVAL : 0),
    keyType: types.typeId(key),
    keyLength: length(key),
    id: set.id,
    size: set.elements.length * (interval ? 2 : 1),
    userdata: encodeSetUserdata({ keyOrder: byteOrder(key) }),
  };
}

export function shapeOf({ types: key, elements }: AnonymousSet): SetShape {
  const interval = key.length === 1 && elements.some(([value]) => types.bounds(value!)[0] !== types.bounds(value!)[1]);
  return { key, interval };
}

/** A set of ours as it was wanted; undefined for one with types that we have no word for, and for anonymous ones. */
export function decodeSet(message: wire.SetMessage): NftSet | undefined {
  const { flags, table, name, timeout, userdata, dataType } = message;
  const family = familyName(message.family);
  const key = types.typesOfId(message.keyType);
  const data =
    dataType === wire.NFT_DATA_VERDICT ? 'verdict' : dataType === undefined ? undefined : types.typesOfId(dataType);
  if (!family || !key || flags & wire.NFT_SET_ANONYMOUS || (flags & wire.NFT_SET_MAP && !data)) return undefined;
  const cause = userdata && decodeSetUserdata(userdata);
  return {
    kind: 'set',
    family,
    table,
    name,
    key,
    ...(data && { data }),
    ...(flags & wire.NFT_SET_INTERVAL && { interval: true }),
    ...(flags & wire.NFT_SET_EVAL && { dynamic: true }),
    ...(timeout && { timeout: timeout / 1000 }),
    ...(cause !== undefined && { cause }),
  };
}

function length(list: readonly ValueType[]): number {
  return list.length === 1 ? types.sizeOf(list[0]!) : list.reduce((sum, type) => sum + types.paddedSize(type), 0);
}

/** A slot is a `mark`, the last part of its key. */
const SLOT_BYTES = 4;

/** Writes the elements of one set. What many of them have in common is made once and copied. */
export class ElementEncoder {
  /** By verdict, by whether there is data, or by neither. */
  readonly #frames = new Map<Verdict | 'data' | undefined, wire.ElementFrame>();
  readonly #keyLength: number;
  readonly #dataLength: number;

  constructor(readonly shape: SetShape) {
    this.#keyLength = length(shape.key);
    this.#dataLength = shape.data && shape.data !== 'verdict' ? length(shape.data) : 0;
  }

  /**
   * Appends one element, which is two where a set has intervals: where it begins, and where it is over. `slot` is the last part
   * of the key, where that is a slot. Throws ValueError.
   */
  write(w: Writer, key: readonly Value[], data?: NftElement['data'], slot?: number): void {
    const { shape } = this;
    if (key.length === 1 && key[0] === '*') {
      wire.writeElement(w, { ...dataParts(shape, data), flags: wire.NFT_SET_ELEM_CATCHALL });
      return;
    }
    if (key.length + (slot === undefined ? 0 : 1) !== shape.key.length)
      throw new types.ValueError(`${key.length} values for ${shape.key.length} types`);
    if (!shape.interval) this.#framed(w, key, data, slot);
    else if (key.length > 1) {
      const from = key.map(value => types.bounds(value)[0]);
      const to = key.map(value => types.bounds(value)[1]);
      wire.writeElement(w, { key: put(shape.key, from), keyEnd: put(shape.key, to), ...dataParts(shape, data) });
    } else {
      const [from, to] = types.bounds(key[0]!);
      wire.writeElement(w, { key: put(shape.key, [from]), ...dataParts(shape, data) });
      const after = successor(types.valueBytes(shape.key[0]!, to));
      if (after) wire.writeElement(w, { key: inner => inner.raw(after), flags: wire.NFT_SET_ELEM_INTERVAL_END });
    }
  }

  /**
   * Appends the slots' element for `slot`, right behind the one of another slot of the same key: all but the slot and the
   * data is copied from there. Throws ValueError.
   */
  writeNext(w: Writer, data: readonly Value[] | undefined, slot: number): void {
    const list = data && dataTypes(this.shape, data);
    const { beforeKey, afterKey } = this.#frame(data && 'data');
    const slotAt = beforeKey.length + this.#keyLength - SLOT_BYTES;
    const behind = slotAt + SLOT_BYTES + afterKey.length;
    w.repeat(behind + (list ? (this.#dataLength + 3) & ~3 : 0), slotAt)
      .u32(slot)
      .reserve(afterKey.length);
    if (list) writeAll(w, list, data);
    w.pad();
  }

  #framed(w: Writer, key: readonly Value[], data: NftElement['data'], slot: number | undefined): void {
    const values = isList(data) ? data : undefined;
    const list = values && dataTypes(this.shape, values);
    const { beforeKey, afterKey } = this.#frame(isList(data) ? 'data' : data);
    w.raw(beforeKey);
    if (this.shape.key.length === 1) types.writeValue(w, this.shape.key[0]!, key[0]!);
    else writePadded(w, this.shape.key, key);
    if (slot !== undefined) types.writePadded(w, this.shape.key[key.length]!, slot);
    w.pad().raw(afterKey);
    if (!list) return;
    writeAll(w, list, values!);
    w.pad();
  }

  #frame(name: Verdict | 'data' | undefined): wire.ElementFrame {
    let frame = this.#frames.get(name);
    if (!frame) {
      const data = name === 'data' ? this.#dataLength : name && verdictData(name);
      this.#frames.set(name, (frame = wire.elementFrame(this.#keyLength, data)));
    }
    return frame;
  }
}

/** Faster than to ask for a property that lists do not have. */
function isList(data: NftElement['data']): data is readonly Value[] {
  return Array.isArray(data);
}

function dataTypes(shape: SetShape, data: readonly Value[]): readonly ValueType[] {
  if (!shape.data || shape.data === 'verdict' || data.length !== shape.data.length)
    throw new types.ValueError('data that the map does not have');
  return shape.data;
}

function dataParts(shape: SetShape, data: NftElement['data']): { data?: wire.Put | VerdictData } {
  if (data === undefined) return {};
  if (!isList(data)) return { data: verdictData(data) };
  return { data: put(dataTypes(shape, data), data) };
}

function put(list: readonly ValueType[], values: readonly Value[]): wire.Put {
  return w => writeAll(w, list, values);
}

/** One value in its own size, several each filled up to whole registers. */
function writeAll(w: Writer, list: readonly ValueType[], values: readonly Value[]): void {
  if (list.length === 1) types.writeValue(w, list[0]!, values[0]!);
  else writePadded(w, list, values);
}

/** As many as there are values. */
function writePadded(w: Writer, list: readonly ValueType[], values: readonly Value[]): void {
  for (let i = 0; i < values.length; i++) types.writePadded(w, list[i]!, values[i]!);
}

/** The next number in network byte order; undefined after the last. */
function successor(bytes: Uint8Array): Uint8Array | undefined {
  const next = bytes.slice();
  for (let i = next.length - 1; i >= 0; i--) if (++next[i]! & 0xff) return next;
  return undefined;
}

export interface ElementContent {
  readonly key: readonly Value[];
  readonly data?: readonly Value[] | Verdict;
}

/** All elements of a set out of a whole dump of it. */
export function decodeElements(shape: SetShape, messages: readonly wire.ElementMessage[]): ElementContent[] {
  const content = (key: readonly Value[], message: wire.ElementMessage): ElementContent => {
    const data = decodeData(shape, message.data);
    return data === undefined ? { key } : { key, data };
  };
  const catchAll = messages.filter(({ key }) => !key).map(message => content(['*'], message));
  const keyed = messages.filter(
    (message): message is wire.ElementMessage & { key: Uint8Array } => message.key !== undefined,
  );
  if (shape.interval && shape.key.length === 1) return [...intervals(shape.key[0]!, keyed, content), ...catchAll];
  const elements = keyed.map(message => {
    const from = readKey(shape.key, message.key);
    if (!message.keyEnd) return content(from, message);
    const to = readKey(shape.key, message.keyEnd);
    return content(
      from.map((value, i) => types.fromBounds(value, to[i]!)),
      message,
    );
  });
  return [...elements, ...catchAll];
}

function readKey(list: readonly ValueType[], bytes: Uint8Array): Value[] {
  return list.length === 1 ? [types.readValue(list[0]!, bytes)] : types.readValues(list, bytes);
}

function decodeData(shape: SetShape, data: wire.ElementMessage['data']): ElementContent['data'] {
  if (!data || !shape.data) return undefined;
  if (!(data instanceof Uint8Array)) return decodeVerdict(data);
  return shape.data === 'verdict' ? undefined : readKey(shape.data, data);
}

const VERDICT_NAMES = new Map(Object.entries(VERDICTS).map(([name, code]) => [code as number, name]));

/** Undefined for a verdict that rules of ours do not have. */
export function decodeVerdict({ code, chain }: VerdictData): Verdict | undefined {
  const verdict = VERDICT_NAMES.get(code);
  if (verdict === undefined) return undefined;
  return (chain === undefined ? { verdict } : { verdict, chain }) as Verdict;
}

/** Puts beginnings and ends of intervals together. */
function* intervals(
  type: ValueType,
  messages: readonly (wire.ElementMessage & { key: Uint8Array })[],
  content: (key: readonly Value[], message: wire.ElementMessage) => ElementContent,
): Generator<ElementContent> {
  const isEnd = (message: wire.ElementMessage) => (message.flags & wire.NFT_SET_ELEM_INTERVAL_END) !== 0;
  // Where one interval ends another may begin: the end comes first.
  const sorted = [...messages].sort((a, b) => Buffer.compare(a.key, b.key) || Number(isEnd(b)) - Number(isEnd(a)));
  for (const [i, message] of sorted.entries()) {
    if (isEnd(message)) continue;
    const next = sorted[i + 1];
    const last = next ? predecessor(next.key) : new Uint8Array(message.key.length).fill(0xff);
    yield content([types.fromBounds(types.readValue(type, message.key), types.readValue(type, last))], message);
  }
}

function predecessor(bytes: Uint8Array): Uint8Array {
  const previous = bytes.slice();
  for (let i = previous.length - 1; i >= 0; i--) if (previous[i]!-- > 0) break;
  return previous;
}
