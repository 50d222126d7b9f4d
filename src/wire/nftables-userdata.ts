/** What nft keeps beside rules and sets for its own eyes: comments and byte orders (libnftnl's udata, type-length-value). */

const NFTNL_UDATA_RULE_COMMENT = 0;
const NFTNL_UDATA_SET_KEYBYTEORDER = 0;
const NFTNL_UDATA_SET_DATABYTEORDER = 1;
const NFTNL_UDATA_SET_COMMENT = 7;

/** NFTNL_UDATA_COMMENT_MAXLEN, with the terminating zero. */
const COMMENT = 128;

/** nft's enum byteorder. */
export const BYTEORDER_HOST_ENDIAN = 1;
export const BYTEORDER_BIG_ENDIAN = 2;

/** A rule's comment; longer ones are cut to 127 bytes. */
export function encodeRuleUserdata(comment: string): Uint8Array {
  return commentField(NFTNL_UDATA_RULE_COMMENT, comment);
}

export function decodeRuleUserdata(userdata: Uint8Array): string | undefined {
  return readComment(userdata, NFTNL_UDATA_RULE_COMMENT);
}

/** Byte orders tell nft how to print keys and data whose type does not say it. */
export function encodeSetUserdata(set: { keyOrder: number; dataOrder?: number; comment?: string }): Uint8Array {
  const parts = [
    field(NFTNL_UDATA_SET_KEYBYTEORDER, new Uint8Array(Uint32Array.of(set.keyOrder).buffer)),
    ...(set.dataOrder === undefined
      ? []
      : [field(NFTNL_UDATA_SET_DATABYTEORDER, new Uint8Array(Uint32Array.of(set.dataOrder).buffer))]),
    ...(set.comment === undefined ? [] : [commentField(NFTNL_UDATA_SET_COMMENT, set.comment)]),
  ];
  return Uint8Array.from(parts.flatMap(part => [...part]));
}

export function decodeSetUserdata(userdata: Uint8Array): string | undefined {
  return readComment(userdata, NFTNL_UDATA_SET_COMMENT);
}

function field(type: number, value: Uint8Array): Uint8Array {
  return Uint8Array.of(type, value.length, ...value);
}

function commentField(type: number, comment: string): Uint8Array {
  // encodeInto never cuts a character in two.
  const bytes = new Uint8Array(COMMENT);
  const { written } = new TextEncoder().encodeInto(comment, bytes.subarray(0, COMMENT - 1));
  return field(type, bytes.subarray(0, written + 1));
}

function readComment(userdata: Uint8Array, wanted: number): string | undefined {
  for (let at = 0; at + 2 <= userdata.length; at += 2 + userdata[at + 1]!) {
    const end = at + 2 + userdata[at + 1]!;
    if (userdata[at] !== wanted || end > userdata.length) continue;
    const text = userdata.subarray(at + 2, end);
    const zero = text.indexOf(0);
    return new TextDecoder().decode(zero < 0 ? text : text.subarray(0, zero));
  }
  return undefined;
}
