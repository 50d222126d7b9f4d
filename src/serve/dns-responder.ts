/** From a request's bytes to a reply's: decode, admit, answer, forward where needed, encode. Knows no socket. */

import { type Answer, restored } from '../dns/answer.js';
import { answer } from '../dns/chain.js';
import { admit, reply, udpLimit } from '../dns/respond.js';
import type { ToldNames } from '../dns/told.js';
import type { DnsView } from '../dns/view.js';
import { logger } from '../report/log.js';
import { decode, encode, type Message, type Question, RCODE } from '../wire/dns.js';
import { isFailure } from './dns-cache.js';
import type { Forwarder } from './dns-forwarder.js';
import type { Resolution } from './dns-turns.js';

/** Forwarded questions under way at once: in all, and of one client. Above, the client is told to come back (SERVFAIL). */
const MAX_FORWARDS = 2000;
const MAX_FORWARDS_PER_CLIENT = 200;
/** A stranger's query over UDP may bear another's address: so many times its bytes at most go there. */
const MAX_AMPLIFICATION = 10;

export interface Client {
  readonly address: string;
  readonly transport: 'udp' | 'tcp';
}

/** One question and what became of it. `question` is missing where the request had none that could be read. */
export interface Observation {
  readonly client: Client;
  readonly question?: Question;
  readonly handler: string;
  readonly why: string;
  readonly rcode: number;
  /** From the read of the request to the write of its reply; missing where it was not measured. */
  readonly seconds?: number;
}

/** An answer that the chain gave, and its upstream resolvers where it asked them. */
export type Measured = Observation & { readonly seconds: number };

export interface Responder {
  /** Calls `send` once, at once or later; false: this request gets no reply. Never throws. */
  handle(bytes: Uint8Array, client: Client, send: (reply: Uint8Array) => void): boolean;
}

/**
 * `isInside` says whose address it is: strangers get no reply that is worth forging their address for, and nothing from upstream.
 * `tell` hears of answers from upstream.
 */
export function createResponder(
  view: DnsView,
  resolve: Forwarder['resolve'],
  isInside: (address: string) => boolean,
  observe: (seen: Measured) => void,
  tell: ToldNames['tell'] = () => {},
): Responder {
  const underWay = new Map<string, number>();
  let total = 0;

  const enter = (client: string) => {
    const own = underWay.get(client) ?? 0;
    if (total >= MAX_FORWARDS || own >= MAX_FORWARDS_PER_CLIENT) return false;
    underWay.set(client, own + 1);
    total++;
    return true;
  };
  const leave = (client: string) => {
    const own = underWay.get(client)! - 1;
    if (own) underWay.set(client, own);
    else underWay.delete(client);
    total--;
  };

  const handle: Responder['handle'] = (bytes, client, send) => {
    const start = performance.now();
    const admission = admit(decode(bytes));
    if (!admission) return false;
    const inside = isInside(client.address);
    const respond = (message: Message, limit: number, seen: Pick<Observation, 'question' | 'handler' | 'why'>) => {
      const udp = inside ? limit : Math.min(limit, MAX_AMPLIFICATION * bytes.length);
      send(encode(message, client.transport === 'tcp' ? 65_535 : udp));
      observe({ ...seen, client, rcode: message.rcode, seconds: (performance.now() - start) / 1000 });
    };
    if ('reply' in admission) {
      respond(admission.reply, 512, { handler: 'protocol', why: 'the request breaks the rules' });
      return true;
    }
    const { request, question } = admission;
    const finish = (found: Answer) => {
      const { handler, why, forward } = found;
      // Before the client can use it.
      if (forward) tell(client.address, forward.name, found.answers);
      respond(reply(request, found), udpLimit(request), { question, handler, why });
    };
    const flags = {
      dnssecOk: request.edns?.dnssecOk ?? false,
      checkingDisabled: request.checkingDisabled,
    };
    const found = answer(view, question, client.address);
    if (!found.forward) finish(found);
    else if (!inside)
      finish({ ...failed(found, 'a stranger may not ask upstream', 'prohibited'), rcode: RCODE.REFUSED });
    else if (!enter(client.address)) finish(failed(found, 'too many questions under way'));
    else {
      completed(found, question => resolve(question, flags))
        .then(finish)
        .catch(error => log.error('a reply could not be made', { error, name: question.name }))
        .finally(() => leave(client.address));
    }
    return true;
  };

  return {
    handle(bytes, client, send) {
      try {
        return handle(bytes, client, send);
      } catch (error) {
        log.error('a request could not be handled', { error });
        return false;
      }
    },
  };
}

const log = logger('dns');

function failed(found: Answer, why: string, extended?: Answer['extended']): Answer {
  return { ...found, rcode: RCODE.SERVFAIL, why, answers: [], authoritative: false, ...(extended && { extended }) };
}

/** With what upstream resolvers say; of names that they do not know, what is answered otherwise. */
export async function completed(found: Answer, ask: (question: Question) => Promise<Resolution>): Promise<Answer> {
  if (!found.forward) return found;
  const resolution = await ask(found.forward);
  if (found.otherwise && resolution.message.rcode === RCODE.NXDOMAIN) return completed(found.otherwise, ask);
  // The search is for the client to go on with: of its own question the answer is known.
  if (found.otherwise && isFailure(resolution.message)) return atLast(found.otherwise);
  return joined(found, resolution);
}

function atLast(found: Answer): Answer {
  return found.otherwise ? atLast(found.otherwise) : found;
}

/** Aliases of ours in front; of the upstream's sections only what the client needs (its additional records are not ours to vouch for). */
function joined(found: Answer, { message, why, extended }: Resolution): Answer {
  // What went wrong between an upstream and us is nothing that the client could mend.
  if (isFailure(message) && message.rcode !== RCODE.REFUSED) return failed(found, why, extended);
  const answers = [...found.answers, ...restored(message.answers, found.rewritten)];
  const authorities = message.answers.length ? [] : message.authorities;
  return {
    ...found,
    rcode: message.rcode,
    answers,
    authorities,
    why: `${found.why}, ${why}`,
    ...(extended && { extended }),
  };
}
