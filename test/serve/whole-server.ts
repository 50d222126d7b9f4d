/** The whole server without its sockets: bytes in, bytes out, by the table where it can and the chain where it must. */

import assert from 'node:assert/strict';
import type { ClusterZone } from '../../src/dns/cluster-zone.js';
import { LEFT, TableResponder } from '../../src/dns/table/respond.js';
import { createResponder, type Observation } from '../../src/serve/dns-responder.js';
import type { Resolution } from '../../src/serve/dns-turns.js';
import type { Message, Question } from '../../src/wire/dns.js';

export interface From {
  readonly transport?: 'udp' | 'tcp';
  /** A client of the cluster, unless it is said. */
  readonly stranger?: boolean;
  readonly client?: string;
}

export class WholeServer {
  /** What was asked upstream. */
  readonly asked: Question[] = [];
  readonly seen: Observation[] = [];
  readonly #responder;
  readonly #table: TableResponder;

  /** `upstream` gives an upstream's answer to what the cluster does not know, once `patience` is over. */
  constructor(
    readonly zone: ClusterZone,
    upstream: (question: Question) => Message,
    patience: () => Promise<void> = async () => {},
  ) {
    this.#table = new TableResponder(zone.domain, zone.table.memory, zone.control);
    const resolve = async (question: Question): Promise<Resolution> => {
      this.asked.push(question);
      await patience();
      return { message: upstream(question), why: 'from upstream' };
    };
    const isInside = (address: string) => !address.startsWith('stranger');
    this.#responder = createResponder(zone, resolve, isInside, seen => this.seen.push(seen));
  }

  /** Calls `reply` once, at once or in a later turn, or never: then these bytes get no reply. */
  say(
    bytes: Uint8Array,
    reply: (bytes: Uint8Array) => void,
    { transport = 'udp', stranger = false, client = '' }: From = {},
  ): void {
    if (transport === 'udp') {
      const room = new Uint8Array(bytes.length + 1400);
      room.set(bytes);
      this.#table.memory = this.zone.table.memory;
      const length = this.#table.respond(new DataView(room.buffer), 0, bytes.length, stranger);
      if (length !== LEFT) return reply(room.slice(0, length));
    }
    let replies = 0;
    this.#responder.handle(bytes, { address: stranger ? `stranger ${client}` : client, transport }, bytes => {
      assert.equal(++replies, 1, 'one reply for one query');
      reply(bytes);
    });
    return undefined;
  }

  /** The reply, if there is one. */
  async ask(bytes: Uint8Array, from: From = {}): Promise<Uint8Array | undefined> {
    let found: Uint8Array | undefined;
    this.say(bytes, reply => (found = reply), from);
    await new Promise(resolve => setImmediate(resolve));
    return found;
  }
}
