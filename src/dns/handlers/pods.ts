/** `a-b-c-d.ns.pod.<domain>`: the address is in the name itself (Kubernetes DNS specification §2.6). */

import { Ip } from '../../net/ip.js';
import { CLASS_IN } from '../../wire/dns.js';
import { isWithin } from '../../wire/dns-name.js';
import { type Handler, negative, positive } from '../answer.js';

export const pods: Handler = {
  name: 'pods',
  answer(view, question) {
    const zone = `pod.${view.domain}`;
    if (!isWithin(question.name, zone)) return undefined;
    const labels = question.name.slice(0, -zone.length).split('.').slice(0, -1);
    // Any address has a name in any namespace, so `pod.<domain>` and every `ns.pod.<domain>` exist.
    if (labels.length < 2) return negative(view, view.domain, true, 'a name above those of Pods');
    const ip = labels.length === 2 ? dashedIp(labels[0]!) : undefined;
    if (!ip) return negative(view, view.domain, false, 'no Pod address in the name');
    const type = ip.family === 4 ? 'A' : 'AAAA';
    const why = `the address in the name of namespace ${labels[1]}`;
    if (question.type !== type) return negative(view, view.domain, true, why);
    return positive([{ name: question.name, class: CLASS_IN, ttl: view.config.ttl, data: { type, ip } }], why);
  },
};

function dashedIp(label: string): Ip | undefined {
  return Ip.parse(label.replaceAll('-', '.')) ?? Ip.parse(label.replaceAll('-', ':'));
}
