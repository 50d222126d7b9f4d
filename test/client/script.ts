/** A transport that plays a script: each request must be the expected one, and gets the answer that stands beside it. */

import assert from 'node:assert/strict';
import type { Transport, TransportRequest } from '../../src/client/transport.js';

/** What the server does: a JSON body; lines of a watch, after which it ends, hangs or breaks; or no connection at all. */
export type Answer =
  | { readonly status?: number; readonly json: unknown }
  | { readonly status?: number; readonly lines: readonly unknown[]; readonly finally?: 'end' | 'hang' | 'break' }
  | { readonly raw: string }
  | { readonly unreachable: true };

export interface Script {
  readonly transport: Transport;
  readonly requests: TransportRequest[];
  /** Requests that were asked beyond the script. */
  readonly surplus: string[];
}

/** `steps`: the start of `METHOD path`, and the answer. After the last step every request hangs until it is aborted. */
export function play(steps: readonly (readonly [string, Answer])[]): Script {
  const requests: TransportRequest[] = [];
  const surplus: string[] = [];
  let next = 0;
  const transport: Transport = async request => {
    requests.push(request);
    const line = `${request.method} ${decodeURIComponent(request.path)}`;
    const step = steps[next++];
    if (!step) {
      surplus.push(line);
      return { status: 200, body: body({ lines: [], finally: 'hang' }, request.signal) };
    }
    assert.ok(line.startsWith(step[0]), `request ${next}: ${line}, expected ${step[0]}`);
    const answer = step[1];
    if ('unreachable' in answer) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    return { status: ('status' in answer && answer.status) || 200, body: body(answer, request.signal) };
  };
  return { transport, requests, surplus };
}

async function* body(answer: Exclude<Answer, { unreachable: true }>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if ('raw' in answer) return yield Buffer.from(answer.raw);
  if ('json' in answer) return yield Buffer.from(JSON.stringify(answer.json));
  const bytes = Buffer.from(answer.lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  // In pieces that end anywhere, also in the middle of a character.
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  if (answer.finally === 'break') throw new Error('socket hang up');
  if (answer.finally !== 'hang') return;
  signal?.throwIfAborted();
  await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
}
