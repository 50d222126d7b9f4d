/**
 * A client that can keep one server busy: questions by the batch, in a process of its own. `node dns-client.js port file
 * milliseconds rate`: rate 0 asks as fast as replies come, else so many a second. Prints one line of JSON.
 */

import { closeSync, readFileSync } from 'node:fs';
import * as libc from '../src/host/libc.js';
import { sockaddr } from '../src/host/sockaddr.js';
import { Ip } from '../src/net/ip.js';
import { type Edns, encode, queryMessage } from '../src/wire/dns.js';
import type { QuestionText } from './dns-data.js';

export interface ClientResult {
  readonly perSecond: number;
  readonly lost: number;
  /** By response code. */
  readonly codes: readonly number[];
  /** Microseconds; of a run at a rate. */
  readonly p50: number;
  readonly p99: number;
}

const BATCH = 64;
/** Questions under way at once when asking as fast as possible. */
const WINDOW = 1024;
const ROOM = 1344;
const HEADER = 64;
const VECTOR = 16;
const EDNS: Edns = { size: 1232, version: 0, dnssecOk: false, options: [] };

/** struct mmsghdr for so many datagrams on a connected socket. */
class Messages {
  readonly bytes = new Uint8Array(BATCH * (HEADER + VECTOR + ROOM));
  readonly #pointers = new BigUint64Array(this.bytes.buffer);
  readonly #words = new Uint32Array(this.bytes.buffer);

  constructor() {
    const base = BigInt(libc.addressOf(this.bytes));
    for (let i = 0; i < BATCH; i++) {
      this.#pointers[(i * HEADER + 16) >> 3] = base + BigInt(BATCH * HEADER + i * VECTOR);
      this.#pointers[(i * HEADER + 24) >> 3] = 1n;
      this.#pointers[(BATCH * HEADER + i * VECTOR) >> 3] = base + BigInt(this.at(i));
      this.setLength(i, ROOM);
    }
  }

  at(i: number): number {
    return BATCH * (HEADER + VECTOR) + i * ROOM;
  }

  setLength(i: number, length: number): void {
    this.#words[(BATCH * HEADER + i * VECTOR + 8) >> 2] = length;
  }
}

const [port, file, milliseconds, rate] = process.argv.slice(2) as [string, string, string, string];
const queries = (JSON.parse(readFileSync(file, 'utf8')) as QuestionText[]).map(([name, type]) =>
  encode({ ...queryMessage({ name: `${name}.`, type }), edns: EDNS }),
);
const fd = libc.socket(2, 2, 0);
const address = sockaddr(Ip.of('127.0.0.1'), Number(port));
libc.connect(fd, address, address.length);
process.stdout.write(`${JSON.stringify(run(Number(milliseconds), Number(rate)))}\n`);
closeSync(fd);

function run(milliseconds: number, rate: number): ClientResult {
  const [out, back] = [new Messages(), new Messages()];
  const sentAt = new Float64Array(65_536);
  const waits: number[] = [];
  const codes = new Array<number>(6).fill(0);
  const begun = performance.now();
  const end = begun + milliseconds;
  let [asked, answered, lost, last] = [0, 0, 0, begun];
  for (let now = begun; now < end; now = performance.now()) {
    const due = rate ? Math.floor(((now - begun) * rate) / 1000) : asked + WINDOW;
    const count = Math.min(BATCH, due - asked, WINDOW - (asked - answered - lost));
    for (let i = 0; i < count; i++) {
      const query = queries[(asked + i) % queries.length]!;
      const id = (asked + i) & 0xffff;
      out.bytes.set(query, out.at(i));
      out.bytes[out.at(i)] = id >> 8;
      out.bytes[out.at(i) + 1] = id;
      out.setLength(i, query.length);
      sentAt[id] = now;
    }
    if (count > 0) asked += libc.sendmmsg(fd, out.bytes, count, 0);
    const received = libc.recvmmsg(fd, back.bytes, BATCH, libc.MSG_DONTWAIT, null);
    if (received > 0) {
      last = performance.now();
      for (let i = 0; i < received; i++) {
        const at = back.at(i);
        codes[back.bytes[at + 3]! & 15]!++;
        if (rate) waits.push(last - sentAt[(back.bytes[at]! << 8) | back.bytes[at + 1]!]!);
      }
      answered += received;
    } else if (now - last > 200 && asked > answered + lost) lost = asked - answered;
  }
  waits.sort((a, b) => a - b);
  const percentile = (p: number) => 1000 * (waits[Math.floor(waits.length * p)] ?? 0);
  const perSecond = answered / ((performance.now() - begun) / 1000);
  return { perSecond, lost, codes, p50: percentile(0.5), p99: percentile(0.99) };
}
