/** Names below the cluster domain: what the zone has, and exactly what it has not. */

import { RCODE } from '../../wire/dns.js';
import { isWithin, type Name } from '../../wire/dns-name.js';
import { failure, type Handler, negative, positive } from '../answer.js';
import type { DnsView } from '../view.js';

export const services: Handler = {
  name: 'services',
  answer(view, question) {
    const { name, type } = question;
    if (!isWithin(name, view.domain)) return undefined;
    if (!view.synced) return failure(RCODE.SERVFAIL, 'the cluster is not known yet', 'notReady');
    if (!view.exists(name)) return negative(view, view.domain, false, 'no such name in the cluster');
    const alias = view.records(name, 'CNAME');
    const found = alias.length ? alias : view.records(name, type);
    const why = ownerOf(name, view);
    if (!found.length) return negative(view, view.domain, true, why);
    const answers = found.filter(record => record.name === name);
    return positive(
      answers,
      why,
      found.filter(record => record.name !== name),
    );
  },
};

/** Whose name it is: the last two labels before `svc`. */
function ownerOf(name: Name, view: DnsView): string {
  const zone = `.svc.${view.domain}`;
  const [service, namespace] = name.endsWith(zone) ? name.slice(0, -zone.length).split('.').slice(-2) : [];
  return namespace === undefined ? 'a name of the zone itself' : `Service ${namespace}/${service}`;
}
