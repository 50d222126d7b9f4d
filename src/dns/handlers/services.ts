/** Names below the cluster domain: what the zone has, and exactly what it has not. */

import { RCODE, type ResourceRecord } from '../../wire/dns.js';
import { isWithin } from '../../wire/dns-name.js';
import { failure, type Handler, negative, positive } from '../answer.js';
import type { DnsView } from '../view.js';

/** Addresses are added for at most so many targets of SRV records; a client asks for the rest. */
const MAX_TARGETS = 16;

export const services: Handler = {
  name: 'services',
  answer(view, question) {
    if (!isWithin(question.name, view.domain)) return undefined;
    if (!view.synced) return failure(RCODE.SERVFAIL, 'the cluster is not known yet');
    const parts = view.lookup(question.name);
    if (!parts) return negative(view, view.domain, false, 'no such name in the cluster');
    const records = parts.flatMap(part => part.records);
    const found = records.filter(({ data }) => data.type === question.type || data.type === 'CNAME');
    const why = parts.map(part => part.owner).join(', ') || 'only names below it have records';
    if (!found.length) return negative(view, view.domain, true, why);
    return positive(found, why, question.type === 'SRV' ? targets(view, found) : []);
  },
};

function targets(view: DnsView, records: readonly ResourceRecord[]): ResourceRecord[] {
  const names = new Set(records.flatMap(({ data }) => (data.type === 'SRV' ? [data.target] : [])));
  return [...names].slice(0, MAX_TARGETS).flatMap(name => {
    const known = view.lookup(name)?.flatMap(part => part.records) ?? [];
    return known.filter(({ data }) => data.type === 'A' || data.type === 'AAAA');
  });
}
