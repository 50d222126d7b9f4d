/** Addresses of the cluster as names: PTR records of ClusterIPs and of endpoints of headless Services. */

import { Cidr } from '../../net/cidr.js';
import { RCODE } from '../../wire/dns.js';
import { failure, type Handler, negative, positive } from '../answer.js';
import { reversePrefix } from '../reverse-name.js';

export const reverse: Handler = {
  name: 'reverse',
  answer(view, question) {
    const asked = reversePrefix(question.name);
    if (!asked) return undefined;
    const prefix = Cidr.containing(asked.ip, asked.bits);
    const ours = view.ranges.some(range => range.contains(prefix));
    if (ours && !view.synced) return failure(RCODE.SERVFAIL, 'the cluster is not known yet', 'notReady');
    const found = view.records(question.name, question.type);
    if (found.length) return positive(found, 'an address of the cluster');
    // An endpoint may live outside the ranges (a node's own network): others may know more of its address than we do.
    if (!ours) return undefined;
    const zone = asked.ip.family === 4 ? 'in-addr.arpa.' : 'ip6.arpa.';
    return negative(view, zone, view.exists(question.name), `no name for ${prefix} in the cluster`);
  },
};
