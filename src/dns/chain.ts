/** The ordered list of handlers, and how a question goes through it. A new handler is a file and a line here. */

import { type Question, RCODE, type ResourceRecord } from '../wire/dns.js';
import { type Answer, failure, type Handler } from './answer.js';
import { forward } from './handlers/forward.js';
import { pods } from './handlers/pods.js';
import { refuse } from './handlers/refuse.js';
import { reverse } from './handlers/reverse.js';
import { services } from './handlers/services.js';
import type { DnsView } from './view.js';

const CHAIN: readonly Handler[] = [
  refuse, // what is never answered, whatever the name
  pods, // a-b-c-d.ns.pod.cluster.local, computed from the question
  services, // everything else below the cluster domain
  reverse, // addresses of the cluster
  forward, // all the rest
];

/** ExternalNames may lead to each other; more than this is a loop or an attack. */
const MAX_ALIASES = 10;

/** Pure and total. Aliases inside the cluster are followed, so that the client needs no second question. */
export function answer(view: DnsView, question: Question): Answer {
  const aliases: ResourceRecord[] = [];
  for (let asked = question; aliases.length <= MAX_ALIASES; ) {
    const found = ask(view, asked);
    const last = found.answers.at(-1)?.data;
    if (last?.type !== 'CNAME' || question.type === 'CNAME') {
      if (!aliases.length) return found;
      return { ...found, authoritative: true, answers: [...aliases, ...found.answers] };
    }
    aliases.push(...found.answers);
    asked = { ...question, name: last.target.toLowerCase(), spelled: last.target };
  }
  return { ...failure(RCODE.SERVFAIL, `more than ${MAX_ALIASES} ExternalNames lead to each other`), handler: 'chain' };
}

function ask(view: DnsView, question: Question): Answer {
  for (const handler of CHAIN) {
    const verdict = handler.answer(view, question);
    if (verdict) return { handler: handler.name, ...verdict };
  }
  return { handler: 'chain', ...failure(RCODE.REFUSED, 'no handler knows the name') };
}
