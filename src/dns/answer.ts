/** The result of a question and the handlers' contract. Knows no handler. */

import { type EXTENDED_ERROR, type Question, RCODE, type ResourceRecord } from '../wire/dns.js';
import type { Name } from '../wire/dns-name.js';
import { startOfAuthority } from './soa.js';
import type { DnsView } from './view.js';

export interface Answer {
  /** The handler that decided. */
  readonly handler: string;
  /** In a few words, for `podwire dns query` and logs. */
  readonly why: string;
  readonly rcode: number;
  /** Told to a client that speaks EDNS, with `why`. */
  readonly extended?: keyof typeof EXTENDED_ERROR;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  /** What an upstream resolver must be asked; its answers come after `answers`, its rcode is the final one. */
  readonly forward?: Question;
  /** What is answered if the upstream resolver says that the name does not exist. */
  readonly otherwise?: Answer;
  /** Names that were asked for in place of others, and those others: what is said of one comes back under the other. */
  readonly rewritten?: ReadonlyMap<Name, Name>;
}

/** What a handler says; its name is added by the chain. */
export interface Verdict extends Omit<Answer, 'handler' | 'rewritten' | 'otherwise'> {
  /** The name to ask for in place of the question's. */
  readonly instead?: Name;
  /** Names of which the first that exists answers for the question's, as its alias; the verdict holds when none does. */
  readonly search?: readonly Name[];
}

export interface Handler {
  readonly name: string;
  /** Undefined: not mine, ask the next. Never throws. `client` is the address that the question came from. */
  answer(view: DnsView, question: Question, client?: string): Verdict | undefined;
}

export function positive(
  answers: readonly ResourceRecord[],
  why: string,
  additionals: readonly ResourceRecord[] = [],
): Verdict {
  return { why, rcode: RCODE.NOERROR, authoritative: true, answers, authorities: [], additionals };
}

/** NXDOMAIN when the name does not exist, else NODATA (RFC 2308 §2). */
export function negative(view: DnsView, zone: Name, exists: boolean, why: string): Verdict {
  const rcode = exists ? RCODE.NOERROR : RCODE.NXDOMAIN;
  return { ...positive([], why), rcode, authorities: [startOfAuthority(zone, view.domain, view.config.ttl)] };
}

/** The records under the names that the client knows. */
export function restored(
  records: readonly ResourceRecord[],
  rewritten: Answer['rewritten'],
): readonly ResourceRecord[] {
  if (!rewritten?.size) return records;
  return records.map(record => ({ ...record, name: rewritten.get(record.name) ?? record.name }));
}

export function failure(rcode: number, why: string, extended?: Verdict['extended']): Verdict {
  return { ...positive([], why), rcode, authoritative: false, ...(extended && { extended }) };
}
