/** One query to one upstream resolver over UDP. Believes only the reply that fits the query (RFC 5452). */

import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { Upstream } from '../dns/upstream.js';
import type { Ip } from '../net/ip.js';
import { decode, encode, type Message, type Question, queryMessage } from '../wire/dns.js';

export interface QueryFlags {
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
}

/** So many replies that do not fit are an attempt to guess: the rest of the exchange goes over TCP. */
const MAX_MISMATCHES = 16;
const EDNS_SIZE = 1232;

/** A fresh random id for each query, as the port: both must be guessed at once. */
export function queryFor(question: Question, { dnssecOk, checkingDisabled }: QueryFlags): Message {
  const edns = { size: EDNS_SIZE, version: 0, dnssecOk, options: [] };
  return { ...queryMessage(question, randomInt(0x1_0000)), checkingDisabled, edns };
}

/** The reply, if these bytes are one to that query. */
export function fitting(bytes: Uint8Array, query: Message): Message | undefined {
  const reply = decode(bytes);
  if ('malformed' in reply || !reply.response || reply.id !== query.id || reply.questions.length !== 1)
    return undefined;
  const [asked, echoed] = [query.questions[0]!, reply.questions[0]!];
  const same = asked.name === echoed.name && asked.type === echoed.type && asked.class === echoed.class;
  return same ? reply : undefined;
}

/**
 * Undefined: too many replies that do not fit. Rejects when the upstream cannot be reached or the signal ends the wait.
 * Malformed and foreign replies are ignored, never believed.
 */
export async function askUdp(upstream: Upstream, query: Message, signal: AbortSignal): Promise<Message | undefined> {
  const socket = await randomPort(upstream.ip);
  try {
    return await new Promise((resolve, reject) => {
      let mismatches = 0;
      onAbort(signal, reject);
      socket.on('error', reject);
      socket.on('message', bytes => {
        const reply = fitting(bytes, query);
        if (reply || ++mismatches >= MAX_MISMATCHES) resolve(reply);
      });
      // Connected: the kernel drops what comes from any other address or port, and reports a closed port.
      socket.connect(upstream.port, String(upstream.ip), () => socket.send(encode(query)));
    });
  } finally {
    socket.close();
  }
}

/** A socket on an unpredictable port; the kernel's own choice would come from half as many. */
async function randomPort(to: Ip): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = createSocket(to.family === 4 ? 'udp4' : 'udp6');
    try {
      const port = tries < 8 ? randomInt(1024, 0x1_0000) : 0;
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ port, exclusive: true }, () => resolve(void socket.removeListener('error', reject)));
      });
      return socket;
    } catch (error) {
      socket.close();
      if (tries >= 8) throw error;
    }
  }
}

export function onAbort(signal: AbortSignal, reject: (reason: unknown) => void): void {
  if (signal.aborted) reject(signal.reason);
  else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
}
