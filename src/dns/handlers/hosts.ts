/** Names and addresses that the configuration lists, as a hosts file would: whoever else knows more of them is not asked. */

import type { Ip } from '../../net/ip.js';
import { CLASS_IN } from '../../wire/dns.js';
import type { Name } from '../../wire/dns-name.js';
import type { RecordData } from '../../wire/dns-records.js';
import { type Handler, negative, positive } from '../answer.js';
import type { DnsConfig } from '../config.js';
import { reversePrefix } from '../reverse-name.js';

export const hosts: Handler = {
  name: 'hosts',
  answer(view, { name, type }) {
    const ips = view.config.hosts.get(name);
    const known = ips ? addresses(ips) : pointers(view.config.hosts, name);
    if (!known.length) return undefined;
    const why = 'an entry of hosts in the configuration';
    const found = known.filter(data => data.type === type);
    // No zone of ours is above it, so it is its own.
    if (!found.length) return negative(view, name, true, why);
    return positive(
      found.map(data => ({ name, class: CLASS_IN, ttl: view.config.ttl, data })),
      why,
    );
  },
};

function addresses(ips: readonly Ip[]): readonly RecordData[] {
  return ips.map(ip => ({ type: ip.family === 4 ? 'A' : 'AAAA', ip }));
}

function pointers(hosts: DnsConfig['hosts'], name: Name): readonly RecordData[] {
  const asked = reversePrefix(name);
  if (!asked || asked.bits < asked.ip.bytes.length * 8) return [];
  const named = [...hosts].filter(([, ips]) => ips.some(ip => ip.equals(asked.ip)));
  return named.map(([target]) => ({ type: 'PTR', target }));
}
