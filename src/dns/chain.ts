/** The ordered list of handlers, and how a question goes through it. A new handler is a file and a line here. */

import { CLASS_IN, type Question, RCODE, type ResourceRecord } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';
import { type Answer, failure, type Handler, restored, type Verdict } from './answer.js';
import { autopath } from './handlers/autopath.js';
import { forward } from './handlers/forward.js';
import { hosts } from './handlers/hosts.js';
import { pods } from './handlers/pods.js';
import { refuse } from './handlers/refuse.js';
import { reverse } from './handlers/reverse.js';
import { rewrite } from './handlers/rewrite.js';
import { services } from './handlers/services.js';
import type { DnsView } from './view.js';

const CHAIN: readonly Handler[] = [
  refuse, // what is never answered, whatever the name
  pods, // a-b-c-d.ns.pod.cluster.local, computed from the question
  autopath, // what only begins a search path of names
  services, // everything else below the cluster domain
  reverse, // addresses of the cluster
  hosts, // what the configuration says of others
  rewrite, // what it has answered as another name, from the top
  forward, // all the rest
];

/** ExternalNames and rewritten names may lead to each other; more steps than this are a loop or an attack. */
const MAX_STEPS = 10;

/** Pure and total. Aliases inside the cluster are followed, so that the client needs no second question. */
export function answer(view: DnsView, question: Question, client?: string): Answer {
  const found = follow(view, question, client);
  return found.search ? searched(view, question, found, found.search) : found;
}

/** The first of the names that exists, under an alias. What upstream resolvers know can be told only later. */
function searched(view: DnsView, question: Question, none: Answer, names: readonly Name[]): Answer {
  for (const [i, name] of names.entries()) {
    const found = follow(view, { ...question, name, spelled: name });
    if (found.rcode === RCODE.NXDOMAIN) continue;
    const alias = {
      name: question.name,
      class: CLASS_IN,
      ttl: view.config.ttl,
      data: { type: 'CNAME', target: name },
    } as const;
    return {
      ...found,
      handler: none.handler,
      why: `the Pod's search path leads to ${name}: ${found.why}`,
      authoritative: true,
      answers: [alias, ...found.answers],
      ...(found.forward && { otherwise: searched(view, question, none, names.slice(i + 1)) }),
    };
  }
  return none;
}

function follow(view: DnsView, question: Question, client?: string): Answer & Pick<Verdict, 'search'> {
  const aliases: ResourceRecord[] = [];
  const rewritten = new Map<Name, Name>();
  let asked = question;
  for (let step = 0; step <= MAX_STEPS; step++) {
    const found = ask(view, asked, step === 0 ? client : undefined);
    const last = found.answers.at(-1)?.data;
    if (found.instead !== undefined) {
      rewritten.set(found.instead, rewritten.get(asked.name) ?? asked.name);
      asked = { ...question, name: found.instead, spelled: found.instead };
    } else if (last?.type === 'CNAME' && question.type !== 'CNAME') {
      aliases.push(...restored(found.answers, rewritten));
      asked = { ...question, name: last.target.toLowerCase(), spelled: last.target };
    } else if (!aliases.length && !rewritten.size) return found;
    else {
      const answers = [...aliases, ...restored(found.answers, rewritten)];
      return { ...found, rewritten, answers, authoritative: found.authoritative || aliases.length > 0 };
    }
  }
  return { ...failure(RCODE.SERVFAIL, `more than ${MAX_STEPS} names lead to each other`), handler: 'chain' };
}

function ask(view: DnsView, question: Question, client: string | undefined): Verdict & Pick<Answer, 'handler'> {
  for (const handler of CHAIN) {
    const verdict = handler.answer(view, question, client);
    if (verdict) return { handler: handler.name, ...verdict };
  }
  return { handler: 'chain', ...failure(RCODE.REFUSED, 'no handler knows the name') };
}
