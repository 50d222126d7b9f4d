/** The manners of a name server: what of a request gets which reply, before and after the question is answered. */

import {
  type Edns,
  extendedError,
  type Malformed,
  type Message,
  type Question,
  RCODE,
  type ResourceRecord,
} from '../wire/dns.js';
import type { Answer } from './answer.js';

/** The UDP size that crosses every path without fragments (DNS flag day 2020). */
export const UDP_SIZE = 1232;

/** A reply that needs no answer, a question to answer, or undefined: say nothing. */
export type Admission =
  | { readonly reply: Message }
  | { readonly request: Message; readonly question: Question }
  | undefined;

export function admit(request: Message | Malformed): Admission {
  if ('malformed' in request) {
    const { header } = request;
    return header && !header.response ? { reply: bare(header, RCODE.FORMERR) } : undefined;
  }
  // Answering a response would let two servers talk to each other for ever.
  if (request.response) return undefined;
  if (request.opcode !== 0) return { reply: bare(request, RCODE.NOTIMP) };
  const question = request.questions[0];
  if (!question || request.questions.length > 1) return { reply: bare(request, RCODE.FORMERR) };
  if ((request.edns?.version ?? 0) > 0) return { reply: bare(request, RCODE.BADVERS, request.questions, EDNS) };
  return { request, question };
}

/** The reply that carries an answer. Equal records are turned by the request's id, which spreads clients over endpoints. */
export function reply(request: Message, answer: Sections & Pick<Answer, 'extended' | 'why'>): Message {
  const options = answer.extended ? [extendedError(answer.extended, answer.why)] : EDNS.options;
  const edns = request.edns && { ...EDNS, dnssecOk: request.edns.dnssecOk, options };
  return respond(request, request.questions, answer, edns);
}

/** The most bytes of a UDP reply to this request. */
export function udpLimit(request: Message): number {
  return request.edns ? Math.min(Math.max(request.edns.size, 512), UDP_SIZE) : 512;
}

type Sections = Pick<Answer, 'rcode' | 'authoritative' | 'answers' | 'authorities' | 'additionals'>;
type Head = Pick<Message, 'id' | 'opcode' | 'recursionDesired' | 'checkingDisabled'>;

const EDNS: Edns = { size: UDP_SIZE, version: 0, dnssecOk: false, options: [] };

function bare(request: Head, rcode: number, questions: readonly Question[] = [], edns?: Edns): Message {
  return respond(
    request,
    questions,
    { rcode, authoritative: false, answers: [], authorities: [], additionals: [] },
    edns,
  );
}

/** Field by field, not by spreading: this is on the path of every query. */
function respond(request: Head, questions: readonly Question[], sections: Sections, edns: Edns | undefined): Message {
  return {
    id: request.id,
    response: true,
    opcode: request.opcode,
    authoritative: sections.authoritative,
    truncated: false,
    recursionDesired: request.recursionDesired,
    recursionAvailable: true,
    authenticData: false,
    checkingDisabled: request.checkingDisabled,
    rcode: sections.rcode,
    questions,
    answers: turn(sections.answers, request.id),
    authorities: sections.authorities,
    additionals: sections.additionals,
    edns,
  };
}

/** Aliases stay where they are, in front; the records after them are rotated. */
function turn(records: readonly ResourceRecord[], by: number): readonly ResourceRecord[] {
  const first = records.findLastIndex(({ data }) => data.type === 'CNAME') + 1;
  const rest = records.length - first;
  if (rest < 2) return records;
  const shift = first + (by % rest);
  return [...records.slice(0, first), ...records.slice(shift), ...records.slice(first, shift)];
}
