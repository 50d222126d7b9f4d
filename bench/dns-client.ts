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
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Clients, and questions under way at once of each when asking as fast as possible: as Pods, many that ask little. */
const SOCKETS = 64;
const WINDOW = 16;
const BATCH = WINDOW;
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
const address = sockaddr(Ip.of('127.0.0.1'), Number(port));
const sockets = Array.from({ length: SOCKETS }, () => {
  const fd = libc.socket(2, 2, 0);
  libc.connect(fd, address, address.length);
  return { fd, asked: 0, answered: 0, lost: 0, last: 0, sentAt: new Float64Array(65_536) };
});
process.stdout.write(`${JSON.stringify(run(Number(milliseconds), Number(rate)))}\n`);
for (const { fd } of sockets) closeSync(fd);

/** Round by round: each socket sends what it may, then takes what came back. */
function run(milliseconds: number, rate: number): ClientResult {
  const [out, back] = [new Messages(), new Messages()];
  const waits: number[] = [];
  const codes = new Array<number>(6).fill(0);
  const begun = performance.now();
  const end = begun + milliseconds;
  let [asked, answered] = [0, 0];
  for (let now = begun, turn = 0; now < end; now = performance.now(), turn++) {
    const socket = sockets[turn % SOCKETS]!;
    const { fd, sentAt } = socket;
    const free = WINDOW - (socket.asked - socket.answered - socket.lost);
    const due = rate ? Math.floor(((now - begun) * rate) / 1000) - asked : WINDOW;
    const count = Math.min(BATCH, free, due);
    for (let i = 0; i < count; i++) {
      const query = queries[(asked + i) % queries.length]!;
      const id = (socket.asked + i) & 0xffff;
      out.bytes.set(query, out.at(i));
      out.bytes[out.at(i)] = id >> 8;
      out.bytes[out.at(i) + 1] = id;
      out.setLength(i, query.length);
      sentAt[id] = now;
    }
    if (count > 0) {
      const sent = Math.max(0, libc.sendmmsg(fd, out.bytes, count, 0));
      socket.asked += sent;
      asked += sent;
    }
    if (socket.asked <= socket.answered + socket.lost) continue;
    const received = libc.recvmmsg(fd, back.bytes, BATCH, libc.MSG_DONTWAIT, null);
    if (received > 0) {
      socket.last = performance.now();
      for (let i = 0; i < received; i++) {
        const at = back.at(i);
        codes[back.bytes[at + 3]! & 15]!++;
        waits.push(socket.last - sentAt[(back.bytes[at]! << 8) | back.bytes[at + 1]!]!);
      }
      socket.answered += received;
      answered += received;
    } else if (now - socket.last > 200) socket.lost = socket.asked - socket.answered;
  }
  waits.sort((a, b) => a - b);
  const percentile = (p: number) => 1000 * (waits[Math.floor(waits.length * p)] ?? 0);
  const perSecond = answered / ((performance.now() - begun) / 1000);
  const lost = sockets.reduce((sum, socket) => sum + socket.lost, 0);
  return { perSecond, lost, codes, p50: percentile(0.5), p99: percentile(0.99) };
}
