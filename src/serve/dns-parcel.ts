/** Datagrams with their senders as one piece of bytes, for the way from one thread to another. Knows no DNS. */

export interface ParcelItem {
  /** Index of the socket that it came in by. */
  readonly socket: number;
  /** It is not a request but what the loop answered to one. */
  readonly answered: boolean;
  /** A struct sockaddr. */
  readonly peer: Uint8Array;
  readonly bytes: Uint8Array;
}

/** In the socket's byte. */
const ANSWERED = 0x80;
/** Socket, size of the sender's address, size of the datagram (big-endian). */
const HEAD = 4;

export class Parcel {
  count = 0;
  #bytes = new Uint8Array(16 << 10);
  #size = 0;

  /** Copies the datagram at `at` and its sender's address at `peer`. */
  add(
    socket: number,
    answered: boolean,
    from: Uint8Array,
    peer: number,
    peerSize: number,
    at: number,
    length: number,
  ): void {
    const end = this.#size + HEAD + peerSize + length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const bytes = this.#bytes;
    bytes[this.#size] = socket | (answered ? ANSWERED : 0);
    bytes[this.#size + 1] = peerSize;
    bytes[this.#size + 2] = length >> 8;
    bytes[this.#size + 3] = length;
    bytes.set(from.subarray(peer, peer + peerSize), this.#size + HEAD);
    bytes.set(from.subarray(at, at + length), this.#size + HEAD + peerSize);
    this.#size = end;
    this.count++;
  }

  /** What was added since the last time. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#size);
    this.#size = this.count = 0;
    return bytes;
  }
}

export function* unpack(parcel: Uint8Array): Generator<ParcelItem> {
  for (let at = 0; at < parcel.length; ) {
    const peer = at + HEAD;
    const start = peer + parcel[at + 1]!;
    const end = start + ((parcel[at + 2]! << 8) | parcel[at + 3]!);
    const head = parcel[at]!;
    const answered = (head & ANSWERED) !== 0;
    yield {
      socket: head & ~ANSWERED,
      answered,
      peer: parcel.subarray(peer, start),
      bytes: parcel.subarray(start, end),
    };
    at = end;
  }
}
