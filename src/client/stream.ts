/** Bodies that arrive in pieces: as one text, or as JSON values one per line. */

/** Longest line that a watch may send, in bytes: twice what an API server lets an object have. */
const LONGEST = 8 << 20;

export async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Each line's value. Throws a SyntaxError on a broken line, also on a last one that was cut off. */
export async function* jsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, void> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      pieces.push(chunk.subarray(from, end));
      const line = Buffer.concat(pieces).toString('utf8');
      [pieces, size, from] = [[], 0, end + 1];
      if (line !== '') yield JSON.parse(line);
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
    if ((size += chunk.length - from) > LONGEST) throw new SyntaxError(`a line of more than ${LONGEST} bytes`);
  }
  const rest = Buffer.concat(pieces).toString('utf8');
  if (rest.trim() !== '') yield JSON.parse(rest);
}
