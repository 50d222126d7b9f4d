/** The netlink message header, its acknowledgements and dumps (linux/netlink.h, RFC 3549). Knows no protocol above it. */

import { Attributes, LITTLE_ENDIAN, type Writer } from './netlink-attributes.js';

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
/** Answer with what was made; kernels before 6.2 do not for links. */
export const NLM_F_ECHO = 0x8;
/** The dump was changed while it was read: read it again. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
const NLM_F_ACK_TLVS = 0x200;
const NLM_F_CAPPED = 0x100;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

const NLMSGERR_ATTR_MSG = 1;
const NLMSGERR_ATTR_OFFS = 2;

const HEADER = 16;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  /** What the request carried: how an answer finds its question. */
  readonly seq: number;
  /** After the header. */
  readonly payload: Uint8Array;
}

/** The kernel's answer to one request; `errno` 0 is success. */
export interface NetlinkAck {
  /** Positive errno. */
  readonly errno: number;
  /** The kernel's own words (NLMSGERR_ATTR_MSG), when it has some. */
  readonly message?: string;
  /** Where in the request the offending attribute begins, from the request's header on (NLMSGERR_ATTR_OFFS). */
  readonly offset?: number;
}

/** The messages in a datagram, up to the first that is cut off. */
export function* decodeMessages(datagram: Uint8Array): Generator<NetlinkMessage> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  for (let at = 0; at + HEADER <= datagram.length; ) {
    const length = view.getUint32(at, LITTLE_ENDIAN);
    if (length < HEADER || at + length > datagram.length) return;
    yield {
      type: view.getUint16(at + 4, LITTLE_ENDIAN),
      flags: view.getUint16(at + 6, LITTLE_ENDIAN),
      seq: view.getUint32(at + 8, LITTLE_ENDIAN),
      payload: datagram.subarray(at + HEADER, at + length),
    };
    at += (length + 3) & ~3;
  }
}

/** Reads an NLMSG_ERROR (which also is the acknowledgement) or NLMSG_DONE; undefined for other messages and for cut ones. */
export function decodeAck(message: NetlinkMessage): NetlinkAck | undefined {
  const { type, flags, payload } = message;
  if ((type !== NLMSG_ERROR && type !== NLMSG_DONE) || payload.length < 4) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const errno = -view.getInt32(0, LITTLE_ENDIAN) || 0;
  if (!(flags & NLM_F_ACK_TLVS)) return { errno };
  // An error repeats the request, or with NLM_F_CAPPED its header alone; the attributes stand behind it.
  let start = 4;
  if (type === NLMSG_ERROR) {
    if (payload.length < 4 + HEADER) return { errno };
    start += flags & NLM_F_CAPPED || !errno ? HEADER : (view.getUint32(4, LITTLE_ENDIAN) + 3) & ~3;
  }
  const attributes = new Attributes(payload.subarray(start));
  const text = attributes.text(NLMSGERR_ATTR_MSG);
  const offset = attributes.u32(NLMSGERR_ATTR_OFFS);
  return { errno, ...(text !== undefined && { message: text }), ...(offset !== undefined && { offset }) };
}

/** Appends a message: header, then what `content` writes. Flags are beside NLM_F_REQUEST, which every request has. */
export function encodeMessage(w: Writer, type: number, flags: number, seq: number, content: (w: Writer) => void): void {
  const at = beginMessage(w, type, flags, seq);
  content(w);
  endMessage(w, at);
}

/** For a message that is filled over many steps; `endMessage` with what it returned sets the length. */
export function beginMessage(w: Writer, type: number, flags: number, seq: number): number {
  const at = w.length;
  w.u32(0)
    .u16(type)
    .u16(flags | NLM_F_REQUEST)
    .u32(seq)
    .u32(0);
  return at;
}

export function endMessage(w: Writer, at: number): void {
  w.patch32(at, w.length - at);
  w.pad();
}

/** `type 16 flags 0x5 seq 7 length 32` */
export function formatMessage(message: NetlinkMessage): string {
  const { type, flags, seq, payload } = message;
  return `type ${type} flags 0x${flags.toString(16)} seq ${seq} length ${payload.length + HEADER}`;
}
